import {
  accessName,
  applyRoleName,
  boundaryName,
  type Environment,
  guardName,
  iamArn,
  permissionsBoundaryArn,
  planRoleName,
} from "../../environments/schema";
import { boundaryStatements } from "./boundary";
import { guardStatements } from "./guard";
import { keepingPolicies, readingPolicies } from "./reading";
import type { Statement } from "./statement";
import { type Trust, trustPolicy } from "./trust";
import { writingPolicies } from "./writing";

/** Managed policy of the account. */
export interface AccessPolicy {
  readonly arn: string;
  readonly name: string;
  readonly path: string;
  readonly description: string;
  readonly statements: readonly Statement[];
}

/** Role that CI assumes. */
export interface AccessRole {
  readonly name: string;
  readonly path: string;
  readonly description: string;
  readonly trust: string;
  /** ARN of the role's permissions boundary. @default - none */
  readonly boundary?: string;
  /** ARNs of its policies. */
  readonly policies: readonly string[];
}

/** Permissions boundary of the environment's own roles; undefined where the settings name another, or none. */
export function ownBoundary(environment: Environment): AccessPolicy | undefined {
  const name = boundaryName(environment);
  if (permissionsBoundaryArn(environment) !== iamArn(environment, "policy", name)) return undefined;
  const whose = `${environment.project} ${environment.name}`;
  return policy(
    environment,
    name,
    `bounds what the roles of ${whose} may do`,
    boundaryStatements(environment),
  );
}

/** All policies of the roles that plan and deploy, the latter's own boundary included. */
export function accessPolicies(environment: Environment): AccessPolicy[] {
  return [
    ...rolePolicies(environment, "reads", readingPolicies(environment)),
    ...rolePolicies(environment, "keeps", keepingPolicies(environment)),
    ...rolePolicies(environment, "writes", writingPolicies(environment)),
    guard(environment),
  ];
}

/** Roles by which `trust` plans and deploys the environment. */
export function accessRoles(environment: Environment, trust: Trust): AccessRole[] {
  const { path } = environment.iam;
  const whose = `${environment.project} ${environment.name}`;
  const reading = arns(rolePolicies(environment, "reads", readingPolicies(environment)));
  const keeping = arns(rolePolicies(environment, "keeps", keepingPolicies(environment)));
  const writing = arns(rolePolicies(environment, "writes", writingPolicies(environment)));
  return [
    {
      name: planRoleName(environment),
      path,
      description: `plans ${whose}: reads configuration and state, keeps plans`,
      trust: trustPolicy(environment, trust, trust.planSubjects),
      policies: [...reading, ...keeping],
    },
    {
      name: applyRoleName(environment),
      path,
      description: `deploys ${whose}`,
      trust: trustPolicy(environment, trust, trust.applySubjects),
      boundary: guard(environment).arn,
      policies: [...reading, ...writing],
    },
  ];
}

function guard(environment: Environment): AccessPolicy {
  const description = `bounds what the role that deploys ${environment.project} ${environment.name} may do`;
  return policy(environment, guardName(environment), description, guardStatements(environment));
}

function rolePolicies(
  environment: Environment,
  kind: "reads" | "keeps" | "writes",
  groups: Readonly<Record<string, readonly Statement[]>>,
): AccessPolicy[] {
  const whose = `${environment.project} ${environment.name}`;
  return Object.entries(groups).map(([group, statements]) =>
    policy(
      environment,
      accessName(environment, `${kind}-${group}`),
      `${kind} ${group} of ${whose}`,
      statements,
    ),
  );
}

function policy(
  environment: Environment,
  name: string,
  description: string,
  statements: readonly Statement[],
): AccessPolicy {
  const arn = iamArn(environment, "policy", name);
  return { arn, name, path: environment.iam.path, description, statements };
}

function arns(policies: readonly AccessPolicy[]): string[] {
  return policies.map(({ arn }) => arn);
}
