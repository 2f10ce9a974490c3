import { SqsQueue } from "@cdktf/provider-aws/lib/sqs-queue";
import { Construct } from "constructs";
import { RETENTION_SECONDS } from "./dead-letter-queue";
import { denyWithoutTls, type PolicyStatement, policyDocument } from "./policy";

export interface QueueWithDeadLettersProps {
  readonly queueName: string;
  /** Where messages go that failed three times. */
  readonly deadLetters: SqsQueue;
  readonly keyArn: string;
  readonly account: string;
  readonly region: string;
  readonly tlsOnly: boolean;
  /** Name of the bucket whose notifications the queue takes. */
  readonly sender: string;
}

/** Time that a receiver has for a message before it is delivered again. */
export const VISIBILITY_SECONDS = 900;
/** The longest poll, which asks least often. */
const POLL_SECONDS = 20;
const MOST_RECEIVES = 3;

/** Encrypted queue of a bucket's notifications, which puts aside those that failed three times. */
export class QueueWithDeadLetters extends Construct {
  readonly queue: SqsQueue;
  /** Spelled out, not read from the queue: what only names it need not wait the 25 s that the provider takes for it. */
  readonly arn: string;

  constructor(scope: Construct, id: string, props: QueueWithDeadLettersProps) {
    super(scope, id);
    this.arn = `arn:aws:sqs:${props.region}:${props.account}:${props.queueName}`;
    this.queue = new SqsQueue(this, "queue", {
      name: props.queueName,
      kmsMasterKeyId: props.keyArn,
      visibilityTimeoutSeconds: VISIBILITY_SECONDS,
      messageRetentionSeconds: RETENTION_SECONDS,
      receiveWaitTimeSeconds: POLL_SECONDS,
      // SQS refuses a dead-letter queue that does not exist yet: read from it, not spelled out
      redrivePolicy: JSON.stringify({
        deadLetterTargetArn: props.deadLetters.arn,
        maxReceiveCount: MOST_RECEIVES,
      }),
      // inline, for a policy of its own takes the provider 25 s more
      policy: policyDocument([admitBucket(props, this.arn), ...tls(props, this.arn)]),
    });
  }
}

function tls({ tlsOnly }: QueueWithDeadLettersProps, arn: string): PolicyStatement[] {
  return tlsOnly ? [denyWithoutTls(["sqs:*"], [arn])] : [];
}

/** Bucket names are all of AWS's, so the account is named beside: a deleted bucket could become another's. */
function admitBucket({ account, sender }: QueueWithDeadLettersProps, arn: string): PolicyStatement {
  return {
    sid: "BucketSends",
    principal: { Service: "s3.amazonaws.com" },
    actions: ["sqs:SendMessage"],
    resources: [arn],
    condition: {
      ArnEquals: { "aws:SourceArn": `arn:aws:s3:::${sender}` },
      StringEquals: { "aws:SourceAccount": account },
    },
  };
}
