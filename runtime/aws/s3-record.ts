/** Events of S3 in each form in which they reach a function: as they are, by way of SNS, or by EventBridge. */
import { MalformedRecordError, UnexpectedEventError } from "../errors";

/** Length of a padded sequencer: S3's are at most half as long. */
const SEQUENCER_LENGTH = 64;

/** Version of an object that S3 announced. */
export interface CreatedObject {
  readonly bucket: string;
  readonly key: string;
  readonly version: string;
  /** Bytes. */
  readonly size: number;
  /**
   * Padded sequencer, which orders the versions of one key as text; S3's events carry it, a sweep's do not.
   */
  readonly sequencer?: string;
}

/**
 * Parts of an S3 event record that are read here; none can be relied on, for the record comes from outside.
 */
interface S3Record {
  eventName?: unknown;
  s3?: {
    bucket?: { name?: unknown };
    object?: { key?: unknown; size?: unknown; versionId?: unknown; sequencer?: unknown };
  };
}

/**
 * Parses the object version that a record of an S3 event announces; deletions and other events cause no work.
 *
 * @throws MalformedRecordError when the record should name an object version and does not
 */
export function readCreatedObject(record: unknown): CreatedObject | { ignored: string } {
  const { eventName, s3 } = (record ?? {}) as S3Record;
  const name = textOf(eventName, "eventName");
  if (!name.startsWith("ObjectCreated:")) return { ignored: `${name} creates no object` };
  const { key, size, versionId, sequencer } = s3?.object ?? {};
  return {
    bucket: textOf(s3?.bucket?.name, "s3.bucket.name"),
    key: decodeKey(textOf(key, "s3.object.key")),
    version: versionOf(versionId),
    size: sizeOf(size),
    ...(sequencer === undefined ? {} : { sequencer: padSequencer(textOf(sequencer, "s3.object.sequencer")) }),
  };
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/;

/**
 * Returns the records of an event of S3, whichever way it came: from the bucket's own notification, in the envelope of
 * a topic as a queue gets it or as a function does, or from EventBridge, whose event becomes the record that the
 * notification would have had. The test event that S3 sends when a notification is set up has none.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html (2026-11-29)
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-sqs-as-subscriber.html (2026-11-30)
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html (2026-11-30)
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html (2026-11-30)
 * @throws UnexpectedEventError when it is no event of S3
 */
export function recordsOf(event: unknown): unknown[] {
  const { Records, Event, Type, Message, source } = (event ?? {}) as Readonly<Record<string, unknown>>;
  if (Array.isArray(Records)) return Records.flatMap(recordsOfTopic);
  if (Event === "s3:TestEvent") return [];
  if (Type === "Notification") return recordsOf(parseEvent(Message));
  if (source === "aws.s3") return [recordOfBus(event as BusEvent)];
  throw new UnexpectedEventError("an event of S3, from its bucket, a topic or EventBridge", event);
}

/**
 * Parses the text of an event.
 *
 * @throws UnexpectedEventError when it is no JSON
 */
export function parseEvent(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    throw new UnexpectedEventError("an event as JSON", text);
  }
}

/** Returns the record itself, or those in the message that a topic handed to a function. */
function recordsOfTopic(record: unknown): unknown[] {
  const { EventSource, Sns } = (record ?? {}) as { EventSource?: unknown; Sns?: { Message?: unknown } };
  return EventSource === "aws:sns" ? recordsOf(parseEvent(Sns?.Message)) : [record];
}

/** Parts of EventBridge's event that are read here; its key is not encoded. */
interface BusEvent {
  readonly "detail-type"?: unknown;
  readonly time?: unknown;
  readonly detail?: {
    readonly bucket?: { readonly name?: unknown };
    readonly object?: Readonly<Record<"key" | "size" | "version-id" | "sequencer", unknown>>;
    readonly reason?: unknown;
  };
}

function recordOfBus({ "detail-type": type, time, detail }: BusEvent): S3Record & { eventTime: unknown } {
  const { key, size, sequencer, "version-id": versionId } = detail?.object ?? {};
  return {
    eventName: type === "Object Created" ? `ObjectCreated:${detail?.reason}` : type,
    eventTime: time,
    s3: {
      bucket: { name: detail?.bucket?.name },
      object: {
        key: typeof key === "string" ? encodeKey(key) : key,
        size,
        versionId,
        ...(sequencer === undefined ? {} : { sequencer }),
      },
    },
  };
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

/** Returns whether a key is that of a folder, which consoles make as an object without content. */
export function isFolderMarker(key: string): boolean {
  return key.endsWith("/");
}

/** Version of an input that is to be announced. */
export interface Announced {
  readonly bucket: string;
  readonly key: string;
  readonly version: string;
  /** Bytes. */
  readonly size: number;
  /** Time at which S3 received it, ISO 8601 in UTC. */
  readonly uploadedAt: string;
  /** Padded sequencer, where an event carried one. */
  readonly sequencer?: string | undefined;
}

/**
 * Builds the message by which S3 would have announced a version, without the sequencer, which only S3 knows.
 */
export function announcement(
  { bucket, key, version, size, uploadedAt, sequencer }: Announced,
  by: "Reconciled" | "Reprocessed",
): object {
  const object = { key: encodeKey(key), size, versionId: version, ...(sequencer ? { sequencer } : {}) };
  return {
    Records: [
      {
        eventVersion: "2.1",
        eventSource: "aws:s3",
        eventTime: uploadedAt,
        eventName: `ObjectCreated:${by}`,
        s3: { s3SchemaVersion: "1.0", bucket: { name: bucket }, object },
      },
    ],
  };
}

/** Encodes a key, or a part of one, as S3 does in its events. */
export function encodeKey(key: string): string {
  return encodeURIComponent(key).replaceAll("%2F", "/").replaceAll("%20", "+");
}

/**
 * Decodes the key of an event. Keys are URL-encoded as in a form: a space is a `+`, all else is
 * percent-encoded UTF-8.
 *
 * @throws MalformedRecordError when the key is not encoded so
 */
export function decodeKey(encoded: string): string {
  try {
    return decodeURIComponent(encoded.replaceAll("+", " "));
  } catch {
    throw new MalformedRecordError("s3.object.key", "URL-encoded UTF-8", encoded);
  }
}

/**
 * Pads a sequencer so that two of one key compare as text. Sequencers are hexadecimal and of any length; S3
 * documents that the shorter one is padded with zeros on the right before they are compared.
 *
 * @throws MalformedRecordError when it is not hexadecimal, or is longer than expected
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html (2026-11-29)
 */
export function padSequencer(sequencer: string): string {
  if (/^[0-9A-Fa-f]{1,64}$/.test(sequencer)) return sequencer.toUpperCase().padEnd(SEQUENCER_LENGTH, "0");
  throw new MalformedRecordError(
    "s3.object.sequencer",
    `1 to ${SEQUENCER_LENGTH} hexadecimal digits`,
    sequencer,
  );
}

/**
 * Returns `value`, found at `path` of the record, as text.
 *
 * @throws MalformedRecordError when it is not text
 */
export function textOf(value: unknown, path: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw new MalformedRecordError(path, "text, as an S3 notification has it", value);
}

function versionOf(value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  throw new MalformedRecordError(
    "s3.object.versionId",
    "text (turn on versioning of the bucket: without it a re-upload cannot be told from a redelivery)",
    value,
  );
}

function sizeOf(value: unknown): number {
  if (Number.isSafeInteger(value) && Number(value) >= 0) return Number(value);
  throw new MalformedRecordError("s3.object.size", "a whole number of bytes", value);
}
