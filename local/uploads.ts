import { createReadStream, readdirSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BatchGetItemCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GetJobRunsCommand, type GlueClient, type JobRun } from "@aws-sdk/client-glue";
import { PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";

const BATCH_GET_KEYS = 100;
const POLL_MILLISECONDS = 500;
const CONCURRENT_UPLOADS = 8;
const HOPELESS_FAILURES = 3;
const ENDED = new Set(["SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR"]);

/** One file as it was put into the raw bucket. */
export interface Upload {
  readonly bucket: string;
  readonly key: string;
  readonly version: string;
}

/** The files below `folder` that the pipeline takes, as paths relative to it, sorted. */
export function csvFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => /\.csv(\.gz)?$/.test(path) && statSync(join(folder, path)).isFile())
    .sort();
}

/** Puts `files` of `folder` below `prefix` of the raw bucket, a few at a time. */
export async function upload(
  s3: S3Client,
  bucket: string,
  prefix: string,
  folder: string,
  files: readonly string[],
): Promise<Upload[]> {
  const uploads: Upload[] = [];
  const waiting = [...files];
  const worker = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const path = join(folder, file);
      const key = prefix + relative(folder, path).split(sep).join("/");
      const put = new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: createReadStream(path),
        ContentLength: statSync(path).size,
      });
      const { VersionId: version } = await s3.send(put);
      if (version === undefined)
        throw new Error(`bucket ${bucket} gave no version id for ${key}: it is not versioned`);
      uploads.push({ bucket, key, version });
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_UPLOADS }, worker));
  return uploads;
}

export interface SettleOptions {
  readonly table: string;
  readonly jobName: string;
  readonly signal: AbortSignal;
  readonly report: (detail: string) => void;
  /** How long nothing may change before the wait is given up, in seconds. */
  readonly patienceSeconds: number;
  /** Where the user finds what the job said. */
  readonly log: string;
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
    const now = `${uploads.length - unfinished} of ${uploads.length} files, ${runs.length} job runs, newest ${runs[0]?.JobRunState ?? "none"}`;
    options.report(now);
    if (unfinished === 0 && !busy) return runs;
    if (now !== last) movedAt = performance.now();
    last = now;
    if (performance.now() - movedAt > options.patienceSeconds * 1000) {
      throw new Error(stuck(`nothing moved for ${options.patienceSeconds} s`, now, runs, options));
    }
    const failures = runs.findIndex((run) => run.JobRunState !== "FAILED");
    if ((failures < 0 ? runs.length : failures) >= HOPELESS_FAILURES) {
      throw new Error(stuck(`${HOPELESS_FAILURES} job runs in a row failed`, now, runs, options));
    }
    await sleep(POLL_MILLISECONDS, undefined, { signal: options.signal });
  }
}

function stuck(what: string, now: string, runs: readonly JobRun[], options: SettleOptions): string {
  const reason = runs[0]?.ErrorMessage ? `; the newest run says: ${runs[0].ErrorMessage}` : "";
  return `${what} (${now})${reason}; the log of job ${options.jobName} is in ${options.log}`;
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
