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

/** Trust policy that lets one service assume a role, on behalf of `account` only. */
export function servicePrincipalTrust(service: string, account: string): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Service: service },
        Action: "sts:AssumeRole",
        Condition: { StringEquals: { "aws:SourceAccount": account } },
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
