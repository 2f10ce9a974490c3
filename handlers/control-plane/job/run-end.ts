import { GetJobRunCommand } from "@aws-sdk/client-glue";
import { emitAlert } from "../../../runtime/aws/alerts";
import { emitMetrics } from "../../../runtime/aws/embedded-metrics";
import { Duties } from "../../../runtime/duties";
import { UnexpectedEventError } from "../../../runtime/errors";
import { log } from "../../../runtime/log";
import { readStreamingJob, recordEnd } from "../../../runtime/manifests/control";
import type { ControlPlane } from "../plane";
import { answerEnd } from "./restart-policy";
import { type Run, runOf } from "./run";
import { alertOfEnd } from "./run-failure";
import { keepRunRows } from "./run-rows";
import { startWhereDue } from "./start-run";

/**
 * Answers a state change of the streaming job. The run's current state is read from Glue, not from the event:
 * events come late and in any order.
 *
 * @throws DutiesFailedError naming the duties that failed
 * @throws UnexpectedEventError when the event is of another job
 */
export async function answerStateChange(plane: ControlPlane, event: unknown): Promise<void> {
  const { detail } = (event ?? {}) as { detail?: { jobName?: unknown; jobRunId?: unknown } };
  const { job, clock } = plane;
  if (detail?.jobName !== job.name || typeof detail.jobRunId !== "string") {
    throw new UnexpectedEventError(`a state change of the job ${job.name}`, event);
  }
  const get = new GetJobRunCommand({ JobName: job.name, RunId: detail.jobRunId });
  const { JobRun } = await job.client.send(get);
  if (!JobRun) throw new UnexpectedEventError("the run of a job", event);
  const run = runOf(JobRun, clock.now());
  if (run.endedAt) await settleEnd(plane, run);
  else await keepRunRows(plane, run);
  await startWhereDue(plane);
}

/**
 * Handles the end of a run once: its rows, an alert, the time of the next start. The end is recorded last, so
 * that a failure before leaves it to the next event or tick; an alert may come twice then. For a run that is
 * older than one that was answered only the rows are written.
 *
 * @throws DutiesFailedError naming the duties that failed
 */
export async function settleEnd(plane: ControlPlane, run: Run): Promise<void> {
  const { bus, clock, control, emf } = plane;
  const job = await readStreamingJob(control);
  if (job.answered?.runId === run.id) return;
  if (job.answered && job.answered.startedAt >= run.startedAt) return keepRunRows(plane, run);
  const answer = answerEnd(job, run, clock.now());
  const { failures, nextStartAt, failed } = answer;
  const { id: jobRunId, state, error: reason } = run;
  log(failed ? "error" : "info", "a run of the streaming job ended", {
    jobRunId,
    state,
    reason,
    failures,
    nextStartAt,
  });
  const duties = new Duties();
  await duties.attempt("rows of the run", () => keepRunRows(plane, run));
  if (answer.alert) {
    await duties.attempt("alert", () => emitAlert(bus, alertOfEnd(bus.environment, run, answer)));
  }
  duties.finish();
  const end = { runId: run.id, startedAt: run.startedAt, failures, nextStartAt };
  if (!(await recordEnd(control, end))) return;
  emitMetrics(
    emf,
    [
      { name: "JobRuns", value: 1, unit: "Count" },
      { name: "StreamingJobFailures", value: failed ? 1 : 0, unit: "Count" },
      { name: "DpuSeconds", value: run.dpuSeconds ?? 0, unit: "Seconds" },
    ],
    { jobRunId },
  );
}
