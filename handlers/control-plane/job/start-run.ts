import { GetJobCommand, GetJobRunsCommand } from "@aws-sdk/client-glue";
import { type RunSize, requestRun } from "../../../runtime/aws/job-run";
import { readStreamingJob, type StreamingJob } from "../../../runtime/manifests/control";
import type { ControlPlane, StreamingJobName } from "../plane";
import { answerEnd, isDue } from "./restart-policy";
import { type Run, runOf } from "./run";

/** Number of runs that are read: the newest, and those that may still occupy the slot. */
const NEWEST = 10;

/** Reads the job's newest runs, the newest first. */
export async function newestRuns({ job, clock }: ControlPlane): Promise<Run[]> {
  const get = new GetJobRunsCommand({ JobName: job.name, MaxResults: NEWEST });
  const { JobRuns = [] } = await job.client.send(get);
  return JobRuns.map((run) => runOf(run, clock.now())).sort(
    (one, other) => other.startedAt.getTime() - one.startedAt.getTime(),
  );
}

/** Starts a run of the job when one is wanted, it is due, and none is active. */
export async function startWhereDue(plane: ControlPlane): Promise<void> {
  const { control, clock, job } = plane;
  const runs = await newestRuns(plane);
  if (runs.some(({ endedAt }) => endedAt === undefined)) return;
  const wanted = withEnd(await readStreamingJob(control), runs[0], clock.now());
  if (!isDue(wanted, runs[0], clock.now())) return;
  // two concurrent starts are no failure: the job allows one run, and Glue refuses the other
  await requestRun(job, await sizeOf(job, wanted.workers ?? job.workers));
}

/** Adds an end that is not recorded yet, so that the next run waits after it all the same. */
function withEnd(job: StreamingJob, newest: Run | undefined, now: Date): StreamingJob {
  if (!newest || job.answered?.runId === newest.id) return job;
  const { nextStartAt } = answerEnd(job, newest, now);
  const { nextStartAt: _, ...rest } = job;
  return nextStartAt ? { ...rest, nextStartAt } : rest;
}

/** Size of the next run: Glue takes a number of workers only along with their type. */
async function sizeOf({ client, name, workers: usual }: StreamingJobName, workers: number): Promise<RunSize> {
  if (workers === usual) return {};
  const { Job } = await client.send(new GetJobCommand({ JobName: name }));
  return { NumberOfWorkers: workers, ...(Job?.WorkerType ? { WorkerType: Job.WorkerType } : {}) };
}
