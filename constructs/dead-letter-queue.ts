import { SqsQueue } from "@cdktf/provider-aws/lib/sqs-queue";
import { Construct } from "constructs";
import { denyWithoutTls, policyDocument } from "./policy";

export interface DeadLetterQueueProps {
  readonly queueName: string;
  /** Name of the only queue whose messages it accepts. */
  readonly sourceQueueName: string;
  readonly keyArn: string;
  readonly account: string;
  readonly region: string;
  readonly tlsOnly: boolean;
}

/** Maximum retention of SQS: the time an operator has to look and redrive. */
export const RETENTION_SECONDS = 14 * 24 * 3600;

/** Encrypted queue of the messages that another queue's reader failed on for good. */
export class DeadLetterQueue extends Construct {
  readonly queue: SqsQueue;

  constructor(scope: Construct, id: string, props: DeadLetterQueueProps) {
    super(scope, id);
    const { queueName, keyArn, tlsOnly } = props;
    const sourceQueueArns = [arnOf(props, props.sourceQueueName)];
    this.queue = new SqsQueue(this, "queue", {
      name: queueName,
      kmsMasterKeyId: keyArn,
      messageRetentionSeconds: RETENTION_SECONDS,
      redriveAllowPolicy: JSON.stringify({ redrivePermission: "byQueue", sourceQueueArns }),
      // inline, for a policy of its own takes the provider 25 s more
      ...(tlsOnly ? { policy: policyDocument([denyWithoutTls(["sqs:*"], [arnOf(props, queueName)])]) } : {}),
    });
  }
}

function arnOf({ region, account }: DeadLetterQueueProps, queueName: string): string {
  return `arn:aws:sqs:${region}:${account}:${queueName}`;
}
