import { GetJobRunsCommand, type GlueClient, type JobRun } from "@aws-sdk/client-glue";
import { AUDIT_RUNS } from "../../runtime/audit";
import { DAY_MS } from "../../runtime/clock";
import { costOf, dpusOf } from "../../runtime/prices/glue";
import { type Lake, readObject, replaceObject } from "./objects";

/** A job, by its name in Glue and the name of it here, as in `ledger-batch`. */
export interface AuditedJob {
  readonly name: string;
  readonly job: string;
  readonly pipeline: string;
}

/** Days that a run is looked at from its begin on: the streaming job's last for seven. */
const DAYS = 10;
const PAGE = 200;

/**
 * Writes the runs of a job as Glue has them, an object for each day on which some began, where it changed. A run that
 * still works is told with what it took so far.
 */
export async function keepRuns(lake: Lake, glue: GlueClient, job: AuditedJob, now: Date): Promise<void> {
  const since = new Date(now.getTime() - DAYS * DAY_MS).toISOString().slice(0, 10);
  const days = new Map<string, JobRun[]>();
  for (const run of await runsSince(glue, job.name, since)) {
    const day = dayOf(run);
    days.set(day, [...(days.get(day) ?? []), run]);
  }
  for (const [day, runs] of days) {
    const key = `${AUDIT_RUNS}day=${day}/${job.job}.ndjson`;
    const lines = runs.map((run) => `${JSON.stringify(rowOf(job, run))}\n`).sort();
    const content = Buffer.from(lines.join(""));
    const existing = await readObject(lake, key);
    if (!existing?.content.equals(content)) await replaceObject(lake, key, content, existing);
  }
}

const dayOf = ({ StartedOn }: JobRun) => StartedOn?.toISOString().slice(0, 10) ?? "";

/** Runs that began on a day or after it; Glue gives the newest first. */
async function runsSince(glue: GlueClient, JobName: string, day: string): Promise<JobRun[]> {
  const found: JobRun[] = [];
  let next: string | undefined;
  do {
    const answer = await glue.send(
      new GetJobRunsCommand({
        JobName,
        MaxResults: PAGE,
        ...(next === undefined ? {} : { NextToken: next }),
      }),
    );
    const runs = answer.JobRuns ?? [];
    found.push(...runs.filter((run) => dayOf(run) >= day));
    next = runs.some((run) => dayOf(run) < day) ? undefined : answer.NextToken;
  } while (next !== undefined);
  return found;
}

function rowOf({ job, pipeline }: AuditedJob, run: JobRun): object {
  const seconds = run.ExecutionTime ?? 0;
  const dpuSeconds = run.DPUSeconds ?? (dpusOf(run) ?? 0) * seconds;
  return {
    run: run.Id,
    job,
    pipeline,
    state: run.JobRunState,
    attempt: run.Attempt ?? 0,
    started_at: time(run.StartedOn),
    ended_at: time(run.CompletedOn),
    seconds,
    dpu_seconds: dpuSeconds,
    dollars: costOf(dpuSeconds, run.ExecutionClass),
    message: run.ErrorMessage ?? null,
  };
}

/** Timestamp as the readers of JSON in Athena take one. */
function time(moment: Date | undefined): string | null {
  return moment?.toISOString().replace("T", " ").replace("Z", "") ?? null;
}
