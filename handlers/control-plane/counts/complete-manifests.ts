import { emitEvent } from "../../../runtime/aws/alerts";
import { Duties } from "../../../runtime/duties";
import { log } from "../../../runtime/log";
import { readManifest, readReceipt } from "../../../runtime/manifests/manifests";
import { isSmoke } from "../../../runtime/smoke";
import { keepCatalogInStep } from "../catalog/schema-drift";
import { MissingReceiptError } from "../errors";
import type { ProcessedManifest } from "../events/processed-event";
import { noteCommit } from "../job/commits";
import type { ControlPlane } from "../plane";
import { countManifest } from "./count-manifest";
import { endFiles } from "./file-ends";

/**
 * Time that must be left to begin with a manifest: one of 5,000 files takes 37 s at 256 MB
 * (docs/control-plane.md).
 */
const RESERVE_MS = 40_000;

/**
 * Records receipts in the state tables, one manifest after another, each independently of the others. Those
 * that the time does not suffice for go back to the bus as an event of their own, so a batch of any size is
 * worked off, and so does each manifest that failed: Lambda repeats an event whole, and would put the rest
 * back each time.
 *
 * @throws DutiesFailedError naming the one manifest of an event, or when something could not be put back
 */
export async function completeManifests(
  plane: ControlPlane,
  processed: readonly ProcessedManifest[],
): Promise<void> {
  const duties = new Duties();
  const [only, ...others] = processed;
  if (only && others.length === 0) {
    await duties.attempt(`manifest ${only.id}`, () => completeManifest(plane, only));
    return duties.finish();
  }
  const left = [...processed];
  const failed: ProcessedManifest[] = [];
  for (let next = left.shift(); next; next = left.shift()) {
    if (!(await succeeds(plane, next))) failed.push(next);
    if (plane.remainingMs() < RESERVE_MS) break;
  }
  for (const event of [left, ...failed.map((one) => [one])]) {
    if (event.length > 0) await duties.attempt("put manifests back", () => putBack(plane, event));
  }
  duties.finish();
}

async function succeeds(plane: ControlPlane, processed: ProcessedManifest): Promise<boolean> {
  try {
    await completeManifest(plane, processed);
    return true;
  } catch (error) {
    const { manifest, generation } = processed;
    log("error", "a manifest failed among others", { manifest, generation, reason: String(error) });
    return false;
  }
}

async function putBack({ bus }: ControlPlane, manifests: readonly ProcessedManifest[]): Promise<void> {
  const detail = { environment: bus.environment, manifests };
  await emitEvent(bus, "ManifestProcessed", detail, `${manifests.length} manifests that are left`);
  log("info", "put manifests back", { manifests: manifests.length });
}

/**
 * Records one receipt in the state tables. Counting comes last and marks the manifest as done: whatever
 * failed before is repeated with the event. A manifest of a smoke test is not counted. An event of a generation that was overwritten since changes
 * nothing: the one of the newer generation follows.
 */
async function completeManifest(plane: ControlPlane, processed: ProcessedManifest): Promise<void> {
  const [manifest, receipt] = await Promise.all([
    readManifest(plane.manifests, processed.manifest),
    readReceipt(plane.manifests, processed.receipt),
  ]);
  if (!manifest || !receipt || receipt.generation < processed.generation) {
    throw new MissingReceiptError(manifest ? processed.receipt : processed.manifest, processed.generation);
  }
  const { id, generation } = processed;
  if (receipt.generation > generation) {
    log("info", "left an event of a generation that was replaced", { id, generation });
    return;
  }
  const duties = new Duties();
  await duties.attempt("file statuses", () => endFiles(plane, processed.manifest, manifest, receipt));
  await duties.attempt("commit", () => noteCommit(plane, receipt.job_run_id));
  await duties.attempt("catalog", () => keepCatalogInStep(plane, receipt));
  duties.finish();
  // neither metrics nor cost figures are to have what a smoke test sent
  if (!isSmoke(receipt.dataset)) await countManifest(plane, receipt);
}
