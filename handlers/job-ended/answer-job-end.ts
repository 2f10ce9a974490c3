import { Duties } from "../shared/duties";
import { log } from "../shared/log";
import { type Metrics, publish } from "../shared/metrics";
import { type AlertBus, alertOf, emitAlert } from "./alert";
import { type Restart, restartWhilePending } from "./restart";
import { type EndState, readJobEnd } from "./state-change";

export interface JobEnded extends Restart {
  bus: AlertBus;
  metrics: Metrics;
}

interface Answer {
  /** Report the end as a failure. */
  alert: boolean;
  /** Start another run when anything is pending. */
  restart: boolean;
}

/**
 * What each end asks for.
 * - SUCCEEDED: an upload may have come between the job's last look and its end, its own request refused.
 * - TIMEOUT: Glue does not restart a run that reached its time limit, and such a run did work, so go on.
 * - FAILED, ERROR: Glue retries the run itself as often as the job says, then the reconciler starts one at its
 *   own pace. A restart here would let a job that breaks before its first claim, which no attempt counter of an
 *   upload sees, spin as fast as Glue can start it.
 * - STOPPED: somebody stopped it and may not want it back at once; the reconciler takes the work up later.
 */
const ANSWERS: Readonly<Record<EndState, Answer>> = {
  SUCCEEDED: { alert: false, restart: true },
  TIMEOUT: { alert: true, restart: true },
  FAILED: { alert: true, restart: false },
  ERROR: { alert: true, restart: false },
  STOPPED: { alert: false, restart: false },
};

/**
 * Answers the end of a job run. No duty waits for the success of another; a retry after a partial failure repeats
 * them all, so an alert may come twice.
 *
 * @throws DutiesFailedError at the end, naming the duties that failed
 * @throws UnexpectedEventError when the event is not of the end of a run
 */
export async function answerJobEnd(ended: JobEnded, event: unknown): Promise<void> {
  const end = readJobEnd(event);
  const answer = ANSWERS[end.state];
  const duties = new Duties();
  const { jobName, jobRunId, state, message: reason } = end;
  log(answer.alert ? "error" : "info", "a job run ended", { jobName, jobRunId, state, reason });
  if (answer.alert) {
    await duties.attempt("alert", () => emitAlert(ended.bus, alertOf(ended.bus.environment, end)));
    const failure = { name: "JobFailures", value: 1, unit: "Count" } as const;
    await duties.attempt("count the failure", () => publish(ended.metrics, [failure]));
  }
  if (answer.restart) await duties.attempt("restart", () => restartWhilePending(ended));
  duties.finish();
}
