import { setTimeout as sleep } from "node:timers/promises";
import { BatchGetItemCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GetJobRunsCommand, type GlueClient, type JobRun } from "@aws-sdk/client-glue";
import { BATCH_END_STATES, FAILED_STATES } from "../../runtime/glue-states";
import type { Upload } from "../inputs/uploads";
import { HOPELESS_FAILURES } from "./pipeline";

const BATCH_GET_KEYS = 100;
const POLL_MILLISECONDS = 500;
const ENDED: readonly string[] = BATCH_END_STATES;

export interface SettleOptions {
  readonly table: string;
  readonly jobName: string;
  readonly signal: AbortSignal;
  readonly report: (detail: string) => void;
  /** Maximum time without any change, while no job run is active, before the wait is given up, in seconds. */
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
    const busy = runs.some((run) => !ENDED.includes(run.JobRunState ?? ""));
    const now = `${uploads.length - unfinished} of ${uploads.length} files, job runs: ${runs.length}, the newest ${runs[0]?.JobRunState ?? "none"}`;
    options.report(now);
    if (unfinished === 0 && !busy) return runs;
    // A large file keeps a run busy without any sign; the job's own timeout ends one that hangs.
    if (now !== last || busy) movedAt = performance.now();
    last = now;
    if (performance.now() - movedAt > options.patienceSeconds * 1000) {
      throw new Error(stuck(`nothing moved for ${options.patienceSeconds} s`, now, runs));
    }
    const failures = runs.findIndex((run) => !FAILED_STATES.includes(run.JobRunState ?? ""));
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
