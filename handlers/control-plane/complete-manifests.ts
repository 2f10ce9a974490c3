import { emitEvent } from "../shared/alerts";
import { Duties } from "../shared/duties";
import { log } from "../shared/log";
import { readManifest, readReceipt } from "../shared/manifests";
import { noteCommit } from "./commits";
import { countManifest } from "./count-manifest";
import { MissingReceiptError } from "./errors";
import { endFiles } from "./file-ends";
import type { ControlPlane } from "./plane";
import type { ProcessedManifest } from "./processed-event";
import { keepCatalogInStep } from "./schema-drift";

/** A manifest of 5,000 files takes 37 s at 256 MB (docs/control-plane.md), so no further one is begun with less. */
const RESERVE_MS = 40_000;

/**
 * Takes what the receipts of manifests say into the books, one manifest after another, each as if it were alone. What
 * the time does not suffice for goes back to the bus as an event of its own, so a batch of any size is worked off.
 *
 * @throws DutiesFailedError at the end, naming the manifests that failed
 */
export async function completeManifests(
  plane: ControlPlane,
  processed: readonly ProcessedManifest[],
): Promise<void> {
  const duties = new Duties();
  const left = [...processed];
  for (let next = left.shift(); next; next = left.shift()) {
    const one = next;
    await duties.attempt(`manifest ${one.id}`, () => completeManifest(plane, one));
    if (plane.remainingMs() < RESERVE_MS) break;
  }
  if (left.length > 0) await duties.attempt("put the rest back", () => putBack(plane, left));
  duties.finish();
}

async function putBack({ bus }: ControlPlane, manifests: readonly ProcessedManifest[]): Promise<void> {
  const detail = { environment: bus.environment, manifests };
  await emitEvent(bus, "ManifestProcessed", detail, `${manifests.length} manifests that are left`);
  log("info", "put manifests back that the time did not suffice for", { manifests: manifests.length });
}

/**
 * Takes one receipt into the books. Counting comes last and marks the manifest as done: whatever failed before is
 * repeated with the event. An event of a generation that was overwritten since changes nothing: the one of the
 * newer generation follows.
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
  await countManifest(plane, receipt);
}
