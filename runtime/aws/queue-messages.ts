/** Messages of a queue that S3 announces objects to, as a function gets and answers them. */
import { MalformedRecordError, UnexpectedEventError } from "../errors";
import { textOf } from "./s3-record";

export interface Message {
  readonly messageId: string;
  readonly body: string;
}

/** A message that must come back, and why. */
export interface Failure {
  readonly messageId: string;
  readonly error: Error;
}

/** The answer that makes SQS deliver these messages again, and delete the others. */
export interface BatchResponse {
  batchItemFailures: { itemIdentifier: string }[];
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/;

/**
 * The records of a message's body. S3 sends a test event of another shape when a notification is made: it has none.
 *
 * @throws UnexpectedEventError when it is no event of S3
 */
export function recordsOf(body: string): unknown[] {
  const { Records: records, Event: kind } = (parse(body) ?? {}) as { Records?: unknown; Event?: unknown };
  if (Array.isArray(records)) return records;
  if (kind === "s3:TestEvent") return [];
  throw new UnexpectedEventError("an S3 event with Records", body);
}

/**
 * When a record's event took place, ISO 8601 in UTC.
 *
 * @throws MalformedRecordError when it tells no time
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
