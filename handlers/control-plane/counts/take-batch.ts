import { emitMetrics } from "../../../runtime/aws/embedded-metrics";
import { withBackoff } from "../../../runtime/in-parallel";
import { log } from "../../../runtime/log";
import { hourRowKey, LEDGER_HOUR_ROWS } from "../../../runtime/manifests/metric-rows";
import { addNewColumns } from "../catalog/schema-drift";
import type { PublishedBatch } from "../events/published-batch";
import { expiry } from "../expiry";
import type { ControlPlane } from "../plane";
import { countOnce, numbers } from "./count-once";

/**
 * Records a published batch in catalog and metrics. Its event comes at least once, from every run that
 * continues the batch: a batch and token that was counted is not counted again, while a replay, which has a
 * token of its own, is.
 *
 * @throws UnknownTableError when the dataset has no table
 * @throws ColumnsLeftError when the time did not suffice for all columns
 * @throws AlertRefusedError when EventBridge refuses the event of new columns
 */
export async function takeBatch(plane: ControlPlane, published: PublishedBatch): Promise<void> {
  const { dataset, columns, batch, token } = published;
  await addNewColumns(plane, { dataset, columns, origin: { batch, token } });
  if (!(await withBackoff(plane.clock, () => count(plane, published)))) {
    log("info", "the batch is counted already", { batch, token });
    return;
  }
  emitMetrics(
    plane.emf,
    [
      { name: "LedgerFiles", value: published.files, unit: "Count" },
      { name: "LedgerRows", value: published.rows, unit: "Count" },
      { name: "LedgerDeadLetters", value: published.dead_letters, unit: "Count" },
      { name: "OtherRows", value: published.other_rows, unit: "Count" },
      { name: "LedgerInputBytes", value: published.input_bytes, unit: "Bytes" },
      { name: "LedgerOutputBytes", value: published.output_bytes, unit: "Bytes" },
    ],
    { dataset, batch, token },
  );
}

/**
 * Counts the batch in the hour of its first event: the event names no other time, and may come again days
 * later.
 */
function count({ metrics, clock }: ControlPlane, published: PublishedBatch): Promise<boolean> {
  const { dataset, columns, batch, token, seconds, ...figures } = published;
  const now = clock.now();
  const key = hourRowKey(now, dataset, LEDGER_HOUR_ROWS);
  const [newest_at, ttl] = [{ S: now.toISOString() }, expiry(now.getTime())];
  const row = {
    // no date: whenever the event comes again, it must meet this row
    metric_date: { S: `ledger#${dataset}` },
    metric_type: { S: `batch#${batch}#${token}` },
    counted_at: newest_at,
    ...numbers({ ...figures, seconds }),
    ttl,
  };
  const added = { batches: 1, ...figures, work_seconds: seconds };
  return countOnce(metrics, row, { key, added, set: { newest_at, ttl } });
}
