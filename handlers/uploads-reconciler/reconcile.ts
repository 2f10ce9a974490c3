import { type Job, requestRun } from "../../runtime/aws/job-run";
import { type Metrics, publish } from "../../runtime/aws/metrics";
import { Duties } from "../../runtime/duties";
import { log } from "../../runtime/log";
import { type Backlog, owesAudit, readBacklog } from "../../runtime/uploads/pending";
import { type Sweep, sweep } from "./sweep";

export interface Reconciler extends Sweep {
  job: Job;
  metrics: Metrics;
}

/**
 * Repairs lost events. The backlog comes first, for it is quick and needs a run now: uploads whose run was
 * refused or died, expired leases among them, since a claimed upload stays pending. Then the bucket is swept
 * in the time that is left. An upload that the index does not show yet is left to the next invocation.
 *
 * @throws DutiesFailedError at the end, naming the duties that failed
 */
export async function reconcile(reconciler: Reconciler): Promise<void> {
  const duties = new Duties();
  const backlog = await duties.attempt("read the backlog", () =>
    readBacklog(reconciler.uploads, reconciler.clock.now()),
  );
  if (backlog) {
    log("info", "read the backlog", { ...backlog });
    await duties.attempt("publish metrics", () => publishBacklog(reconciler.metrics, backlog));
  }
  if (backlog?.available) await duties.attempt("start a run", () => requestRun(reconciler.job));
  const found = await sweep(reconciler, duties);
  // every run begins with the rows of the audit that earlier ones owe
  const before = new Date(reconciler.clock.now().getTime() - reconciler.graceMs);
  const owes = await duties.attempt("look for owed rows", () => owesAudit(reconciler.uploads, before));
  if ((found > 0 || owes) && !backlog?.available) {
    await duties.attempt("start a run for what was found", () => requestRun(reconciler.job));
  }
  duties.finish();
}

async function publishBacklog(metrics: Metrics, backlog: Backlog): Promise<void> {
  await publish(metrics, [
    { name: "PendingUploads", value: backlog.uploads, unit: "Count" },
    { name: "OldestPendingSeconds", value: backlog.oldestSeconds, unit: "Seconds" },
  ]);
}
