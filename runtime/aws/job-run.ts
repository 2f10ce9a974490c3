import {
  GetJobRunCommand,
  type GlueClient,
  StartJobRunCommand,
  type StartJobRunRequest,
} from "@aws-sdk/client-glue";
import { log } from "../log";

export interface Job {
  client: GlueClient;
  name: string;
}

/** Workers of a run, where they differ from the job's. */
export type RunSize = Pick<StartJobRunRequest, "NumberOfWorkers" | "WorkerType">;

/**
 * Outcome of asking for a run; only `started` made one. `running`: the job has as many as it may have, and they take
 * what is pending. `busy`: Glue has no call or no capacity left for the account.
 */
export type Requested = "started" | "running" | "busy";

/** Refusals of StartJobRun that pass, by the error's name. */
const REFUSALS: Readonly<Record<string, Exclude<Requested, "started">>> = {
  ConcurrentRunsExceededException: "running",
  ResourceNumberLimitExceededException: "busy",
  ThrottlingException: "busy",
};

/** Which refusal of StartJobRun that passes an error is; undefined for any other error. */
export function refusalOf(error: unknown): Exclude<Requested, "started"> | undefined {
  return error instanceof Error ? REFUSALS[error.name] : undefined;
}

/**
 * Starts one run of the job and does not wait for it. A refusal is no failure: all who ask do so again, on schedule
 * or at the end of the runs that are there.
 *
 * @throws any other error of Glue
 */
export async function requestRun(job: Job, size: RunSize = {}): Promise<Requested> {
  try {
    const { JobRunId } = await job.client.send(new StartJobRunCommand({ JobName: job.name, ...size }));
    log("info", "started a job run", { jobName: job.name, jobRunId: JobRunId, ...size });
    return "started";
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    log(refusal === "busy" ? "warn" : "info", "no run started", {
      jobName: job.name,
      refusal,
      reason: (error as Error).message,
    });
    return refusal;
  }
}

/** Start time of a run of the job; undefined when Glue gives none. */
export async function startOfRun(job: Job, runId: string): Promise<Date | undefined> {
  const { JobRun } = await job.client.send(new GetJobRunCommand({ JobName: job.name, RunId: runId }));
  return JobRun?.StartedOn;
}
