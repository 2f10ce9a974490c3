import type { Exception } from "../reviewed";

/** Findings in policies that hold although the published definitions do not have them. */
export const EXCEPTIONS: readonly Exception[] = [
  {
    rule: "unknown-condition-key",
    where: /\S+ \S+ DenyInterfacesToCode ec2:\w+ lambda:SourceFunctionArn/,
    // https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html (2026-11-30)
    reason: "Lambda gives the key to every request with the credentials of a function, whatever the service",
  },
  {
    rule: "unknown-condition-key",
    where: /\S+ \S+ DenyInterfacesToCode ec2:\w+ glue:CredentialIssuingService/,
    // https://docs.aws.amazon.com/glue/latest/dg/security_iam_id-based-policy-examples.html (2026-11-30)
    reason: "Glue gives the key to every request with the credentials of a job, whatever the service",
  },
  {
    rule: "unknown-condition-key",
    where: /\S+ aws_kms_key\.\S+ LogsWritesUnderKey kms:DescribeKey kms:EncryptionContext:aws:logs:arn/,
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html (2026-11-30)
    reason: "the statement is CloudWatch Logs' own, which names DescribeKey beside what has a context",
  },
  {
    rule: "unknown-condition-key",
    where:
      /\S+-access \S+-trust sts:AssumeRoleWithWebIdentity token\.actions\.githubusercontent\.com:(aud|sub)/,
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html (2026-11-30)
    reason:
      "the claims of a token are keys under the name of its issuer; the reference lists those of AWS's own",
  },
  {
    rule: "wrong-resource",
    where: /\S+ \S+ \w+ logs:\w+ \S+:log-group:[^:]+:\*/,
    // https://docs.aws.amazon.com/sdk-for-kotlin/api/latest/cloudwatchlogs/aws.sdk.kotlin.services.cloudwatchlogs.model/-log-group/arn.html (2026-11-30)
    reason: "in policies a log group is named with :* behind it, which the published form leaves out",
  },
  {
    rule: "wrong-resource",
    where: /prod-ledger \S+ WriteMeasures logs:DescribeLogStreams \S+:log-group:RDS\*:log-stream:\*/,
    // https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonRDSEnhancedMonitoringRole.html (2026-11-30)
    reason: "the statement is that of AWS's own policy for enhanced monitoring",
  },
];
