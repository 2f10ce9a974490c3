import { MalformedRecordError } from "../shared/errors";
import { isUploadKey, type Upload } from "../shared/uploads";

/** Characters that a padded sequencer has: S3's are at most half as long. */
const SEQUENCER_LENGTH = 64;

/** Parts of an S3 event record that are read here; all of it comes from outside, so nothing is certain. */
interface S3Record {
  eventName?: unknown;
  s3?: {
    bucket?: { name?: unknown };
    object?: { key?: unknown; size?: unknown; versionId?: unknown; sequencer?: unknown };
  };
}

/**
 * The upload that a record of an S3 event announces, or the reason why it announces none: a deletion, a folder
 * marker or any other object that is no CSV file asks for no work.
 *
 * @throws MalformedRecordError when the record should name an object version and does not
 */
export function readRecord(record: unknown): Upload | { ignored: string; key?: string } {
  const { eventName, s3 } = (record ?? {}) as S3Record;
  const name = text(eventName, "eventName");
  if (!name.startsWith("ObjectCreated:")) return { ignored: `${name} creates no object` };
  const key = decodeKey(text(s3?.object?.key, "s3.object.key"));
  if (!isUploadKey(key)) return { ignored: "the key ends neither in .csv nor in .csv.gz", key };
  return {
    bucket: text(s3?.bucket?.name, "s3.bucket.name"),
    key,
    version: versionOf(s3?.object?.versionId),
    size: sizeOf(s3?.object?.size),
    sequencer: padSequencer(text(s3?.object?.sequencer, "s3.object.sequencer")),
  };
}

/** Event keys are URL-encoded as in a form: a space is a `+`, all else is percent-encoded UTF-8. */
export function decodeKey(encoded: string): string {
  try {
    return decodeURIComponent(encoded.replaceAll("+", " "));
  } catch {
    throw new MalformedRecordError("s3.object.key is not URL-encoded", encoded, "S3 percent-encodes UTF-8");
  }
}

/**
 * Sequencers are hexadecimal and of any length; S3's documentation has them compared as text, the shorter one
 * padded with zeros on the right ("Event message structure" in the S3 user guide).
 */
export function padSequencer(sequencer: string): string {
  if (/^[0-9A-Fa-f]{1,64}$/.test(sequencer)) return sequencer.padEnd(SEQUENCER_LENGTH, "0");
  throw new MalformedRecordError(
    "s3.object.sequencer is not hexadecimal text",
    sequencer,
    `1 to ${SEQUENCER_LENGTH} hexadecimal digits would do`,
  );
}

function text(value: unknown, path: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw new MalformedRecordError(`${path} is not text`, value, "a record of an S3 notification has it");
}

function versionOf(value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  throw new MalformedRecordError(
    "s3.object.versionId is not text",
    value,
    "turn on versioning of the bucket: without it a re-upload cannot be told from a redelivery",
  );
}

function sizeOf(value: unknown): number {
  if (Number.isSafeInteger(value) && Number(value) >= 0) return Number(value);
  throw new MalformedRecordError("s3.object.size is not a size", value, "a whole number of bytes would do");
}
