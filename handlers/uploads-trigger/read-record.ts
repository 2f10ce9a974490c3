import { isFolderMarker, readCreatedObject, textOf } from "../../runtime/aws/s3-record";
import type { Upload } from "../../runtime/uploads/uploads";

/**
 * Parses the upload that a record of an S3 event announces, or the reason why it announces none: a deletion
 * or a folder marker causes no work.
 *
 * @throws MalformedRecordError when the record should name an object version and does not
 */
export function readRecord(record: unknown): Upload | { ignored: string; key?: string } {
  const object = readCreatedObject(record);
  if ("ignored" in object) return object;
  const { key } = object;
  if (isFolderMarker(key)) return { ignored: "the key is that of a folder", key };
  return { ...object, sequencer: textOf(object.sequencer, "s3.object.sequencer") };
}
