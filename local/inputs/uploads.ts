import { createReadStream, readdirSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { Readable } from "node:stream";
import { PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { loadEnvironment, RAW_JSON_PREFIX } from "../../environments/schema";
import { wantedBy } from "../../runtime/ledger/wanted";

const CONCURRENT_UPLOADS = 8;

/** One file as it was put into the raw bucket. */
export interface Upload {
  readonly bucket: string;
  readonly key: string;
  readonly version: string;
  /** File below the input folder, its whole path, and a fingerprint that detects a later change. */
  readonly file: string;
  readonly path: string;
  readonly fingerprint: string;
  /** True where it was done before its key was uploaded again, so that nothing replaced it unpublished. */
  readonly awaited?: boolean;
}

/** The files below `folder` that the uploads pipeline takes, as paths relative to it, sorted. */
export function csvFiles(folder: string): string[] {
  return filesOf(folder, (key) => !isRawJson(key) && /\.csv(\.gz|\.zst)?$/.test(key));
}

/** The files below `folder` that the manifests pipeline takes, as paths relative to it, sorted. */
export function ndjsonFiles(folder: string): string[] {
  return filesOf(folder, (key) => !isRawJson(key) && /\.ndjson(\.gz|\.zst)?$/.test(key));
}

/**
 * Files below `folder` that the ledger pipeline takes, as paths relative to it, sorted: JSON files, and all
 * files in its folders, whatever their names.
 */
export function rawJsonFiles(folder: string): string[] {
  const { startYear } = loadEnvironment("local").ledger.lister;
  const wanted = { prefixes: { ml_events: RAW_JSON_PREFIX }, startYear };
  return filesOf(folder, (key) =>
    isRawJson(key) ? wantedBy(wanted, key) !== undefined : /\.json(\.gz|\.zst)?$/.test(key),
  );
}

/** Returns whether a path is a key of the ledger pipeline. */
export function isRawJson(path: string): boolean {
  return keyOf(path).startsWith(RAW_JSON_PREFIX);
}

function keyOf(path: string): string {
  return path.split(sep).join("/");
}

function filesOf(folder: string, isTaken: (key: string) => boolean): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => isTaken(keyOf(path)))
    .filter((path) => statSync(join(folder, path), { throwIfNoEntry: false })?.isFile())
    .sort();
}

export interface UploadTarget {
  readonly s3: S3Client;
  readonly bucket: string;
  readonly prefix: string;
  readonly signal: AbortSignal;
}

/**
 * Puts `files` of `folder` below a prefix of the raw bucket, a few at a time.
 *
 * @throws Error naming the file that cannot be read or changed meanwhile.
 */
export async function upload(
  target: UploadTarget,
  folder: string,
  files: readonly string[],
): Promise<Upload[]> {
  const uploads: Upload[] = [];
  const waiting = [...files];
  const worker = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      uploads.push(await uploadFile(target, folder, file));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_UPLOADS }, worker));
  return uploads;
}

async function uploadFile(target: UploadTarget, folder: string, file: string): Promise<Upload> {
  const { bucket, signal, s3 } = target;
  const path = join(folder, file);
  const key = target.prefix + keyOf(file);
  const fingerprint = fingerprintOf(path);
  const size = statSync(path).size;
  // The SDK neither ends a request whose body fails nor says why: the body ends, and we abort the request.
  const unreadable = new AbortController();
  const Body = Readable.from(bytesOf(path, size, (error) => unreadable.abort(error)));
  const put = new PutObjectCommand({ Bucket: bucket, Key: key, Body, ContentLength: size });
  const abortSignal = AbortSignal.any([signal, unreadable.signal]);
  const { VersionId: version } = await s3.send(put, { abortSignal }).catch((error) => {
    throw unreadable.signal.aborted ? unreadable.signal.reason : error;
  });
  if (version === undefined)
    throw new Error(`bucket ${bucket} gave no version id for ${key}: it is not versioned`);
  const uploaded = { bucket, key, version, file, path, fingerprint };
  refuseChanged([uploaded]);
  return uploaded;
}

/** Streams exactly `size` bytes; ends early, and reports why, where the file has fewer or cannot be read. */
async function* bytesOf(path: string, size: number, fail: (error: unknown) => void): AsyncGenerator<Buffer> {
  let sent = 0;
  if (size === 0) return;
  try {
    for await (const chunk of createReadStream(path, { end: size - 1 })) {
      sent += chunk.length;
      yield chunk;
    }
    if (sent < size) fail(changed(path));
  } catch (error) {
    fail(error);
  }
}

/**
 * Checks that the files are unchanged.
 *
 * @throws Error when one is no longer what was uploaded: no comparison with it would mean anything
 */
export function refuseChanged(uploads: readonly Upload[]): void {
  for (const { path, fingerprint } of uploads) {
    if (fingerprintOf(path) !== fingerprint) throw changed(path);
  }
}

function changed(path: string): Error {
  return new Error(`${path} changed after its upload began; start again when nothing writes to it`);
}

function fingerprintOf(path: string): string {
  const { size = 0, mtimeMs = 0, ino = 0 } = statSync(path, { throwIfNoEntry: false }) ?? {};
  return `${size} ${mtimeMs} ${ino}`;
}
