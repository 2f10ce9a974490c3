import { Duties } from "../shared/duties";
import { measure } from "./measure";
import type { ControlPlane } from "./plane";
import { settleEnd } from "./run-end";
import { keepRunRows } from "./run-rows";
import { newestRuns, startWhereDue } from "./start-run";

/**
 * What is to be done each minute: answer an end that no event told of, start the job when it is due, and measure. The
 * row of a run that goes on says what it cost so far.
 *
 * @throws DutiesFailedError at the end, naming the duties that failed
 */
export async function tick(plane: ControlPlane): Promise<void> {
  const duties = new Duties();
  const runs = await duties.attempt("read the runs", () => newestRuns(plane));
  const newest = runs?.[0];
  if (newest) {
    await duties.attempt("the newest run", () =>
      newest.endedAt ? settleEnd(plane, newest) : keepRunRows(plane, newest),
    );
  }
  if (runs) await duties.attempt("start the job", () => startWhereDue(plane));
  await duties.attempt("measure", () => measure(plane, newest));
  duties.finish();
}
