import {
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetRoleCommand,
  type IAMClient,
  ListRolePoliciesCommand,
  paginateListEntitiesForPolicy,
  paginateListPolicies,
  paginateListPolicyVersions,
} from "@aws-sdk/client-iam";
import {
  accessName,
  applyRoleName,
  boundaryName,
  type Environment,
  planRoleName,
} from "../../environments/schema";
import { attachedPolicies } from "./attached-policies";
import { type Change, found } from "./changes";

export interface Removals {
  readonly changes: readonly Change[];
  /** What stays, and why. */
  readonly kept: readonly string[];
}

/** Finds what bootstrap made for CI, whichever version made it; a boundary in use stays. */
export async function removalsOf(iam: IAMClient, environment: Environment): Promise<Removals> {
  const roles = await existing(iam, [planRoleName(environment), applyRoleName(environment)]);
  const policies = await policiesOf(iam, environment);
  const users = await rolesWithin(iam, policies.get(boundaryName(environment)));
  const bounded = users.filter((role) => !roles.includes(role));
  if (bounded.length > 0) policies.delete(boundaryName(environment));
  return {
    changes: [
      ...roles.map((role) => ({ what: `role ${role}`, done: "deleted", make: () => deleteRole(iam, role) })),
      ...[...policies].map(([name, arn]) => ({
        what: `policy ${name}`,
        done: "deleted",
        make: () => deletePolicy(iam, arn),
      })),
    ],
    kept:
      bounded.length === 0
        ? []
        : [`policy ${boundaryName(environment)} stays: ${bounded.length} role(s) are within this boundary`],
  };
}

async function existing(iam: IAMClient, names: readonly string[]): Promise<string[]> {
  const there = await Promise.all(names.map((RoleName) => found(iam.send(new GetRoleCommand({ RoleName })))));
  return names.filter((_, index) => there[index] !== undefined);
}

/** ARNs of the policies that bootstrap made, by their names. */
async function policiesOf(client: IAMClient, environment: Environment): Promise<Map<string, string>> {
  const all = new Map<string, string>();
  const those = { Scope: "Local", PathPrefix: environment.iam.path } as const;
  for await (const { Policies = [] } of paginateListPolicies({ client }, those)) {
    for (const { PolicyName = "", Arn = "" } of Policies) {
      if (PolicyName.startsWith(accessName(environment, ""))) all.set(PolicyName, Arn);
    }
  }
  return all;
}

/** Names of the roles whose permissions boundary is that policy. */
async function rolesWithin(client: IAMClient, PolicyArn: string | undefined): Promise<string[]> {
  if (PolicyArn === undefined) return [];
  const names: string[] = [];
  const those = { PolicyArn, PolicyUsageFilter: "PermissionsBoundary" } as const;
  for await (const { PolicyRoles = [] } of paginateListEntitiesForPolicy({ client }, those)) {
    names.push(...PolicyRoles.map(({ RoleName = "" }) => RoleName));
  }
  return names;
}

async function deleteRole(iam: IAMClient, RoleName: string): Promise<void> {
  for (const { PolicyArn } of await attachedPolicies(iam, RoleName)) {
    await iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }));
  }
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
  for (const PolicyName of PolicyNames) {
    await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
  }
  await iam.send(new DeleteRoleCommand({ RoleName }));
}

async function deletePolicy(client: IAMClient, PolicyArn: string): Promise<void> {
  for await (const { Versions = [] } of paginateListPolicyVersions({ client }, { PolicyArn })) {
    for (const { VersionId } of Versions.filter((version) => !version.IsDefaultVersion)) {
      await client.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId }));
    }
  }
  await client.send(new DeletePolicyCommand({ PolicyArn }));
}
