import { KmsAlias } from "@cdktf/provider-aws/lib/kms-alias";
import { KmsKey } from "@cdktf/provider-aws/lib/kms-key";
import { Construct } from "constructs";
import { type PolicyStatement, policyDocument } from "./policy";

/** Services that write under a key on their own, and not with the permissions of a caller. */
export type KeyUser = "s3" | "sns" | "events" | "cloudwatch" | "budgets" | "logs";

export interface EncryptionKeyProps {
  /** Name after `alias/`. */
  readonly aliasName: string;
  readonly description: string;
  readonly account: string;
  readonly region: string;
  /** Services admitted by the key policy, each for this account only where AWS lets one say so. @default - none */
  readonly users?: readonly KeyUser[];
  /** Lets DynamoDB use the key for its callers. @default false */
  readonly dynamodb?: boolean;
  readonly deletionWindowInDays: number;
  readonly preventDestroy: boolean;
}

/** Customer-managed KMS key with yearly rotation and an alias. */
export class EncryptionKey extends Construct {
  readonly key: KmsKey;

  constructor(scope: Construct, id: string, props: EncryptionKeyProps) {
    super(scope, id);
    this.key = new KmsKey(this, "key", {
      description: props.description,
      enableKeyRotation: true,
      deletionWindowInDays: props.deletionWindowInDays,
      policy: policyDocument([
        accountStatement(props.account),
        ...(props.users ?? []).map((user) => serviceStatement(user, props)),
        ...(props.dynamodb ? dynamodbStatements(props) : []),
      ]),
      lifecycle: { preventDestroy: props.preventDestroy },
    });
    new KmsAlias(this, "alias", { name: `alias/${props.aliasName}`, targetKeyId: this.key.keyId });
  }

  get arn(): string {
    return this.key.arn;
  }
}

/** What a key of the platform protects, and the service through which roles use it. */
const SERVICES = { Code: "s3", Data: "s3", Raw: "s3", Message: "sqs", Secret: "secretsmanager" } as const;

/** Statement of a role that reads (and writes) what the key protects, through its service only. */
export function useKey(
  protects: keyof typeof SERVICES,
  keyArn: string,
  region: string,
  access: "read" | "read-write",
): PolicyStatement {
  return {
    sid: `Use${protects}Key`,
    actions: ["kms:Decrypt", ...(access === "read" ? [] : ["kms:GenerateDataKey"])],
    resources: [keyArn],
    condition: { StringEquals: { "kms:ViaService": `${SERVICES[protects]}.${region}.amazonaws.com` } },
  };
}

/**
 * Statement for the account: without it a key that nobody may administer any more could be left behind; IAM
 * policies decide the rest.
 */
function accountStatement(account: string): PolicyStatement {
  return {
    sid: "AccountAdministersKey",
    principal: { AWS: `arn:aws:iam::${account}:root` },
    actions: ["kms:*"],
    resources: ["*"], // in a key policy: this key
  };
}

/**
 * Statement for a service that sends to encrypted queues and topics. CloudWatch and Budgets name the account they act
 * for. Of S3 and SNS no document says whether they do when they use a queue's key, so their condition holds either way. For
 * EventBridge AWS supports no condition on the account; whom it acts for, the policies of queue and topic say.
 *
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html (2026-11-30)
 * @see https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/aws-s3-notifications/lib/sqs.ts (2026-11-30)
 * @see https://aws.github.io/modern-data-architecture-accelerator/typedocs/functions/_aws-mdaa_cloudwatch-constructs.grantCloudWatchAlarmsTopicAccess.html (2026-11-30)
 */
function serviceStatement(user: KeyUser, props: EncryptionKeyProps): PolicyStatement {
  if (user === "logs") return logsStatement(props);
  return {
    sid: `${user.charAt(0).toUpperCase()}${user.slice(1)}WritesUnderKey`,
    principal: { Service: `${user}.amazonaws.com` },
    actions: ["kms:Decrypt", "kms:GenerateDataKey"],
    resources: ["*"], // in a key policy: this key
    ...accountCondition(user, props.account),
  };
}

function accountCondition(
  user: Exclude<KeyUser, "logs">,
  account: string,
): Pick<PolicyStatement, "condition"> {
  if (user === "events") return {};
  const operator = user === "s3" || user === "sns" ? "StringEqualsIfExists" : "StringEquals";
  return { condition: { [operator]: { "aws:SourceAccount": account } } };
}

/**
 * Statement for CloudWatch Logs, which always names the log group in the encryption context but the source
 * account on some paths only.
 */
function logsStatement(props: EncryptionKeyProps): PolicyStatement {
  const groups = `arn:aws:logs:${props.region}:${props.account}:*`;
  return {
    sid: "LogsWritesUnderKey",
    principal: { Service: `logs.${props.region}.amazonaws.com` },
    actions: ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
    resources: ["*"], // in a key policy: this key
    condition: {
      StringEqualsIfExists: { "aws:SourceAccount": props.account },
      ArnLike: { "kms:EncryptionContext:aws:logs:arn": groups },
    },
  };
}

/**
 * Statements that DynamoDB needs on behalf of the callers of its tables; the grant is for the service alone.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html (2026-11-29)
 */
function dynamodbStatements(props: EncryptionKeyProps): PolicyStatement[] {
  const caller = {
    "kms:CallerAccount": props.account,
    "kms:ViaService": `dynamodb.${props.region}.amazonaws.com`,
  };
  const actions = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"];
  return [
    {
      sid: "DynamodbUsesKeyForCallers",
      principal: { AWS: "*" },
      actions,
      resources: ["*"], // in a key policy: this key
      condition: { StringEquals: caller },
    },
    {
      sid: "DynamodbHoldsGrant",
      principal: { AWS: "*" },
      actions: ["kms:CreateGrant"],
      resources: ["*"], // in a key policy: this key
      condition: { StringEquals: caller, Bool: { "kms:GrantIsForAWSResource": "true" } },
    },
  ];
}
