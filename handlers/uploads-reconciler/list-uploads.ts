import type { S3Client } from "@aws-sdk/client-s3";
import { listVersions } from "../../runtime/aws/list-versions";
import { isUploadKey, type Upload } from "../../runtime/uploads/uploads";
import type { Cursor } from "./cursor";

export interface RawBucket {
  client: S3Client;
  name: string;
  /**
   * Prefixes of the keys of uploads: those of datasets, each swept for itself, and one that holds all, for
   * what belongs to none of them.
   */
  prefixes: readonly string[];
}

export interface Page {
  /** Current versions on this page that are uploads and old enough. */
  uploads: Upload[];
  /** Undefined on the last page. */
  next: Cursor | undefined;
}

/**
 * Reads one page of up to 1,000 versions below a prefix; those below a longer one of the bucket's prefixes are
 * left to that. A version older than the current one would be superseded immediately.
 */
export async function listUploads(
  bucket: RawBucket,
  prefix: string,
  from: Cursor | undefined,
  olderThan: Date,
): Promise<Page> {
  const longer = bucket.prefixes.filter((other) => other !== prefix && other.startsWith(prefix));
  const { current, next } = await listVersions(bucket, prefix, from);
  const uploads = current
    .filter(({ key, lastModified }) => lastModified <= olderThan && isUploadKey(key))
    .filter(({ key }) => !longer.some((other) => key.startsWith(other)))
    .map(({ key, version, size }) => ({ bucket: bucket.name, key, version, size }));
  return { uploads, next };
}
