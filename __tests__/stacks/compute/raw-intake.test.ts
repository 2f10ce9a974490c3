import { SqsQueue } from "@cdktf/provider-aws/lib/sqs-queue";
import { describe, expect, test } from "@jest/globals";
import { loadEnvironment } from "../../../environments/schema";
import { eventPatterns, messageFilter, rawEventsOf } from "../../../stacks/compute/raw-events";
import { takeRawEvents } from "../../../stacks/compute/raw-intake";
import { resource, resourcesOf } from "../../support/resources";
import { synthesizeConstruct } from "../../support/synthesize";

const prefixes = (count: number) =>
  Array.from({ length: count }, (_, index) => `input/dataset-number-${index}/`);
const environment = loadEnvironment("prod");

function intakeOf(count: number) {
  return synthesizeConstruct((scope) => {
    const queue = (name: string) => new SqsQueue(scope, name, { name });
    takeRawEvents(scope, {
      environment,
      storage: {
        raw: { id: "raw", bucket: "raw", arn: "arn:aws:s3:::raw" },
        undeliveredEvents: queue("undelivered"),
      },
      receivers: [{ pipeline: "manifests", prefixes: prefixes(count), target: { queue: queue("inputs") } }],
    });
  });
}

describe("events of the raw bucket", () => {
  test("come by a notification a prefix, up to as many as a bucket may have", () => {
    const stack = intakeOf(100);
    const { queue, eventbridge } = resource(stack, "aws_s3_bucket_notification");
    expect(eventbridge).toBeUndefined();
    expect(queue).toHaveLength(100);
    expect((queue as object[])[7]).toMatchObject({
      id: "manifests-input-dataset-number-7",
      filter_prefix: "input/dataset-number-7/",
      events: ["s3:ObjectCreated:*"],
    });
    expect(resourcesOf(stack, "aws_cloudwatch_event_rule")).toEqual([]);
    expect(rawEventsOf(environment, prefixes(100))).toMatchObject({ service: "s3.amazonaws.com" });
  });

  test("come by EventBridge beyond, by rules of which none is too long, each prefix in one", () => {
    const stack = intakeOf(101);
    const notification = resource(stack, "aws_s3_bucket_notification");
    expect(notification).toMatchObject({ eventbridge: true });
    expect(notification["queue"]).toBeUndefined();
    const patterns = resourcesOf(stack, "aws_cloudwatch_event_rule").map(([, each]) =>
      String(each["event_pattern"]),
    );
    expect(Math.max(...patterns.map(({ length }) => length))).toBeLessThanOrEqual(2_048);
    const named = patterns.flatMap((each) =>
      JSON.parse(each).detail.object.key.map(({ prefix }: { prefix: string }) => prefix),
    );
    expect(named).toEqual(prefixes(101));
    expect(resourcesOf(stack, "aws_cloudwatch_event_target")).toHaveLength(patterns.length);
    expect(rawEventsOf(environment, prefixes(101))).toMatchObject({ service: "events.amazonaws.com" });
  });
});

test("a pattern takes a key as it is, a topic's filter as S3 encodes it", () => {
  const [pattern] = eventPatterns("raw", ["in put/ü/"]);
  expect(pattern).toMatchObject({ detail: { object: { key: [{ prefix: "in put/ü/" }] } } });
  expect(messageFilter(environment, ["in put/ü/"])).toMatchObject({
    Records: { s3: { object: { key: [{ prefix: "in+put/%C3%BC/" }] } } },
  });
});

test("a topic's filter takes no more prefixes than SNS", () => {
  expect(() => messageFilter(environment, prefixes(151))).toThrow(
    "environments/prod.ts: storage.raw.existing.events",
  );
});
