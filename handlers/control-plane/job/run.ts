import type { JobRun } from "@aws-sdk/client-glue";
import { ACTIVE_STATES } from "../../../runtime/glue-states";
import { dpusOf } from "../../../runtime/prices/glue";

/** Run of the streaming job. */
export interface Run {
  id: string;
  jobName: string;
  state: string;
  startedAt: Date;
  /** Undefined while it runs. */
  endedAt?: Date;
  /** Billed time so far. */
  seconds: number;
  /** Data processing units; undefined where Glue names neither workers nor capacity. */
  dpus?: number;
  /** DPU seconds, Glue's own count where it gives one; else seconds × DPU. */
  dpuSeconds?: number;
  workerType?: string;
  workers?: number;
  /** Error message of Glue. */
  error?: string;
}

/** Picks the fields of Glue's run that matter here. */
export function runOf(run: JobRun, now: Date): Run {
  const state = run.JobRunState ?? "";
  const startedAt = run.StartedOn ?? now;
  const active = ACTIVE_STATES.includes(state);
  const endedAt = active ? undefined : (run.CompletedOn ?? run.LastModifiedOn ?? now);
  const sinceStart = ((endedAt ?? now).getTime() - startedAt.getTime()) / 1_000;
  // Glue gives the time of a run once it has ended, and none of one that never got its workers
  const seconds = active ? Math.max(run.ExecutionTime ?? 0, sinceStart) : (run.ExecutionTime ?? sinceStart);
  const dpus = dpusOf(run);
  const dpuSeconds = run.DPUSeconds ?? (dpus === undefined ? undefined : dpus * seconds);
  return {
    id: run.Id ?? "",
    jobName: run.JobName ?? "",
    state,
    startedAt,
    seconds,
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(dpus === undefined ? {} : { dpus }),
    ...(dpuSeconds === undefined ? {} : { dpuSeconds }),
    ...(run.WorkerType === undefined ? {} : { workerType: run.WorkerType }),
    ...(run.NumberOfWorkers === undefined ? {} : { workers: run.NumberOfWorkers }),
    ...(run.ErrorMessage ? { error: run.ErrorMessage } : {}),
  };
}
