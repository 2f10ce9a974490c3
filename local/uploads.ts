import { createReadStream, readdirSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { BatchGetItemCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GetJobRunsCommand, type GlueClient, type JobRun } from "@aws-sdk/client-glue";
import { PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";

const BATCH_GET_KEYS = 100;
const POLL_MILLISECONDS = 500;
const CONCURRENT_UPLOADS = 8;
const HOPELESS_FAILURES = 3;
const FAILED = new Set(["FAILED", "TIMEOUT", "ERROR"]);
const ENDED = new Set(["SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR"]);

/** One file as it was put into the raw bucket. */
export interface Upload {
  readonly bucket: string;
  readonly key: string;
  readonly version: string;
  /** The file below the input folder, and what shows that it was changed since. */
  readonly file: string;
  readonly fingerprint: string;
}

/** The files below `folder` that the pipeline takes, as paths relative to it, sorted. */
export function csvFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => /\.csv(\.gz)?$/.test(path))
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
  const key = target.prefix + file.split(sep).join("/");
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
  const uploaded = { bucket, key, version, file, fingerprint };
  refuseChanged(folder, [uploaded]);
  return uploaded;
}

/** Exactly `size` bytes; ends early, having told why, where the file has fewer or cannot be read. */
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

/** @throws Error when a file is no longer what was uploaded: no comparison with it would mean anything. */
export function refuseChanged(folder: string, uploads: readonly Upload[]): void {
  for (const { file, fingerprint } of uploads) {
    const path = join(folder, file);
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

export interface SettleOptions {
  readonly table: string;
  readonly jobName: string;
  readonly signal: AbortSignal;
  readonly report: (detail: string) => void;
  /** How long nothing may change, while no job run is at work, before the wait is given up, in seconds. */
  readonly patienceSeconds: number;
}

/**
 * Waits until every upload has an outcome in the uploads table and no job run is at work; returns the runs.
 *
 * @throws Error when nothing moved for `patienceSeconds` or every new run fails, naming what is unfinished.
 */
export async function settle(
  dynamo: DynamoDBClient,
  glue: GlueClient,
  uploads: readonly Upload[],
  options: SettleOptions,
): Promise<readonly JobRun[]> {
  let last = "";
  let movedAt = performance.now();
  for (;;) {
    const statuses = await statusesOf(dynamo, options.table, uploads);
    const { JobRuns: runs = [] } = await glue.send(new GetJobRunsCommand({ JobName: options.jobName }));
    const unfinished = (statuses.get("pending") ?? 0) + (statuses.get("unregistered") ?? 0);
    const busy = runs.some((run) => !ENDED.has(run.JobRunState ?? ""));
    const now = `${uploads.length - unfinished} of ${uploads.length} files, job runs: ${runs.length}, the newest ${runs[0]?.JobRunState ?? "none"}`;
    options.report(now);
    if (unfinished === 0 && !busy) return runs;
    // A large file keeps a run busy without any sign; the job's own timeout ends one that hangs.
    if (now !== last || busy) movedAt = performance.now();
    last = now;
    if (performance.now() - movedAt > options.patienceSeconds * 1000) {
      throw new Error(stuck(`nothing moved for ${options.patienceSeconds} s`, now, runs));
    }
    const failures = runs.findIndex((run) => !FAILED.has(run.JobRunState ?? ""));
    if ((failures < 0 ? runs.length : failures) >= HOPELESS_FAILURES) {
      throw new Error(stuck(`${HOPELESS_FAILURES} job runs in a row failed`, now, runs));
    }
    await sleep(POLL_MILLISECONDS, undefined, { signal: options.signal });
  }
}

function stuck(what: string, now: string, runs: readonly JobRun[]): string {
  const reason = runs.find((run) => run.ErrorMessage)?.ErrorMessage;
  return `${what} (${now})${reason === undefined ? "" : `; the newest failed run says: ${reason}`}`;
}

async function statusesOf(
  dynamo: DynamoDBClient,
  table: string,
  uploads: readonly Upload[],
): Promise<Map<string, number>> {
  const statuses = new Map<string, number>();
  for (let from = 0; from < uploads.length; from += BATCH_GET_KEYS) {
    const batch = uploads.slice(from, from + BATCH_GET_KEYS);
    const keys = batch.map(({ bucket, key, version }) => ({
      object: { S: `${bucket}/${key}` },
      version: { S: version },
    }));
    const { Responses = {} } = await dynamo.send(
      new BatchGetItemCommand({ RequestItems: { [table]: { Keys: keys, ConsistentRead: true } } }),
    );
    const items = Responses[table] ?? [];
    for (const item of items) count(statuses, item["status"]?.S ?? "pending", 1);
    count(statuses, "unregistered", batch.length - items.length);
  }
  return statuses;
}

function count(counts: Map<string, number>, name: string, by: number): void {
  if (by > 0) counts.set(name, (counts.get(name) ?? 0) + by);
}
