import { SqsQueue } from "@cdktf/provider-aws/lib/sqs-queue";
import { Construct } from "constructs";
import { RETENTION_SECONDS } from "./dead-letter-queue";
import { denyWithoutTls, type PolicyStatement, policyDocument } from "./policy";

export interface QueueWithDeadLettersProps {
  readonly queueName: string;
  /** Dead-letter queue for messages that failed three times. */
  readonly deadLetters: SqsQueue;
  readonly keyArn: string;
  readonly account: string;
  readonly region: string;
  readonly tlsOnly: boolean;
  readonly sender: QueueSender;
}

/** Service whose messages the queue accepts, and the resource that it sends them for, whose ARN may have a `*`. */
export interface QueueSender {
  readonly service: "s3.amazonaws.com" | "sns.amazonaws.com" | "events.amazonaws.com";
  readonly arn: string;
}

/** Statement ids, and whether the service says which account its resource is of. */
const SENDERS = {
  "s3.amazonaws.com": { sid: "BucketSends", namesAccount: true },
  "sns.amazonaws.com": { sid: "TopicSends", namesAccount: false },
  "events.amazonaws.com": { sid: "RulesSend", namesAccount: false },
} as const;

/** Visibility timeout: the time that a receiver has for a message before it is delivered again. */
export const VISIBILITY_SECONDS = 900;
/** The longest poll, which asks least often. */
const POLL_SECONDS = 20;
const MAX_RECEIVES = 3;

/**
 * Encrypted queue of a bucket's events, however they come, which moves those that failed three times to a dead-letter
 * queue.
 */
export class QueueWithDeadLetters extends Construct {
  readonly queue: SqsQueue;
  /**
   * ARN, built and not read from the queue: resources that only name it need not wait the 25 s that the
   * provider takes for it.
   */
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
        maxReceiveCount: MAX_RECEIVES,
      }),
      // inline, for a policy of its own takes the provider 25 s more
      policy: policyDocument([admitSender(props, this.arn), ...tls(props, this.arn)]),
    });
  }
}

function tls({ tlsOnly }: QueueWithDeadLettersProps, arn: string): PolicyStatement[] {
  return tlsOnly ? [denyWithoutTls(["sqs:*"], [arn])] : [];
}

/**
 * Statement that lets a service send for one resource, whose ARN names its account. Names of buckets are global in AWS
 * and name none, so the account is asked for, too: a deleted bucket could become another's.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html (2026-11-29)
 * @see https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html (2026-11-30)
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html (2026-11-30)
 */
function admitSender({ account, sender }: QueueWithDeadLettersProps, arn: string): PolicyStatement {
  const { sid, namesAccount } = SENDERS[sender.service];
  return {
    sid,
    principal: { Service: sender.service },
    actions: ["sqs:SendMessage"],
    resources: [arn],
    condition: {
      [sender.arn.includes("*") ? "ArnLike" : "ArnEquals"]: { "aws:SourceArn": sender.arn },
      ...(namesAccount && { StringEquals: { "aws:SourceAccount": account } }),
    },
  };
}
