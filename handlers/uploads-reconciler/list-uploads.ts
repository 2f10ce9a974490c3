import type { S3Client } from "@aws-sdk/client-s3";
import { listVersions } from "../../runtime/aws/list-versions";
import { isFolderMarker } from "../../runtime/aws/s3-record";
import type { Upload } from "../../runtime/uploads/uploads";
import type { Cursor } from "./cursor";

export interface RawBucket {
  client: S3Client;
  name: string;
  /** Prefixes of the keys of uploads, those of the datasets: each is swept for itself. */
  prefixes: readonly string[];
}

export interface Page {
  /** Current versions on this page that are old enough. */
  uploads: Upload[];
  /** Undefined on the last page. */
  next: Cursor | undefined;
}

/**
 * Reads one page of up to 1,000 versions below a prefix. A version older than the current one would be superseded
 * immediately.
 */
export async function listUploads(
  bucket: RawBucket,
  prefix: string,
  from: Cursor | undefined,
  olderThan: Date,
): Promise<Page> {
  const { current, next } = await listVersions(bucket, prefix, from);
  const uploads = current
    .filter(({ key, lastModified }) => lastModified <= olderThan && !isFolderMarker(key))
    .map(({ key, version, size }) => ({ bucket: bucket.name, key, version, size }));
  return { uploads, next };
}
