import {
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  type S3Client,
} from "@aws-sdk/client-s3";
import { isUploadKey, type Upload } from "../shared/uploads";
import type { Cursor } from "./cursor";

export interface RawBucket {
  client: S3Client;
  name: string;
  /** What the keys of uploads begin with. */
  prefix: string;
}

export interface Page {
  /** The current versions on this page that are uploads and not younger than asked. */
  uploads: Upload[];
  /** Undefined on the last page. */
  next: Cursor | undefined;
}

/**
 * One page of up to 1,000 versions. Only current versions count: an older one would be superseded at once, and a
 * key whose current version is a delete marker has none, so a deleted source asks for nothing.
 */
export async function listUploads(
  bucket: RawBucket,
  from: Cursor | undefined,
  olderThan: Date,
): Promise<Page> {
  const answer = await bucket.client.send(
    new ListObjectVersionsCommand({
      Bucket: bucket.name,
      Prefix: bucket.prefix,
      // A key may hold characters that XML cannot.
      EncodingType: "url",
      ...(from ? { KeyMarker: from.keyMarker } : {}),
      ...(from?.versionIdMarker ? { VersionIdMarker: from.versionIdMarker } : {}),
    }),
  );
  const decode = answer.EncodingType === "url" ? decodeListed : (key: string) => key;
  return { uploads: uploadsOf(bucket.name, answer, olderThan, decode), next: nextOf(answer, decode) };
}

/** Listed keys are encoded as event keys are. */
function decodeListed(key: string): string {
  return decodeURIComponent(key.replaceAll("+", " "));
}

function uploadsOf(
  bucket: string,
  answer: ListObjectVersionsCommandOutput,
  olderThan: Date,
  decode: (key: string) => string,
): Upload[] {
  return (answer.Versions ?? []).flatMap(({ Key, VersionId, Size, IsLatest, LastModified }) => {
    if (!IsLatest || !Key || !VersionId || !LastModified || LastModified > olderThan) return [];
    const key = decode(Key);
    return isUploadKey(key) ? [{ bucket, key, version: VersionId, size: Size ?? 0 }] : [];
  });
}

function nextOf(
  answer: ListObjectVersionsCommandOutput,
  decode: (key: string) => string,
): Cursor | undefined {
  if (!answer.IsTruncated || !answer.NextKeyMarker) return undefined;
  return { keyMarker: decode(answer.NextKeyMarker), versionIdMarker: answer.NextVersionIdMarker ?? "" };
}
