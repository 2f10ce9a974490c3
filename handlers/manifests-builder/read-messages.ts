import type { Failure, Message } from "../../runtime/aws/queue-messages";
import {
  isFolderMarker,
  parseEvent,
  readCreatedObject,
  recordsOf,
  timeOf,
} from "../../runtime/aws/s3-record";
import type { Input } from "./input";

/**
 * Collects the distinct object versions that messages announce, each once however often it was announced. A
 * message with several records fails when one of them cannot be read; what the others announce is processed
 * none the less.
 */
export function readMessages(messages: readonly Message[]): { inputs: Input[]; failures: Failure[] } {
  const inputs = new Map<string, Input & { messages: string[] }>();
  const failures: Failure[] = [];
  for (const { messageId, body } of messages) {
    try {
      for (const record of recordsOf(parseEvent(body))) {
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

function take(inputs: Map<string, Input & { messages: string[] }>, record: unknown, messageId: string): void {
  const object = readCreatedObject(record);
  if ("ignored" in object || isFolderMarker(object.key)) return;
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
