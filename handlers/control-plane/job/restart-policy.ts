import { MINUTE_MS } from "../../../runtime/clock";
import { FAILED_STATES } from "../../../runtime/glue-states";
import type { StreamingJob } from "../../../runtime/manifests/control";
import type { Run } from "./run";

const HEALTHY_SECONDS = 30 * 60;
const LONGEST_MINUTES = 60;
/** Ends in a row from which even one that was no failure is reported. */
const ALERT_FROM = 3;

/** What the end of a run asks for. */
export interface EndAnswer {
  /** Ends in a row that nobody asked for, this one included. */
  failures: number;
  /** Undefined: at once, when it is wanted. */
  nextStartAt: Date | undefined;
  failed: boolean;
  alert: boolean;
}

/**
 * What the end of a run asks for. Asked for is an end after a stop or a restart was asked for, and an end that Glue
 * gives long runs. After any other the next run waits 1, 2, 4 … 60 minutes from the end, so that a
 * job that dies at its first line does not start all night. A run that lasted half an hour, or committed a manifest,
 * was a good one: its end counts as the first.
 */
export function answerEnd(job: StreamingJob, run: Run, now: Date): EndAnswer {
  const failed = FAILED_STATES.includes(run.state) && !wasEndedByGlue(run);
  if (wasAskedFor(job, run)) return { failures: 0, nextStartAt: undefined, failed, alert: failed };
  const healthy = run.seconds >= HEALTHY_SECONDS || job.committedRunId === run.id;
  const failures = healthy ? 1 : job.failures + 1;
  const nextStartAt = new Date((run.endedAt ?? now).getTime() + waitMs(failures));
  return { failures, nextStartAt, failed, alert: failed || failures >= ALERT_FROM };
}

/** When a run may follow one that turned out to have been a good one. */
export function startAfterGoodRun(endedAt: Date): Date {
  return new Date(endedAt.getTime() + waitMs(1));
}

/** Whether a run is to be started, when none is there. A restart that was asked for since the last one waits for nothing. */
export function isDue(job: StreamingJob, newest: Run | undefined, now: Date): boolean {
  if (job.desired === "stopped") return false;
  if (!job.nextStartAt || job.nextStartAt <= now) return true;
  return newest !== undefined && isToRestart(job, newest);
}

/** Whether a restart was asked for since the run began: then it is to end, and the next one to start at once. */
export function isToRestart({ restartRequestedAt }: StreamingJob, { startedAt }: Run): boolean {
  return restartRequestedAt !== undefined && restartRequestedAt > startedAt;
}

function wasAskedFor(job: StreamingJob, run: Run): boolean {
  return wasEndedByGlue(run) || job.desired === "stopped" || isToRestart(job, run);
}

/**
 * EXPIRED is the weekly end of streaming runs. Whether one without a timeout has none or Glue's default of 2,880
 * minutes its documents leave open (JobRun.Timeout), so a long run may end as TIMEOUT as well.
 */
function wasEndedByGlue({ state, seconds }: Run): boolean {
  return state === "EXPIRED" || (state === "TIMEOUT" && seconds >= HEALTHY_SECONDS);
}

function waitMs(failures: number): number {
  return Math.min(LONGEST_MINUTES, 2 ** (failures - 1)) * MINUTE_MS;
}
