import { Duties } from "../../runtime/duties";
import { readStreamingJob, renewRestart } from "../../runtime/manifests/control";
import { isToRestart } from "./job/restart-policy";
import type { Run } from "./job/run";
import { settleEnd } from "./job/run-end";
import { keepRunRows } from "./job/run-rows";
import { newestRuns, startWhereDue } from "./job/start-run";
import { measure } from "./measure";
import type { ControlPlane } from "./plane";

/**
 * Does the work of each minute: answers an end that no event reported, starts the job when it is due, and
 * measures. The row of an active run shows its cost so far.
 *
 * @throws DutiesFailedError at the end, naming the duties that failed
 */
export async function tick(plane: ControlPlane): Promise<void> {
  const duties = new Duties();
  const asOf = plane.clock.now();
  const runs = await duties.attempt("read the runs", () => newestRuns(plane));
  const newest = runs?.[0];
  if (newest) {
    await duties.attempt("the newest run", () =>
      newest.endedAt ? settleEnd(plane, newest) : keepRunRows(plane, newest),
    );
    if (!newest.endedAt) await duties.attempt("ask for the restart", () => askAgain(plane, newest, asOf));
  }
  if (runs) await duties.attempt("start the job", () => startWhereDue(plane));
  await duties.attempt("measure", () => measure(plane, newest));
  duties.finish();
}

/**
 * Repeats the request for a restart. A run that was being started when the restart was requested finds an
 * order from before its first line, and would go on: while it is active, it is asked again. `asOf` is a time
 * at which it was active, so the next one begins after it.
 */
async function askAgain({ control }: ControlPlane, run: Run, asOf: Date): Promise<void> {
  const job = await readStreamingJob(control);
  const { restartRequestedAt } = job;
  if (!restartRequestedAt || restartRequestedAt >= asOf || !isToRestart(job, run)) return;
  await renewRestart(control, restartRequestedAt, asOf);
}
