import { UnexpectedEventError } from "../../runtime/errors";
import { dropColumns, readDropped } from "./catalog/drop-columns";
import { completeManifests } from "./counts/complete-manifests";
import { takeBatch } from "./counts/take-batch";
import { takeUpload } from "./counts/take-upload";
import { readProcessed } from "./events/processed-event";
import { readPublished } from "./events/published-batch";
import { readUpload } from "./events/published-upload";
import { answerStateChange } from "./job/run-end";
import type { ControlPlane } from "./plane";
import { tick } from "./tick";

/**
 * Dispatches an event: `ManifestProcessed` of the streaming job (or of the reconciler),
 * `LedgerBatchPublished` of the batch job, `UploadPublished` of the uploads job, Glue's `Glue Job State Change`, the tick of every minute, or the
 * columns that an operator drops.
 *
 * @throws UnexpectedEventError when it is none of them
 * @throws DutiesFailedError when some duties of the event failed
 * @throws UnknownTableError when a dataset has no table
 * @throws DeclaredColumnsError when an operator drops a column that its dataset declares
 * @throws ColumnsLeftError when the time did not suffice for new columns
 */
export async function answer(plane: ControlPlane, event: unknown): Promise<void> {
  const { kind, "detail-type": detailType } = (event ?? {}) as { kind?: unknown; "detail-type"?: unknown };
  if (kind === "tick") return tick(plane);
  if (kind === "drop-columns") return dropColumns(plane, readDropped(event));
  if (detailType === "ManifestProcessed") return completeManifests(plane, readProcessed(event));
  if (detailType === "LedgerBatchPublished") return takeBatch(plane, readPublished(event));
  if (detailType === "UploadPublished") return takeUpload(plane, readUpload(event));
  if (detailType === "Glue Job State Change") return answerStateChange(plane, event);
  throw new UnexpectedEventError(
    "a tick, dropped columns, a ManifestProcessed, LedgerBatchPublished, UploadPublished or Glue Job State Change event",
    event,
  );
}
