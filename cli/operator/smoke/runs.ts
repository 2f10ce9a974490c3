import { GetJobRunsCommand, type JobRun } from "@aws-sdk/client-glue";
import { ACTIVE_STATES, FAILED_STATES } from "../../../runtime/glue-states";
import { costOf, dpusOf } from "../../../runtime/prices/glue";
import type { Operator } from "../command/operator";

/** Runs that failed in a row, after which no other is waited for. */
const HOPELESS = 2;
/** Time that Glue bills for each run at least, in seconds. */
export const BILLED_SECONDS = 60;

/** Reads the runs of a job that ended or worked after a time, the newest first. */
export async function runsSince({ aws }: Operator, job: string, time: Date): Promise<JobRun[]> {
  const { JobRuns = [] } = await aws.glue.send(new GetJobRunsCommand({ JobName: job, MaxResults: 10 }));
  return JobRuns.filter((run) => isActive(run) || (run.CompletedOn ?? run.StartedOn ?? time) > time);
}

export function isActive({ JobRunState }: JobRun): boolean {
  return JobRunState !== undefined && ACTIVE_STATES.includes(JobRunState);
}

function isFailed({ JobRunState }: JobRun): boolean {
  return JobRunState !== undefined && FAILED_STATES.includes(JobRunState);
}

/** The newest run in words. */
export function runWords(job: string, [newest]: readonly JobRun[]): string {
  if (newest === undefined) return `no run of ${job}`;
  const message = newest.ErrorMessage ? `: ${newest.ErrorMessage}` : "";
  return `run ${newest.Id} of ${job} is ${newest.JobRunState}${message}`;
}

/** Why runs will not do the work: the newest ones failed; undefined where they may. */
export function hopeless(job: string, runs: readonly JobRun[]): string | undefined {
  const ended = runs.filter((run) => !isActive(run)).slice(0, HOPELESS);
  if (ended.length < HOPELESS || !ended.every(isFailed) || runs.some(isActive)) return undefined;
  return `${HOPELESS} runs in a row failed; ${runWords(job, ended)}`;
}

/** Cost of runs so far, in dollars: each is billed by the second, and for a minute at least. */
export function costOfRuns(runs: readonly JobRun[], now: number): number {
  return runs.reduce((sum, run) => {
    const elapsed = run.ExecutionTime || (now - (run.StartedOn?.getTime() ?? now)) / 1000;
    const dpuSeconds = run.DPUSeconds ?? (dpusOf(run) ?? 0) * Math.max(elapsed, BILLED_SECONDS);
    return sum + costOf(dpuSeconds, run.ExecutionClass);
  }, 0);
}
