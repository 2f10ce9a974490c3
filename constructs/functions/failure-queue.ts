import { SqsQueue } from "@cdktf/provider-aws/lib/sqs-queue";
import { Construct } from "constructs";
import { RETENTION_SECONDS } from "../dead-letter-queue";
import { denyWithoutTls, policyDocument } from "../policy";

export interface FailureQueueProps {
  readonly queueName: string;
  readonly keyArn: string;
  readonly account: string;
  readonly region: string;
  readonly tlsOnly: boolean;
}

/** Queue that keeps the events a function failed on after its last attempt. */
export class FailureQueue extends Construct {
  readonly queue: SqsQueue;
  /**
   * ARN, built and not read from the queue: resources that only name it need not wait the 25 s that the
   * provider takes for it.
   */
  readonly arn: string;

  constructor(scope: Construct, id: string, props: FailureQueueProps) {
    super(scope, id);
    this.arn = `arn:aws:sqs:${props.region}:${props.account}:${props.queueName}`;
    this.queue = new SqsQueue(this, "queue", {
      name: props.queueName,
      kmsMasterKeyId: props.keyArn,
      messageRetentionSeconds: RETENTION_SECONDS,
      // inline, for a policy of its own takes the provider 25 s more
      ...(props.tlsOnly ? { policy: policyDocument([denyWithoutTls(["sqs:*"], [this.arn])]) } : {}),
    });
  }
}
