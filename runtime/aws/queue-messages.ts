/** Messages of a queue that S3 sends its notifications to, as a function receives and answers them. */
import { MalformedRecordError, UnexpectedEventError } from "../errors";
import { textOf } from "./s3-record";

export interface Message {
  readonly messageId: string;
  readonly body: string;
}

/** Message that SQS must deliver again, and the reason. */
export interface Failure {
  readonly messageId: string;
  readonly error: Error;
}

/**
 * Partial batch response: SQS delivers these messages again and deletes the others.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html (2026-11-29)
 */
export interface BatchResponse {
  batchItemFailures: { itemIdentifier: string }[];
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/;

/**
 * Parses the records of a message's body. The test event that S3 sends when a notification is set up has
 * none.
 *
 * @throws UnexpectedEventError when the body is no event of S3
 */
export function recordsOf(body: string): unknown[] {
  const { Records: records, Event: kind } = (parse(body) ?? {}) as { Records?: unknown; Event?: unknown };
  if (Array.isArray(records)) return records;
  if (kind === "s3:TestEvent") return [];
  throw new UnexpectedEventError("an S3 event with Records", body);
}

/**
 * Time of a record's event, ISO 8601 in UTC.
 *
 * @throws MalformedRecordError when the record has no such time
 */
export function timeOf(record: unknown): string {
  const time = textOf((record as { eventTime?: unknown }).eventTime, "eventTime");
  if (TIME.test(time) && !Number.isNaN(Date.parse(time))) return time;
  throw new MalformedRecordError("eventTime", "a time as ISO 8601 in UTC", time);
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new UnexpectedEventError("a message body of JSON", body);
  }
}
