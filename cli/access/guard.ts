import type { Environment } from "../../environments/schema";
import { roleReadingStatements, roleStatements } from "./roles";
import type { Statement } from "./statement";

/**
 * Permissions boundary of the role that deploys: whatever is attached to that role one day, it gets no further rights
 * by IAM, and assumes no other role.
 */
export function guardStatements(environment: Environment): Statement[] {
  return [
    {
      Sid: "AllButAccess",
      Effect: "Allow",
      NotAction: ["iam:*", "sts:AssumeRole*", "organizations:*", "account:*"],
      Resource: ["*"],
    },
    ...roleReadingStatements(environment),
    ...roleStatements(environment),
  ];
}
