import type { IAMClient } from "@aws-sdk/client-iam";
import type { S3Client } from "@aws-sdk/client-s3";
import {
  applyRoleName,
  type Environment,
  GITHUB_ISSUER,
  iamArn,
  permissionsBoundaryArn,
  planRoleName,
  stateBucketName,
} from "../../environments/schema";
import { expectedAt } from "../../runtime/expected";
import { CommandError } from "../../setup/errors";
import { print } from "../../setup/terminal";
import { ensureStateBucket, hasStateBucket } from "../state-bucket";
import { accessPolicies, accessRoles, ownBoundary } from "./access";
import { type Change, policyChanges, providerChanges, roleChanges } from "./changes";
import { removalsOf } from "./removals";
import type { Trust } from "./trust";

/** Clients of the environment's account and region. */
export interface Clients {
  readonly iam: IAMClient;
  readonly s3: S3Client;
}

/**
 * Gives CI the roles that plan and deploy the environment, or shows what that would change.
 *
 * @throws CommandError where the environment's roles have no boundary: the role that deploys makes none without
 */
export async function giveAccess(
  clients: Clients,
  environment: Environment,
  trust: Trust,
  yes: boolean,
): Promise<number> {
  if (permissionsBoundaryArn(environment) === undefined) {
    const { name, iam: settings } = environment;
    const where = `environments/${name}.ts: iam.permissionsBoundary`;
    const wanted = "own, or the name of a policy (the role that deploys makes roles within a boundary alone)";
    throw new CommandError(expectedAt(where, wanted, settings.permissionsBoundary));
  }
  await carryOut(await changesOf(clients, environment, trust), yes);
  for (const line of nextSteps(environment, trust)) print(line);
  return 0;
}

/** Takes away what was given, or shows what that would be. */
export async function takeAccess(iam: IAMClient, environment: Environment, yes: boolean): Promise<number> {
  const { changes, kept } = await removalsOf(iam, environment);
  await carryOut(changes, yes);
  for (const line of kept) print(line);
  return 0;
}

/** Finds all that keeps CI from planning and deploying, in the order in which it is to be done. */
export async function changesOf(
  { iam, s3 }: Clients,
  environment: Environment,
  trust: Trust,
): Promise<Change[]> {
  const boundary = ownBoundary(environment);
  const policies = [...(boundary === undefined ? [] : [boundary]), ...accessPolicies(environment)];
  const found = await Promise.all([
    bucketChanges(s3, environment),
    providerChanges(iam, environment, trust.issuer),
    ...policies.map((policy) => policyChanges(iam, environment, policy)),
    ...accessRoles(environment, trust).map((role) => roleChanges(iam, environment, role)),
  ]);
  return found.flat();
}

async function bucketChanges(s3: S3Client, environment: Environment): Promise<Change[]> {
  if (await hasStateBucket(s3, environment)) return [];
  return [
    {
      what: `state bucket ${stateBucketName(environment)}`,
      done: "created",
      make: () => ensureStateBucket(s3, environment),
    },
  ];
}

async function carryOut(changes: readonly Change[], yes: boolean): Promise<void> {
  if (changes.length === 0) print("all is as it should be");
  for (const { what, done, make } of changes) {
    if (yes) await make();
    print(yes ? `${what}: ${done}` : `would be ${done}: ${what}`);
  }
  if (changes.length > 0 && !yes) print("nothing was changed; --yes does it");
}

/** Says what is left to do in the settings of the CI system, and in the environment's file. */
export function nextSteps(
  environment: Environment,
  { issuer, planSubjects, applySubjects }: Trust,
): string[] {
  const { name, region, deployers } = environment;
  const plan = iamArn(environment, "role", planRoleName(environment));
  const apply = iamArn(environment, "role", applyRoleName(environment));
  return [
    "",
    `plans as      ${planSubjects.join(", ")}`,
    `deploys as    ${applySubjects.join(", ")}`,
    "",
    ...(issuer === GITHUB_ISSUER
      ? [
          `variables of the GitHub environment plan-${name}: AWS_PLAN_ROLE=${plan} AWS_REGION=${region}`,
          `variables of the GitHub environment ${name}: AWS_APPLY_ROLE=${apply} AWS_REGION=${region}`,
        ]
      : [
          `variables to plan: AWS_ROLE_ARN=${plan} AWS_REGION=${region}`,
          `variables to deploy: AWS_ROLE_ARN=${apply} AWS_REGION=${region}`,
        ]),
    ...(deployers.length === 0 || deployers.some((pattern) => admits(pattern, apply))
      ? []
      : [
          `environments/${name}.ts: add ${JSON.stringify(apply.split(":role/")[1])} to deployers, or it cannot upload code`,
        ]),
  ];
}

/** Returns whether an entry of `deployers` is of the role. */
function admits(pattern: string, role: string): boolean {
  const parts = pattern.split("*").map((part) => part.replaceAll(/[.+]/g, String.raw`\$&`));
  return new RegExp(`:role/${parts.join(".*")}$`).test(role);
}
