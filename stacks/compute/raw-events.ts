/** Ways in which the raw bucket's events reach the pipelines: by its notifications, by a topic, or by EventBridge. */
import { datasetsOf, outermostPrefixes } from "../../datasets/schema/datasets";
import {
  bucketName,
  type Environment,
  type EventRule,
  type Pipeline,
  resourceName,
} from "../../environments/schema";
import { encodeKey } from "../../runtime/aws/s3-record";
import { expectedAt } from "../../runtime/expected";

/**
 * Notifications that a bucket may have.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html (2026-11-30)
 */
const MOST_NOTIFICATIONS = 100;

/**
 * Characters that the pattern of a rule may have.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html (2026-11-30)
 */
const LONGEST_PATTERN = 2_048;

/**
 * Values that the filter of a subscription may have; one is that of the event's name.
 *
 * @see https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html (2026-11-30)
 */
const MOST_FILTERED = 150;

/** How events of created objects come; `arn` is that of the topic, or of the rules, with a `*`. */
export type RawEvents =
  | { readonly by: "bucket"; readonly service: "s3.amazonaws.com"; readonly arn: string }
  | { readonly by: "topic"; readonly service: "sns.amazonaws.com"; readonly arn: string }
  | { readonly by: "bus"; readonly service: "events.amazonaws.com"; readonly arn: string };

/** Decides how the events come: those of an existing bucket as its settings say, else by the number of prefixes. */
export function rawEventsOf(
  environment: Environment,
  prefixes = environment.pipelines.flatMap(prefixesOf),
): RawEvents {
  const { account, region, storage } = environment;
  const { existing } = storage.raw;
  const rules = `arn:aws:events:${region}:${account}:rule/${resourceName(environment, "raw-*")}`;
  const bus = { by: "bus", service: "events.amazonaws.com", arn: rules } as const;
  if (existing !== undefined) {
    return existing.events === "eventbridge"
      ? bus
      : { by: "topic", service: "sns.amazonaws.com", arn: existing.events };
  }
  if (prefixes.length > MOST_NOTIFICATIONS) return bus;
  return {
    by: "bucket",
    service: "s3.amazonaws.com",
    arn: `arn:aws:s3:::${bucketName(environment, "raw")}`,
  };
}

/** Prefixes of the objects that a pipeline takes. */
export function prefixesOf(pipeline: Pipeline): string[] {
  return outermostPrefixes(datasetsOf(pipeline));
}

/** Patterns of EventBridge's events of objects below the prefixes: as many as it takes to have none too long. */
export function eventPatterns(bucket: string, prefixes: readonly string[]): object[] {
  const pattern = {
    source: ["aws.s3"],
    "detail-type": ["Object Created"],
    detail: { bucket: { name: [bucket] }, object: { key: prefixes.map((prefix) => ({ prefix })) } },
  };
  if (prefixes.length < 2 || JSON.stringify(pattern).length <= LONGEST_PATTERN) return [pattern];
  const middle = Math.ceil(prefixes.length / 2);
  return [prefixes.slice(0, middle), prefixes.slice(middle)].flatMap((half) => eventPatterns(bucket, half));
}

/** Rules by which EventBridge hands the bucket's events to the pipelines; none where these come otherwise. */
export function rawRulesOf(environment: Environment): EventRule[] {
  if (rawEventsOf(environment).by !== "bus") return [];
  return environment.pipelines.flatMap((pipeline) =>
    eventPatterns(bucketName(environment, "raw"), prefixesOf(pipeline)).map((_, index) =>
      rawRule(pipeline, index),
    ),
  );
}

/** Rule with the pattern at an index of a pipeline's. */
export function rawRule(pipeline: Pipeline, index: number): EventRule {
  return `raw-${pipeline}-${index + 1}`;
}

/**
 * Filter on the body of a topic's messages, for objects below the prefixes; keys in it are encoded, as S3 does.
 *
 * @see https://aws.amazon.com/blogs/compute/introducing-payload-based-message-filtering-for-amazon-sns/ (2026-11-30)
 * @throws Error where a filter takes no so many prefixes
 */
export function messageFilter(environment: Environment, prefixes: readonly string[]): object {
  if (prefixes.length > MOST_FILTERED) {
    const expected = `eventbridge (a topic's filter takes ${MOST_FILTERED} prefixes of a pipeline, and ${prefixes.length} are declared)`;
    throw new Error(
      expectedAt(
        `environments/${environment.name}.ts: storage.raw.existing.events`,
        expected,
        environment.storage.raw.existing?.events,
      ),
    );
  }
  return {
    Records: {
      eventName: [{ prefix: "ObjectCreated:" }],
      s3: { object: { key: prefixes.map((prefix) => ({ prefix: encodeKey(prefix) })) } },
    },
  };
}
