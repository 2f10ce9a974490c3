import { MINUTE_MS } from "../../../runtime/clock";
import { FAILED_STATES } from "../../../runtime/glue-states";
import type { StreamingJob } from "../../../runtime/manifests/control";
import type { Run } from "./run";

const HEALTHY_SECONDS = 30 * 60;
const LONGEST_MINUTES = 60;
/** Number of consecutive ends from which even one that was no failure is reported. */
const ALERT_FROM = 3;

/** Answer to the end of a run. */
export interface EndAnswer {
  /** Consecutive ends that nobody asked for, this one included. */
  failures: number;
  /** Earliest time of the next run; undefined: immediately, when one is wanted. */
  nextStartAt: Date | undefined;
  /** False also where Glue had no role yet. */
  failed: boolean;
  alert: boolean;
}

/**
 * Decides how the end of a run is answered. An end was asked for when it follows a request to stop or
 * restart, or is one that Glue imposes on long runs. After any other the next run waits 1, 2, 4 … 60 minutes
 * from the end, so that a job that dies at its first line does not start all night. A run that lasted half an
 * hour, or committed a manifest, was a good one: its end counts as the first.
 */
export function answerEnd(job: StreamingJob, run: Run, now: Date): EndAnswer {
  const ended = FAILED_STATES.includes(run.state) && !wasEndedByGlue(run);
  if (wasAskedFor(job, run)) return { failures: 0, nextStartAt: undefined, failed: ended, alert: ended };
  const healthy = run.seconds >= HEALTHY_SECONDS || job.committedRunId === run.id;
  const failures = healthy ? 1 : job.failures + 1;
  const failed = ended && !(isRoleOnItsWay(run) && failures < ALERT_FROM);
  const nextStartAt = new Date((run.endedAt ?? now).getTime() + waitMs(failures));
  return { failures, nextStartAt, failed, alert: failed || failures >= ALERT_FROM };
}

/** Earliest time of the next run after one that turned out to be good. */
export function startAfterGoodRun(endedAt: Date): Date {
  return new Date(endedAt.getTime() + waitMs(1));
}

/**
 * Returns whether a run is to be started, when none is active. A restart that was requested after the last
 * run began is not delayed.
 */
export function isDue(job: StreamingJob, newest: Run | undefined, now: Date): boolean {
  if (job.desired === "stopped") return false;
  if (!job.nextStartAt || job.nextStartAt <= now) return true;
  return newest !== undefined && isToRestart(job, newest);
}

/**
 * Returns whether a restart was requested since the run began: then it is to end, and the next one to start
 * immediately.
 */
export function isToRestart({ restartRequestedAt }: StreamingJob, { startedAt }: Run): boolean {
  return restartRequestedAt !== undefined && restartRequestedAt > startedAt;
}

function wasAskedFor(job: StreamingJob, run: Run): boolean {
  return wasEndedByGlue(run) || job.desired === "stopped" || isToRestart(job, run);
}

/**
 * Returns whether Glue ended the run: as TIMEOUT at the job's time limit, the longest there is, or as EXPIRED in
 * the job's maintenance window.
 *
 * @see https://docs.aws.amazon.com/glue/latest/dg/glue-streaming-maintenance.html (2026-11-30)
 */
function wasEndedByGlue({ state, seconds }: Run): boolean {
  return state === "EXPIRED" || (state === "TIMEOUT" && seconds >= HEALTHY_SECONDS);
}

/**
 * Returns whether Glue had no role for the run: that of a deploy a moment ago may not have arrived everywhere. The next
 * run asks again, and the third end in a row is a failure.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html (2026-11-30)
 * @see https://github.com/aws-solutions-library-samples/data-lakes-on-aws/issues/312 (2026-11-30)
 */
function isRoleOnItsWay({ error = "" }: Run): boolean {
  return /\brole\b.*assume role permissions|unable to assume.*\brole\b/i.test(error);
}

function waitMs(failures: number): number {
  return Math.min(LONGEST_MINUTES, 2 ** (failures - 1)) * MINUTE_MS;
}
