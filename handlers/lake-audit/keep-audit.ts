import type { GlueClient } from "@aws-sdk/client-glue";
import type { Clock } from "../../runtime/clock";
import { Duties } from "../../runtime/duties";
import { log } from "../../runtime/log";
import { incomingHours, mergeHour } from "./merge";
import type { Lake } from "./objects";
import { type AuditedJob, keepRuns } from "./runs";

/** Dependencies of the function. */
export interface LakeAudit {
  readonly lake: Lake;
  readonly glue: GlueClient;
  /** Jobs whose runs are told; none where the audit is switched off. */
  readonly jobs: readonly AuditedJob[];
  readonly clock: Clock;
  /** Milliseconds left of the invocation. */
  remainingMs(): number;
}

/** Time that must be left to begin with an hour: 200,000 rows take some 10 s. */
const RESERVE_MS = 60_000;

/**
 * Brings the audit's tables up to date: the runs of each job, then the hours that rows came for, the oldest first.
 * What the time does not suffice for, the next round does.
 *
 * @throws DutiesFailedError at the end, naming the jobs and hours that failed
 */
export async function keepAudit({ lake, glue, jobs, clock, remainingMs }: LakeAudit): Promise<void> {
  const duties = new Duties();
  for (const job of jobs) {
    await duties.attempt(`runs of ${job.name}`, () => keepRuns(lake, glue, job, clock.now()));
  }
  const hours = (await duties.attempt("list rows", () => incomingHours(lake))) ?? [];
  for (const hour of hours) {
    if (remainingMs() < RESERVE_MS) break;
    const merged = await duties.attempt(`rows of ${hour.name}`, () => mergeHour(lake, hour));
    if (merged) log("info", "merged an hour of rows", { hour: hour.name, ...merged });
  }
  duties.finish();
}
