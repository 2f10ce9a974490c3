import { S3BucketNotification } from "@cdktf/provider-aws/lib/s3-bucket-notification";
import { SnsTopicSubscription } from "@cdktf/provider-aws/lib/sns-topic-subscription";
import type { Construct } from "constructs";
import {
  admitInvoker,
  type EventTarget,
  routeEvents,
  targetOf,
} from "../../constructs/functions/invocations";
import { bucketName, type Environment, type Pipeline, ruleName } from "../../environments/schema";
import { encodeKey } from "../../runtime/aws/s3-record";
import type { StorageStack } from "../storage/stack";
import { eventPatterns, messageFilter, type RawEvents, rawEventsOf, rawRule } from "./raw-events";

/** What takes the events of a pipeline's objects. */
export interface Receiver {
  readonly pipeline: Pipeline;
  readonly prefixes: readonly string[];
  readonly target: EventTarget;
}

export interface RawIntakeProps {
  readonly environment: Environment;
  readonly storage: Pick<StorageStack, "raw" | "undeliveredEvents">;
  readonly receivers: readonly Receiver[];
}

const CREATED = ["s3:ObjectCreated:*"];

/** Hands the events of the raw bucket to the pipelines, each those below the prefixes of its own datasets. */
export function takeRawEvents(scope: Construct, props: RawIntakeProps): void {
  const prefixes = props.receivers.flatMap((receiver) => receiver.prefixes);
  const events = rawEventsOf(props.environment, prefixes);
  const { existing } = props.environment.storage.raw;
  if (existing === undefined) notify(scope, props, events);
  if (events.by === "bus") routeRules(scope, props);
  if (events.by === "topic") subscribe(scope, props, events.arn);
}

/**
 * Sets all notifications of the bucket: S3 keeps one configuration, and a second resource would erase this one.
 *
 * @see https://docs.aws.amazon.com/goto/SdkForKotlin/s3-2006-03-01/PutBucketNotificationConfiguration (2026-11-29)
 */
function notify(
  scope: Construct,
  { environment, storage, receivers }: RawIntakeProps,
  { by }: RawEvents,
): void {
  const bucket = storage.raw.id;
  if (by === "bus") {
    new S3BucketNotification(scope, "uploads", { bucket, eventbridge: true });
    return;
  }
  const all = receivers.flatMap(({ pipeline, prefixes, target }) =>
    prefixes.map((prefix) => ({
      ...target,
      // S3 compares it with the key as its events have it
      common: { id: idOf(pipeline, prefix), events: CREATED, filterPrefix: encodeKey(prefix) },
    })),
  );
  const called = receivers.find(({ target }) => target.function)?.target.function;
  new S3BucketNotification(scope, "uploads", {
    bucket,
    ...(called && {
      // S3 tries the function when the notification is put, and refuses what it may not call
      dependsOn: [
        admitInvoker(scope, "uploads", called, {
          principal: "s3.amazonaws.com",
          sourceArn: storage.raw.arn,
          account: environment.account,
        }),
      ],
    }),
    lambdaFunction: all.flatMap(({ function: each, common }) =>
      each ? [{ ...common, lambdaFunctionArn: each.arn }] : [],
    ),
    queue: all.flatMap(({ queue, common }) => (queue ? [{ ...common, queueArn: queue.arn }] : [])),
  });
}

/** Id of a notification: the pipeline, and the prefix without its slashes. */
function idOf(pipeline: Pipeline, prefix: string): string {
  return `${pipeline}-${prefix.slice(0, -1).replaceAll("/", "-")}`;
}

function routeRules(scope: Construct, { environment, storage, receivers }: RawIntakeProps): void {
  for (const { pipeline, prefixes, target } of receivers) {
    const patterns = eventPatterns(bucketName(environment, "raw"), prefixes);
    for (const [index, pattern] of patterns.entries()) {
      const rule = rawRule(pipeline, index);
      routeEvents(scope, rule, target, {
        ruleName: ruleName(environment, rule),
        description: `objects of the raw bucket that the pipeline ${pipeline} takes`,
        pattern,
        targetId: pipeline,
        undelivered: storage.undeliveredEvents,
      });
    }
  }
}

function subscribe(scope: Construct, { environment, receivers }: RawIntakeProps, topicArn: string): void {
  for (const { pipeline, prefixes, target } of receivers) {
    if (target.function) {
      const invoker = { principal: "sns.amazonaws.com", sourceArn: topicArn };
      admitInvoker(scope, `raw-${pipeline}`, target.function, invoker);
    }
    new SnsTopicSubscription(scope, `raw-${pipeline}`, {
      topicArn,
      protocol: target.function ? "lambda" : "sqs",
      endpoint: targetOf(target).arn,
      filterPolicyScope: "MessageBody",
      filterPolicy: JSON.stringify(messageFilter(environment, prefixes)),
    });
  }
}
