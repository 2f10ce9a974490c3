import { SqsQueue } from "@cdktf/provider-aws/lib/sqs-queue";
import { Construct } from "constructs";
import { RETENTION_SECONDS } from "./dead-letter-queue";
import { denyWithoutTls, type PolicyStatement, policyDocument } from "./policy";

export interface UndeliveredEventsProps {
  readonly queueName: string;
  /** Names of the rules whose events it keeps, with `*` for any part. */
  readonly ruleNames: string;
  /** Key that EventBridge may use. */
  readonly keyArn: string;
  readonly account: string;
  readonly region: string;
  readonly tlsOnly: boolean;
}

/**
 * Encrypted queue of the events that EventBridge could not hand to the target of a rule. What a target may not be
 * given goes there immediately, without a retry; without the queue it is gone.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html (2026-11-30)
 */
export class UndeliveredEvents extends Construct {
  readonly queue: SqsQueue;

  constructor(scope: Construct, id: string, props: UndeliveredEventsProps) {
    super(scope, id);
    const arn = `arn:aws:sqs:${props.region}:${props.account}:${props.queueName}`;
    this.queue = new SqsQueue(this, "queue", {
      name: props.queueName,
      kmsMasterKeyId: props.keyArn,
      messageRetentionSeconds: RETENTION_SECONDS,
      // inline, for a policy of its own takes the provider 25 s more
      policy: policyDocument([
        admitRules(props, arn),
        ...(props.tlsOnly ? [denyWithoutTls(["sqs:*"], [arn])] : []),
      ]),
    });
  }
}

/** Statement that lets the rules send: unlike a topic's, a queue's policy may name them. */
function admitRules({ region, account, ruleNames }: UndeliveredEventsProps, arn: string): PolicyStatement {
  return {
    sid: "RulesKeepEvents",
    principal: { Service: "events.amazonaws.com" },
    actions: ["sqs:SendMessage"],
    resources: [arn],
    condition: { ArnLike: { "aws:SourceArn": `arn:aws:events:${region}:${account}:rule/${ruleNames}` } },
  };
}
