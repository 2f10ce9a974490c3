import { type Environment, permissionsBoundaryArn } from "../../environments/schema";
import { resourcesOf } from "./resources";
import { actionsOf, allow, type Statement } from "./statement";

/** Services that the environment's roles are passed to. */
export const ROLE_SERVICES = [
  "glue.amazonaws.com",
  "lambda.amazonaws.com",
  "monitoring.rds.amazonaws.com",
  "scheduler.amazonaws.com",
  "vpc-flow-logs.amazonaws.com",
] as const;

/** Permissions to read the environment's roles and policies. */
export function roleReadingStatements(environment: Environment): Statement[] {
  const of = resourcesOf(environment);
  return [
    allow(
      "ReadRoles",
      actionsOf("iam", "GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies"),
      of.roles,
    ),
    allow("ReadPolicies", actionsOf("iam", "GetPolicy GetPolicyVersion ListPolicyVersions"), of.policies),
  ];
}

/**
 * Permissions to make the environment's roles. What gives a role more stands under the condition that it is within the
 * boundary, so that whoever has this permission gets nothing by it that the boundary does not allow; the boundary of a
 * role may be set, to this one, and is never taken away.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html (2026-11-30)
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html (2026-11-30)
 */
export function roleStatements(environment: Environment): Statement[] {
  const of = resourcesOf(environment);
  const boundary = permissionsBoundaryArn(environment) ?? "";
  return [
    allow(
      "MakeRolesWithinBoundary",
      actionsOf(
        "iam",
        `AttachRolePolicy CreateRole DeleteRolePolicy DetachRolePolicy PutRolePermissionsBoundary PutRolePolicy`,
      ),
      of.roles,
      { StringEquals: { "iam:PermissionsBoundary": boundary } },
    ),
    allow(
      "KeepRoles",
      actionsOf(
        "iam",
        `DeleteRole ListInstanceProfilesForRole TagRole UntagRole UpdateAssumeRolePolicy
        UpdateRoleDescription`,
      ),
      of.roles,
    ),
    allow(
      "KeepPolicies",
      actionsOf(
        "iam",
        "CreatePolicy CreatePolicyVersion DeletePolicy DeletePolicyVersion TagPolicy UntagPolicy",
      ),
      of.policies,
    ),
    allow("PassRoles", ["iam:PassRole"], of.roles, {
      StringEquals: { "iam:PassedToService": ROLE_SERVICES },
    }),
    // `lake-dev-*` is also what begins the access of an environment dev-eu, or of a project lake-dev
    { Sid: "ChangeNoOthersAccess", Effect: "Deny", Action: ["iam:*"], Resource: of.othersAccess },
    // an account's first server has none yet
    allow(
      "MakeRoleOfRds",
      ["iam:CreateServiceLinkedRole"],
      [`arn:aws:iam::${environment.account}:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS`],
      { StringEquals: { "iam:AWSServiceName": "rds.amazonaws.com" } },
    ),
  ];
}
