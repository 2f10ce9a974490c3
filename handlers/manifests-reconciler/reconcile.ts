import { emitMetrics } from "../../runtime/aws/embedded-metrics";
import { Duties } from "../../runtime/duties";
import { log } from "../../runtime/log";
import type { ManifestsReconciler, Repairs } from "./reconciler";
import { sweepInputs } from "./sweep-inputs";
import { sweepOpen } from "./sweep-open";

/**
 * Repairs lost events: first for files that were claimed and have no outcome, then for input objects that are
 * not in the table. It repeats the announcement, and leaves all work to its owner; a repeated announcement
 * changes nothing. Quarantined and failed files are the operator's.
 *
 * @throws DutiesFailedError at the end, naming the duties that failed
 */
export async function reconcile(reconciler: ManifestsReconciler): Promise<void> {
  const repairs: Repairs = { announced: 0, resent: 0, completed: 0, compared: 0, pages: 0 };
  const duties = new Duties();
  await duties.attempt("take up open files", () => sweepOpen(reconciler, repairs));
  await duties.attempt("sweep the inputs", () => sweepInputs(reconciler, repairs));
  log("info", "reconciled", { ...repairs });
  emitMetrics(reconciler.emf, [
    { name: "AnnouncedFiles", value: repairs.announced, unit: "Count" },
    { name: "ResentManifests", value: repairs.resent, unit: "Count" },
    { name: "RepairedManifests", value: repairs.completed, unit: "Count" },
  ]);
  duties.finish();
}
