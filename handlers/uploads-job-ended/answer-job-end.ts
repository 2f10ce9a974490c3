import { type AlertBus, emitAlert } from "../../runtime/aws/alerts";
import { startOfRun } from "../../runtime/aws/job-run";
import { type Metrics, publish } from "../../runtime/aws/metrics";
import { Duties } from "../../runtime/duties";
import { log } from "../../runtime/log";
import { forgetRequest } from "../../runtime/uploads/run-request";
import { alertOf } from "./alert";
import { type Restart, restartWhilePending } from "./restart";
import { type EndState, readJobEnd } from "./state-change";

export interface JobEnded extends Restart {
  bus: AlertBus;
  metrics: Metrics;
}

interface Answer {
  /** Report the end as a failure. */
  alert: boolean;
  /** Start another run when anything is pending, or only for what came since the ended run began, or not at all. */
  restart: "pending" | "arrived" | "never";
}

/**
 * Answers to each end of a run.
 * - SUCCEEDED: an upload may have come between the job's last look and its end, its own request refused.
 * - TIMEOUT: Glue does not restart a run that reached its time limit, and such a run did work, so go on.
 * - FAILED, ERROR: the same for what came while it ran. What was there before is left to Glue's own retries,
 *   then to the reconciler's pace: a job that breaks before its first claim, which no attempt counter of an
 *   upload sees, would otherwise spin as fast as Glue can start it.
 * - STOPPED: somebody stopped it and may not want it back immediately; the reconciler resumes the work later.
 */
const ANSWERS: Readonly<Record<EndState, Answer>> = {
  SUCCEEDED: { alert: false, restart: "pending" },
  TIMEOUT: { alert: true, restart: "pending" },
  FAILED: { alert: true, restart: "arrived" },
  ERROR: { alert: true, restart: "arrived" },
  STOPPED: { alert: false, restart: "never" },
};

/**
 * Answers the end of a job run. No duty waits for the success of another; a retry after a partial failure
 * repeats them all, so an alert may come twice.
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
  if (answer.restart === "never") {
    await duties.attempt("forget the request for a run", () => forgetRequest(ended.uploads));
  } else {
    await duties.attempt("restart", async () => {
      const since = answer.restart === "arrived" ? await startOfRun(ended.job, jobRunId) : undefined;
      await restartWhilePending(ended, since);
    });
  }
  duties.finish();
}
