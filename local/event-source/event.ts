import type { Message } from "@aws-sdk/client-sqs";

/**
 * Maximum bytes of one invocation: Lambda's limit of 6 MB for synchronous calls, what it adds to a message
 * included.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/API_Invoke.html (2026-11-29)
 */
export const PAYLOAD_BYTES = 6 * 1024 * 1024;

const ENVELOPE_BYTES = '{"Records":[]}'.length;

/** Message as it was received, and as the function sees it. */
export interface Received {
  readonly messageId: string;
  readonly receiptHandle: string;
  /** The record of the event, as JSON. */
  readonly record: string;
  /** Time of receipt, by the clock of `performance.now()`. */
  readonly at: number;
}

export function received(message: Message, queueArn: string, at: number): Received {
  const { MessageId = "", ReceiptHandle = "" } = message;
  return { messageId: MessageId, receiptHandle: ReceiptHandle, record: recordOf(message, queueArn), at };
}

/** The payload of one invocation. */
export function eventOf(batch: readonly Received[]): string {
  return `{"Records":[${batch.map(({ record }) => record).join(",")}]}`;
}

/** Number of `messages`, from the first, that one invocation may carry; a message alone always goes. */
export function fitting(messages: readonly Received[], batchSize: number): number {
  let bytes = ENVELOPE_BYTES;
  const tooMany = messages.slice(0, batchSize).findIndex(({ record }, index) => {
    bytes += Buffer.byteLength(record) + (index > 0 ? 1 : 0);
    return bytes > PAYLOAD_BYTES;
  });
  return tooMany < 0 ? Math.min(messages.length, batchSize) : Math.max(tooMany, 1);
}

/** The record in the shape that Lambda documents for messages of a queue. */
function recordOf(message: Message, queueArn: string): string {
  const attributes = Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [
    name,
    {
      ...(value.StringValue === undefined ? {} : { stringValue: value.StringValue }),
      ...(value.BinaryValue === undefined
        ? {}
        : { binaryValue: Buffer.from(value.BinaryValue).toString("base64") }),
      stringListValues: [],
      binaryListValues: [],
      dataType: value.DataType,
    },
  ]);
  return JSON.stringify({
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes ?? {},
    messageAttributes: Object.fromEntries(attributes),
    md5OfBody: message.MD5OfBody,
    eventSource: "aws:sqs",
    eventSourceARN: queueArn,
    awsRegion: queueArn.split(":")[3],
  });
}
