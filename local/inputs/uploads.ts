import { createReadStream, statSync } from "node:fs";
import { Readable } from "node:stream";
import { PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import type { InputFile } from "./files";

const CONCURRENT_UPLOADS = 8;

/** One file as it was put into the raw bucket. */
export interface Upload extends InputFile {
  readonly bucket: string;
  readonly version: string;
  /** Size in bytes. */
  readonly size: number;
  /** Detects a later change of the file. */
  readonly fingerprint: string;
  /** True where it was done before its key was uploaded again, so that nothing replaced it unpublished. */
  readonly awaited?: boolean;
}

export interface UploadTarget {
  readonly s3: S3Client;
  readonly bucket: string;
  readonly signal: AbortSignal;
}

/**
 * Puts files into the raw bucket, a few at a time.
 *
 * @throws Error naming the file that cannot be read or changed meanwhile.
 */
export async function upload(target: UploadTarget, files: readonly InputFile[]): Promise<Upload[]> {
  const uploads: Upload[] = [];
  const waiting = [...files];
  const worker = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      uploads.push(await uploadFile(target, file));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_UPLOADS }, worker));
  return uploads;
}

async function uploadFile({ bucket, signal, s3 }: UploadTarget, file: InputFile): Promise<Upload> {
  const { path, key } = file;
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
  const uploaded = { ...file, bucket, version, size, fingerprint };
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
