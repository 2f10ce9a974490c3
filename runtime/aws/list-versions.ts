import { ListObjectVersionsCommand, type ObjectVersion, type S3Client } from "@aws-sdk/client-s3";

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
 * key whose current version is a delete marker has none, so a deleted object causes no work.
 *
 * @throws MalformedRecordError when S3 encodes a key in an unknown way
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
  const decode = EncodingType === "url" ? decodeListed : (key: string) => key;
  const next = IsTruncated && NextKeyMarker !== undefined;
  return {
    current: (Versions ?? []).flatMap((version) => currentOf(version, decode)),
    next: next ? { keyMarker: decode(NextKeyMarker), versionIdMarker: NextVersionIdMarker ?? "" } : undefined,
  };
}

function currentOf(
  { Key, VersionId, Size, IsLatest, LastModified }: ObjectVersion,
  decode: (key: string) => string,
): CurrentVersion[] {
  if (!IsLatest || !Key || !VersionId || !LastModified) return [];
  return [{ key: decode(Key), version: VersionId, size: Size ?? 0, lastModified: LastModified }];
}

/** Decodes a listed key; S3 encodes it as it encodes keys in events. */
function decodeListed(key: string): string {
  return decodeURIComponent(key.replaceAll("+", " "));
}
