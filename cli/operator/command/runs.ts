import { setTimeout as sleep } from "node:timers/promises";
import { GetJobRunsCommand, type JobRun } from "@aws-sdk/client-glue";
import { ACTIVE_STATES } from "../../../runtime/glue-states";
import type { Operator } from "./operator";

/** Run of a job, as Glue reports it. */
export interface RunState {
  readonly id: string;
  readonly state: string;
  readonly startedAt?: string;
  /** Seconds of execution so far. */
  readonly seconds: number;
  readonly workers?: number;
  readonly workerType?: string;
  readonly error?: string;
}

const POLL_MILLISECONDS = 2000;

export function isAtWork({ state }: RunState): boolean {
  return ACTIVE_STATES.includes(state);
}

/** The newest runs of a job, the newest first. */
export async function readRuns({ aws, now }: Operator, count: number, JobName: string): Promise<RunState[]> {
  const { JobRuns = [] } = await aws.glue.send(new GetJobRunsCommand({ JobName, MaxResults: count }));
  return JobRuns.slice(0, count).map((run) => runStateOf(run, now));
}

/** State of a run of any job. */
export function runStateOf(run: JobRun, now: Date): RunState {
  const { StartedOn, CompletedOn, NumberOfWorkers, WorkerType, ErrorMessage } = run;
  const elapsed = StartedOn ? ((CompletedOn ?? now).getTime() - StartedOn.getTime()) / 1000 : 0;
  return {
    id: run.Id ?? "",
    state: run.JobRunState ?? "",
    // Glue tells the time of an execution when it is over
    seconds: Math.max(0, Math.round(run.ExecutionTime || elapsed)),
    ...(StartedOn ? { startedAt: StartedOn.toISOString() } : {}),
    ...(NumberOfWorkers === undefined ? {} : { workers: NumberOfWorkers }),
    ...(WorkerType === undefined ? {} : { workerType: WorkerType }),
    ...(ErrorMessage ? { error: ErrorMessage } : {}),
  };
}

/**
 * Waits until the runs of a job are as `wanted`; false where Ctrl-C came first, which ends the waiting and nothing
 * else.
 */
export async function waitForRuns(
  operator: Operator,
  job: string,
  wanted: (runs: readonly RunState[]) => boolean,
): Promise<boolean> {
  while (!operator.signal.aborted) {
    const runs = await readRuns(operator, 5, job);
    if (wanted(runs)) return true;
    const [newest] = runs;
    operator.terminal.progress(
      newest === undefined ? "no run yet" : `${newest.id} ${newest.state.toLowerCase()}`,
    );
    await sleep(POLL_MILLISECONDS, undefined, { signal: operator.signal }).catch(() => undefined);
  }
  return false;
}
