import {
  ConcurrentRunsExceededException,
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
 * Starts one run of the job and does not wait for it. "running" means that Glue refused because the job's
 * maximum of concurrent runs is reached: those runs take what is pending, so it is no failure.
 *
 * @throws any other error of Glue, throttling included once the client's attempts are used up
 */
export async function requestRun(job: Job, size: RunSize = {}): Promise<"started" | "running"> {
  try {
    const { JobRunId } = await job.client.send(new StartJobRunCommand({ JobName: job.name, ...size }));
    log("info", "started a job run", { jobName: job.name, jobRunId: JobRunId, ...size });
    return "started";
  } catch (error) {
    if (!(error instanceof ConcurrentRunsExceededException)) throw error;
    log("info", "a job run is there already", { jobName: job.name });
    return "running";
  }
}

/** Start time of a run of the job; undefined when Glue gives none. */
export async function startOfRun(job: Job, runId: string): Promise<Date | undefined> {
  const { JobRun } = await job.client.send(new GetJobRunCommand({ JobName: job.name, RunId: runId }));
  return JobRun?.StartedOn;
}
