import { describe, expect, test } from "@jest/globals";
import { eventOf, fitting, PAYLOAD_BYTES, type Received, received } from "../../../local/event-source/event";
import { failuresOf } from "../../../local/event-source/outcome";

const ARN = "arn:aws:sqs:eu-central-1:000000000000:inputs";
const IDS = new Set(["a", "b"]);

describe("an answer of a function that reports failures", () => {
  test.each([
    ["an empty list", '{"batchItemFailures":[]}'],
    ["a null list", '{"batchItemFailures":null}'],
    ["no list", "{}"],
    ["null", "null"],
    ["nothing", ""],
  ])("leaves nothing behind with %s", (_, payload) => {
    expect(failuresOf({ payload }, true, IDS)).toEqual({ failed: new Set() });
  });

  test("leaves what it names", () => {
    const payload = '{"batchItemFailures":[{"itemIdentifier":"b"},{"itemIdentifier":"b"}]}';
    expect(failuresOf({ payload }, true, IDS)).toEqual({ failed: new Set(["b"]) });
  });

  test.each([
    ["an empty identifier", '{"batchItemFailures":[{"itemIdentifier":""}]}'],
    ["a null identifier", '{"batchItemFailures":[{"itemIdentifier":null}]}'],
    ["another key", '{"batchItemFailures":[{"id":"a"}]}'],
    ["a null item", '{"batchItemFailures":[null]}'],
    ["no message's identifier", '{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"c"}]}'],
    ["something else than a list", '{"batchItemFailures":"a"}'],
    ["no JSON", "{"],
  ])("leaves the whole batch with %s", (_, payload) => {
    expect(failuresOf({ payload }, true, IDS)).toMatchObject({
      failed: "all",
      reason: expect.stringMatching(/malformed/),
    });
  });
});

test("an error leaves the whole batch, whatever the payload says", () => {
  const answer = { functionError: "Unhandled", payload: '{"batchItemFailures":[]}' };
  for (const reports of [true, false]) expect(failuresOf(answer, reports, IDS).failed).toBe("all");
});

test("the answer of a function that reports no failures is not read", () => {
  expect(failuresOf({ payload: '{"batchItemFailures":[{"itemIdentifier":"a"}]}' }, false, IDS)).toEqual({
    failed: new Set(),
  });
});

test("an event has Lambda's shape", () => {
  const message = {
    MessageId: "1",
    ReceiptHandle: "handle",
    Body: '{"a":"ü"}',
    MD5OfBody: "md5",
    Attributes: { ApproximateReceiveCount: "1" },
    MessageAttributes: { kind: { DataType: "String", StringValue: "x" } },
  };
  expect(JSON.parse(eventOf([received(message, ARN, 0)]))).toEqual({
    Records: [
      {
        messageId: "1",
        receiptHandle: "handle",
        body: '{"a":"ü"}',
        attributes: { ApproximateReceiveCount: "1" },
        messageAttributes: {
          kind: { stringValue: "x", stringListValues: [], binaryListValues: [], dataType: "String" },
        },
        md5OfBody: "md5",
        eventSource: "aws:sqs",
        eventSourceARN: ARN,
        awsRegion: "eu-central-1",
      },
    ],
  });
});

describe("a batch", () => {
  test("ends with its size", () => {
    expect(fitting(messages(12, 10), 10)).toBe(10);
    expect(fitting(messages(7, 10), 10)).toBe(7);
  });

  test("ends with Lambda's 6 MB, whatever its size, counted as they are sent", () => {
    const many = messages(5000, 2000, "ü");
    const fit = fitting(many, 5000);
    expect(fit).toBeGreaterThan(3000);
    expect(Buffer.byteLength(eventOf(many.slice(0, fit)))).toBeLessThanOrEqual(PAYLOAD_BYTES);
    expect(Buffer.byteLength(eventOf(many.slice(0, fit + 1)))).toBeGreaterThan(PAYLOAD_BYTES);
  });

  test("takes one message, however large", () => {
    expect(fitting(messages(2, PAYLOAD_BYTES), 10)).toBe(1);
  });
});

function messages(count: number, bytes: number, letter = "x"): Received[] {
  const record = letter.repeat(bytes / Buffer.byteLength(letter));
  return Array.from({ length: count }, (_, index) => ({
    messageId: String(index),
    receiptHandle: "",
    record,
    at: 0,
  }));
}
