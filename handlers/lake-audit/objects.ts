import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";

/** Bucket of the tables. */
export interface Lake {
  readonly client: S3Client;
  readonly bucket: string;
}

/** Content of an object, and the ETag by which it is replaced. */
export interface Existing {
  readonly content: Buffer;
  readonly etag: string | undefined;
}

/** Maximum of keys of one page and of one DeleteObjects. */
const PAGE = 1_000;

/** Lists the keys below a prefix, up to so many pages of a thousand. */
export async function listKeys({ client, bucket }: Lake, prefix: string, pages: number): Promise<string[]> {
  const keys: string[] = [];
  let next: string | undefined;
  for (let page = 0; page < pages; page++) {
    const answer = await client.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix,
        MaxKeys: PAGE,
        ...(next === undefined ? {} : { ContinuationToken: next }),
      }),
    );
    keys.push(...(answer.Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [Key])));
    next = answer.NextContinuationToken;
    if (next === undefined) break;
  }
  return keys;
}

/** Reads an object; undefined where there is none. */
export async function readObject({ client, bucket }: Lake, key: string): Promise<Existing | undefined> {
  try {
    const { Body, ETag } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return { content: Buffer.from((await Body?.transformToByteArray()) ?? []), etag: ETag };
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  }
}

/**
 * Replaces an object as it was read, in one PUT.
 *
 * @throws S3ServiceException where another has replaced it meanwhile
 */
export async function replaceObject(
  { client, bucket }: Lake,
  key: string,
  content: Buffer,
  existing: Existing | undefined,
): Promise<void> {
  await client.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: content,
      ContentType: "application/x-ndjson",
      ...(existing?.etag === undefined ? { IfNoneMatch: "*" } : { IfMatch: existing.etag }),
    }),
  );
}

/** Deletes objects; one that is gone is no error. */
export async function deleteObjects({ client, bucket }: Lake, keys: readonly string[]): Promise<void> {
  for (let start = 0; start < keys.length; start += PAGE) {
    const some = keys.slice(start, start + PAGE).map((Key) => ({ Key }));
    const { Errors = [] } = await client.send(
      new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: some, Quiet: true } }),
    );
    const [first] = Errors;
    if (first) throw new Error(`${Errors.length} objects are left: ${first.Key}: ${first.Message}`);
  }
}
