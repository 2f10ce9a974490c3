import { describe, expect, test } from "@jest/globals";
import { readRecord } from "../../../handlers/uploads-trigger/read-record";
import { decodeKey, padSequencer } from "../../../runtime/aws/s3-record";
import { MalformedRecordError } from "../../../runtime/errors";
import { s3Record } from "../support/events";

type Parts = ReturnType<typeof s3Record>["s3"]["object"];

const KEY = "input/customers/a.csv";

/** A sound record with some parts of its object replaced. */
function recordWith(parts: Partial<Record<keyof Parts, unknown>>) {
  const record = s3Record({ key: KEY });
  return { ...record, s3: { ...record.s3, object: { ...record.s3.object, ...parts } } };
}

describe("readRecord", () => {
  test("reads bucket, key, version, size and padded sequencer", () => {
    expect(readRecord(s3Record({ key: KEY, version: "v7", size: 3, sequencer: "0055AE" }))).toEqual({
      bucket: "raw",
      key: KEY,
      version: "v7",
      size: 3,
      sequencer: `0055AE${"0".repeat(58)}`,
    });
  });

  test.each(["Put", "Post", "Copy", "CompleteMultipartUpload"])("takes ObjectCreated:%s", (kind) => {
    expect(readRecord(s3Record({ key: KEY, name: `ObjectCreated:${kind}` }))).toMatchObject({ key: KEY });
  });

  test.each(["A.CSV", "a.tsv", "a.csv.zst", "a.parquet", "a"])("takes %s, for the bytes decide", (name) => {
    const key = `input/customers/${name}`;
    expect(readRecord(s3Record({ key }))).toMatchObject({ key });
  });

  test.each([
    ["ObjectRemoved:DeleteMarkerCreated", KEY],
    ["ObjectRemoved:Delete", KEY],
    ["ObjectRestore:Completed", KEY],
    ["ObjectCreated:Put", "input/customers/"],
    ["ObjectCreated:Put", "input/customers.csv/"],
  ])("ignores %s of %s", (name, key) => {
    expect(readRecord(s3Record({ key, name }))).toHaveProperty("ignored");
  });

  test.each<[string, unknown, string]>([
    ["no record", null, "eventName is required: expected text"],
    ["text for a record", "record", "eventName is required: expected text"],
    ["no event name", { s3: {} }, "eventName is required: expected text"],
    [
      "no object",
      { eventName: "ObjectCreated:Put", s3: { bucket: { name: "raw" } } },
      "s3.object.key is required: expected text",
    ],
    ["no key", recordWith({ key: undefined }), "s3.object.key is required: expected text"],
    [
      "a key that is not URL-encoded",
      recordWith({ key: "input/%E0%A4.csv" }),
      's3.object.key: expected URL-encoded UTF-8, got "input/%E0%A4.csv"',
    ],
    [
      "no version",
      recordWith({ versionId: undefined }),
      "s3.object.versionId is required: expected text (turn on versioning of the bucket: ",
    ],
    [
      "a size below zero",
      recordWith({ size: -1 }),
      "s3.object.size: expected a whole number of bytes, got -1",
    ],
    [
      "a size that is text",
      recordWith({ size: "12" }),
      's3.object.size: expected a whole number of bytes, got "12"',
    ],
    ["no sequencer", recordWith({ sequencer: undefined }), "s3.object.sequencer is required: expected text"],
    [
      "a sequencer that is not hexadecimal",
      recordWith({ sequencer: "0055XY" }),
      's3.object.sequencer: expected 1 to 64 hexadecimal digits, got "0055XY"',
    ],
  ])("rejects %s", (_, record, message) => {
    expect(() => readRecord(record)).toThrow(MalformedRecordError);
    expect(() => readRecord(record)).toThrow(message);
  });
});

describe("decodeKey", () => {
  test.each([
    ["input/a+b.csv", "input/a b.csv"],
    ["input/a%2Bb.csv", "input/a+b.csv"],
    ["input/a%20b.csv", "input/a b.csv"],
    ["input/%C3%BC%E2%82%AC.csv", "input/ü€.csv"],
    ["input/100%25.csv", "input/100%.csv"],
    ["input/%01%0A.csv", "input/\u0001\n.csv"],
  ])("reads %s", (encoded, key) => {
    expect(decodeKey(encoded)).toBe(key);
  });
});

describe("padSequencer", () => {
  test.each([
    ["0055AED6DCD90281E5", "0055AED6DCD90281E6"],
    ["0055AED6DCD90281", "0055AED6DCD90281E5"],
    ["0055AED6DCD9", "0055AED6DCDA"],
    ["00", "0055AED6DCD90281E5"],
  ])("orders %s before %s as text", (earlier, later) => {
    expect(padSequencer(earlier) < padSequencer(later)).toBe(true);
  });

  test("gives 64 characters", () => {
    expect(padSequencer("00")).toHaveLength(64);
  });
});
