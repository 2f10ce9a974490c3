import { MalformedRecordError, UnexpectedEventError } from "../shared/errors";
import { readCreatedObject, textOf } from "../shared/s3-record";
import type { Input } from "./input";

/** A message of the queue `inputs`. */
export interface Message {
  readonly messageId: string;
  readonly body: string;
}

/** A message that must come back, and why. */
export interface Failure {
  readonly messageId: string;
  readonly error: Error;
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/;

/**
 * The distinct object versions that messages announce, each once however often it was announced. A message with
 * several records fails when one of them cannot be read; what the others announce is taken none the less.
 */
export function readMessages(messages: readonly Message[]): { inputs: Input[]; failures: Failure[] } {
  const inputs = new Map<string, Input & { messages: string[] }>();
  const failures: Failure[] = [];
  for (const { messageId, body } of messages) {
    try {
      for (const record of recordsOf(body)) {
        const failure = attempt(() => take(inputs, record, messageId));
        if (failure) failures.push({ messageId, error: failure });
      }
    } catch (error) {
      failures.push({ messageId, error: error as Error });
    }
  }
  return { inputs: [...inputs.values()], failures };
}

function attempt(run: () => void): Error | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

/** S3 sends a test event of another shape when a notification is made. */
function recordsOf(body: string): unknown[] {
  const { Records: records, Event: kind } = (parse(body) ?? {}) as { Records?: unknown; Event?: unknown };
  if (Array.isArray(records)) return records;
  if (kind === "s3:TestEvent") return [];
  throw new UnexpectedEventError("an S3 event with Records", body);
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new UnexpectedEventError("a message body of JSON", body);
  }
}

function take(inputs: Map<string, Input & { messages: string[] }>, record: unknown, messageId: string): void {
  const object = readCreatedObject(record);
  if ("ignored" in object || object.key.endsWith("/")) return;
  const uploadedAt = timeOf(record);
  const identity = JSON.stringify([object.bucket, object.key, object.version]);
  const known = inputs.get(identity);
  if (known === undefined) {
    inputs.set(identity, { ...object, uploadedAt, messages: [messageId] });
    return;
  }
  if (!known.messages.includes(messageId)) known.messages.push(messageId);
  // what S3 said is better than what a sweep found
  if (known.sequencer === undefined && object.sequencer !== undefined) {
    inputs.set(identity, { ...object, uploadedAt, messages: known.messages });
  }
}

function timeOf(record: unknown): string {
  const time = textOf((record as { eventTime?: unknown }).eventTime, "eventTime");
  if (TIME.test(time) && !Number.isNaN(Date.parse(time))) return time;
  throw new MalformedRecordError("eventTime is no time", time, "ISO 8601 in UTC would do");
}
