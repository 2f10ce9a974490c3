import {
  GetObjectCommand,
  HeadObjectCommand,
  type ListObjectsV2CommandInput,
  paginateListObjectsV2,
} from "@aws-sdk/client-s3";
import type { Operator } from "../command/operator";

/** Metadata of an object in S3. */
export interface ObjectHead {
  readonly size: number;
  readonly modifiedAt: string;
  readonly version: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Object in a listing. */
export interface Listed {
  readonly key: string;
  readonly size: number;
  readonly modifiedAt: string;
}

/** Reads the metadata; undefined where there is no such object or version. */
export async function headObject(
  { aws }: Operator,
  Bucket: string,
  Key: string,
  VersionId?: string,
): Promise<ObjectHead | undefined> {
  try {
    const version = VersionId === undefined ? {} : { VersionId };
    const head = await aws.s3.send(new HeadObjectCommand({ Bucket, Key, ...version }));
    return {
      size: head.ContentLength ?? 0,
      modifiedAt: head.LastModified?.toISOString() ?? "",
      version: head.VersionId ?? "null",
      metadata: head.Metadata ?? {},
    };
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** Streams an object's text, or a range of its bytes; undefined where there is no such object. */
export async function openText(
  { aws }: Operator,
  Bucket: string,
  Key: string,
  range?: string,
): Promise<NodeJS.ReadableStream | undefined> {
  try {
    const request = { Bucket, Key, ...(range === undefined ? {} : { Range: range }) };
    const { Body } = await aws.s3.send(new GetObjectCommand(request));
    return Body as NodeJS.ReadableStream | undefined;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** Reads an object that is one JSON value; undefined where there is no such object. */
export async function readJson<Value>(
  operator: Operator,
  bucket: string,
  key: string,
): Promise<Value | undefined> {
  const stream = await openText(operator, bucket, key);
  if (stream === undefined) return undefined;
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}

export async function* listObjects(
  operator: Operator,
  bucket: string,
  prefix: string,
): AsyncGenerator<Listed> {
  for await (const { Contents = [] } of pagesOf(operator, { Bucket: bucket, Prefix: prefix })) {
    for (const { Key = "", Size = 0, LastModified } of Contents) {
      yield { key: Key, size: Size, modifiedAt: LastModified?.toISOString() ?? "" };
    }
  }
}

/** Lists the folders directly below a prefix, each with its slash. */
export async function listFolders(operator: Operator, bucket: string, prefix: string): Promise<string[]> {
  const folders: string[] = [];
  const request = { Bucket: bucket, Prefix: prefix, Delimiter: "/" };
  for await (const { CommonPrefixes = [] } of pagesOf(operator, request)) {
    folders.push(...CommonPrefixes.map(({ Prefix = "" }) => Prefix));
  }
  return folders;
}

function pagesOf({ aws }: Operator, request: ListObjectsV2CommandInput) {
  return paginateListObjectsV2({ client: aws.s3 }, request);
}

/**
 * Returns whether there is no such version. S3 answers 400 to a version id that it cannot parse: it is no
 * version of this object either.
 */
function isGone(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ["NoSuchKey", "NotFound", "NoSuchVersion", "400"].includes(error.name);
}
