/** Policy documents as plain JSON, so that plans, tests and reviewers read the same text. */

export interface PolicyStatement {
  /**
   * Statement id: letters and digits, the purpose of the statement.
   *
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html (2026-11-29)
   */
  readonly sid: string;
  /** @default - "Allow" */
  readonly effect?: "Allow" | "Deny";
  /** Principal, in resource policies only. @default - none, as in a role's policy */
  readonly principal?: Readonly<Record<string, string | readonly string[]>> | "*";
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** @default - unconditional */
  readonly condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** Serializes the statements as a policy document of version 2012-10-17. */
export function policyDocument(statements: readonly PolicyStatement[]): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: statements.map((statement) => ({
      Sid: statement.sid,
      Effect: statement.effect ?? "Allow",
      ...(statement.principal === undefined ? {} : { Principal: statement.principal }),
      Action: statement.actions,
      Resource: statement.resources,
      ...(statement.condition === undefined ? {} : { Condition: statement.condition }),
    })),
  });
}

/**
 * Services of which AWS documents that they name the account when they assume a role.
 *
 * @see https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html (2026-11-30)
 */
const NAME_THE_ACCOUNT: readonly string[] = ["scheduler.amazonaws.com"];

/**
 * Trust policy that lets one service assume a role, on behalf of `account` only. Of a service that may not name the
 * account, such as Glue, only another one is refused: no role can be passed to a service in another account, so the
 * condition is a second lock, and must not be one that keeps every run out. An example of AWS's own has it for Lambda,
 * none for Glue.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html (2026-11-30)
 * @see https://github.com/aws/agent-toolkit-for-aws/blob/main/skills/specialized-skills/serverless-skills/deploying-custom-domain-rest-api/scripts/lambda-trust-policy.json (2026-11-30)
 */
export function servicePrincipalTrust(service: string, account: string): string {
  const operator = NAME_THE_ACCOUNT.includes(service) ? "StringEquals" : "StringEqualsIfExists";
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Service: service },
        Action: "sts:AssumeRole",
        Condition: { [operator]: { "aws:SourceAccount": account } },
      },
    ],
  });
}

/** Denies requests without TLS. */
export function denyWithoutTls(actions: readonly string[], resources: readonly string[]): PolicyStatement {
  return {
    sid: "DenyWithoutTls",
    effect: "Deny",
    principal: "*",
    actions,
    resources,
    condition: { Bool: { "aws:SecureTransport": "false" } },
  };
}
