import { describe, expect, test } from "@jest/globals";
import { parseEvent, readCreatedObject, recordsOf, timeOf } from "../../../runtime/aws/s3-record";
import { MalformedRecordError, UnexpectedEventError } from "../../../runtime/errors";
import { fromBus, fromTopic, s3Event, throughTopic } from "../../handlers/support/events";

const KEY = "input/orders/März 2026 (1+1).tsv";
const SEQUENCER = "617f08299329d189";
const OBJECT = { key: KEY, version: "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e", size: 5, sequencer: SEQUENCER };

describe("one object version is announced alike", () => {
  test.each<[string, object]>([
    ["by the bucket's notification", s3Event(OBJECT)],
    ["through a topic and a queue", throughTopic(s3Event(OBJECT))],
    ["by a topic, to a function", fromTopic(s3Event(OBJECT))],
    ["by EventBridge", fromBus(OBJECT)],
    ["by EventBridge, through a topic and a queue", throughTopic(fromBus(OBJECT))],
  ])("%s", (_, event) => {
    const [record, ...others] = recordsOf(parseEvent(JSON.stringify(event)));
    expect(others).toEqual([]);
    expect(readCreatedObject(record)).toEqual({
      bucket: "raw",
      key: KEY,
      version: OBJECT.version,
      size: 5,
      sequencer: SEQUENCER.toUpperCase().padEnd(64, "0"),
    });
    expect(Date.parse(timeOf(record))).toBe(Date.parse("2026-01-31T12:00:00Z"));
  });
});

test("takes all records of all messages", () => {
  const one = fromTopic(s3Event({ key: "a" }, { key: "b" }));
  const other = fromTopic(s3Event({ key: "c" }));
  const records = recordsOf({ Records: [...one.Records, ...other.Records] });
  expect(records.map((each) => (readCreatedObject(each) as { key: string }).key)).toEqual(["a", "b", "c"]);
});

test.each<[string, object]>([
  ["a test event", { Service: "Amazon S3", Event: "s3:TestEvent", Bucket: "raw" }],
  ["a test event through a topic", throughTopic({ Service: "Amazon S3", Event: "s3:TestEvent" })],
])("finds no records in %s", (_, event) => {
  expect(recordsOf(event)).toEqual([]);
});

test.each(["Object Deleted", "Object Tags Added", "Object Restore Completed"])(
  "takes %s of EventBridge for no new object",
  (name) => {
    expect(recordsOf(fromBus({ key: KEY, name })).map(readCreatedObject)).toEqual([
      { ignored: `${name} creates no object` },
    ]);
  },
);

test("refuses an object without a version, by whichever way", () => {
  const { detail, ...event } = fromBus({ key: KEY });
  const { "version-id": _, ...unversioned } = detail.object;
  const [record] = recordsOf({ ...event, detail: { ...detail, object: unversioned } });
  expect(() => readCreatedObject(record)).toThrow(MalformedRecordError);
  expect(() => readCreatedObject(record)).toThrow("turn on versioning of the bucket");
});

test.each<[string, unknown]>([
  ["nothing", null],
  ["an event of Glue", { source: "aws.glue", "detail-type": "Glue Job State Change" }],
  [
    "a confirmation of a topic",
    { Type: "SubscriptionConfirmation", Message: "You have chosen to subscribe" },
  ],
  ["a message that is no JSON", { Type: "Notification", Message: "hello" }],
])("refuses %s", (_, event) => {
  expect(() => recordsOf(event)).toThrow(UnexpectedEventError);
});
