import { emitMetrics } from "../../../runtime/aws/embedded-metrics";
import { isSmoke } from "../../../runtime/smoke";
import { addNewColumns } from "../catalog/schema-drift";
import type { PublishedUpload } from "../events/published-upload";
import type { ControlPlane } from "../plane";

/**
 * Adds the columns of a published upload to its table. Its event comes at least once, and its rows with other keys are
 * counted each time: an alarm asks whether there are any.
 *
 * @throws UnknownTableError when the dataset has no table
 * @throws ColumnsLeftError when the time did not suffice for all columns
 * @throws AlertRefusedError when EventBridge refuses the event of new columns
 */
export async function takeUpload(plane: ControlPlane, published: PublishedUpload): Promise<void> {
  const { dataset, columns, key, version, otherRows } = published;
  const origin = { key, version };
  await addNewColumns(plane, { dataset, columns, origin });
  if (otherRows === 0 || isSmoke(dataset)) return;
  emitMetrics(plane.emf, [{ name: "OtherRows", value: otherRows, unit: "Count" }], { dataset, ...origin });
}
