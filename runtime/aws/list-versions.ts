import { ListObjectVersionsCommand, type ObjectVersion, type S3Client } from "@aws-sdk/client-s3";
import { MalformedRecordError } from "../errors";
import { log } from "../log";
import { decodeKey } from "./s3-record";

/** Position at which a listing continues: S3's markers, both exclusive. */
export interface VersionMarker {
  keyMarker: string;
  versionIdMarker: string;
}

/** Current version of an object. */
export interface CurrentVersion {
  key: string;
  version: string;
  /** Bytes. */
  size: number;
  lastModified: Date;
}

export interface VersionPage {
  current: CurrentVersion[];
  /** Undefined on the last page. */
  next: VersionMarker | undefined;
}

/**
 * Reads one page of up to 1,000 versions, in the order of their keys. Only current versions are returned: a
 * key whose current version is a delete marker has none, so a deleted object causes no work. A key that is not
 * encoded as S3 does is logged and left out: the others are not to wait for it.
 */
export async function listVersions(
  { client, name }: { client: S3Client; name: string },
  prefix: string,
  from: VersionMarker | undefined,
): Promise<VersionPage> {
  const { EncodingType, Versions, IsTruncated, NextKeyMarker, NextVersionIdMarker } = await client.send(
    new ListObjectVersionsCommand({
      Bucket: name,
      Prefix: prefix,
      // A key may hold characters that XML cannot.
      EncodingType: "url",
      ...(from ? { KeyMarker: from.keyMarker } : {}),
      ...(from?.versionIdMarker ? { VersionIdMarker: from.versionIdMarker } : {}),
    }),
  );
  const decode = EncodingType === "url" ? decodeKey : (key: string) => key;
  const next = IsTruncated && NextKeyMarker !== undefined;
  const unreadable: string[] = [];
  const current = (Versions ?? []).flatMap((version) => currentOf(version, decode, unreadable));
  if (unreadable.length > 0) {
    log("warn", "left out listed keys that cannot be read", {
      keys: unreadable.length,
      first: unreadable[0],
    });
  }
  return {
    current,
    next: next ? { keyMarker: decode(NextKeyMarker), versionIdMarker: NextVersionIdMarker ?? "" } : undefined,
  };
}

function currentOf(
  { Key, VersionId, Size, IsLatest, LastModified }: ObjectVersion,
  decode: (key: string) => string,
  unreadable: string[],
): CurrentVersion[] {
  if (!IsLatest || !Key || !VersionId || !LastModified) return [];
  try {
    return [{ key: decode(Key), version: VersionId, size: Size ?? 0, lastModified: LastModified }];
  } catch (error) {
    if (!(error instanceof MalformedRecordError)) throw error;
    unreadable.push(Key);
    return [];
  }
}
