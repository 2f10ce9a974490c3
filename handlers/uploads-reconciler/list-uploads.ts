import type { S3Client } from "@aws-sdk/client-s3";
import { listVersions } from "../../runtime/aws/list-versions";
import { isUploadKey, type Upload } from "../../runtime/uploads/uploads";
import type { Cursor } from "./cursor";

export interface RawBucket {
  client: S3Client;
  name: string;
  /** Prefix of the keys of uploads. */
  prefix: string;
}

export interface Page {
  /** Current versions on this page that are uploads and old enough. */
  uploads: Upload[];
  /** Undefined on the last page. */
  next: Cursor | undefined;
}

/**
 * Reads one page of up to 1,000 versions. A version older than the current one would be superseded
 * immediately.
 *
 * @throws MalformedRecordError when S3 encodes a key in an unknown way
 */
export async function listUploads(
  bucket: RawBucket,
  from: Cursor | undefined,
  olderThan: Date,
): Promise<Page> {
  const { current, next } = await listVersions(bucket, bucket.prefix, from);
  const uploads = current
    .filter(({ key, lastModified }) => lastModified <= olderThan && isUploadKey(key))
    .map(({ key, version, size }) => ({ bucket: bucket.name, key, version, size }));
  return { uploads, next };
}
