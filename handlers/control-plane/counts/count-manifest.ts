import type { Item } from "../../../runtime/aws/dynamo";
import { type EmbeddedMetric, emitMetrics } from "../../../runtime/aws/embedded-metrics";
import { withBackoff } from "../../../runtime/in-parallel";
import { log } from "../../../runtime/log";
import type { Receipt } from "../../../runtime/manifests/manifests";
import { expiry } from "../expiry";
import type { ControlPlane } from "../plane";
import { reportAnomalies } from "./anomalies";
import { countOnce, numbers } from "./count-once";
import { committedAt, hourKey, manifestRowKey } from "./hours";
import { latenciesOf, type Observations, observe } from "./observations";

/**
 * Counts a manifest: its own row and its hour's sums in one transaction, so a repeated event counts nothing
 * twice. Only the winner of the transaction writes the metrics, and after it: a crash between the two leaves
 * one manifest out of the metrics and never counts one twice.
 *
 * @throws AlertRefusedError when EventBridge answers but refuses an alert about it
 */
export async function countManifest(plane: ControlPlane, receipt: Receipt): Promise<void> {
  const observations = observe(receipt);
  await reportAnomalies(plane, receipt, observations);
  if (!(await withBackoff(plane.clock, () => write(plane, receipt, observations)))) {
    log("info", "the manifest is counted already", { id: receipt.id, generation: receipt.generation });
    return;
  }
  const { id, dataset, generation } = receipt;
  emitMetrics(plane.emf, metricsOf(receipt), { dataset, manifest: id, generation });
}

function metricsOf(receipt: Receipt): EmbeddedMetric[] {
  return [
    { name: "FilesProcessed", value: receipt.files, unit: "Count" },
    { name: "Rows", value: receipt.rows, unit: "Count" },
    { name: "DeadLetters", value: receipt.dead_letters, unit: "Count" },
    { name: "OtherRows", value: otherRows(receipt), unit: "Count" },
    { name: "QuarantinedFiles", value: receipt.quarantined.length, unit: "Count" },
    { name: "GoneFiles", value: receipt.gone.length, unit: "Count" },
    { name: "InputBytes", value: receipt.input_bytes, unit: "Bytes" },
    { name: "MeanBatchMegabytes", value: receipt.input_bytes / 1e6, unit: "Megabytes" },
    { name: "LatencySeconds", value: latenciesOf(receipt), unit: "Seconds" },
  ];
}

/** Rows with keys in `_other`; a receipt of an earlier release does not count them. */
function otherRows({ other_rows = 0 }: Receipt): number {
  return other_rows;
}

function write({ metrics }: ControlPlane, receipt: Receipt, observations: Observations): Promise<boolean> {
  const at = committedAt(receipt);
  const key = hourKey(receipt);
  const ttl = expiry(Date.parse(key.metric_date));
  return countOnce(
    metrics,
    { ...manifestRow(receipt, at), ttl },
    { key, added: sumsOf(receipt, observations), set: { newest_at: { S: at.toISOString() }, ttl } },
  );
}

function manifestRow(receipt: Receipt, at: Date): Item {
  const { dataset, date, job_run_id, quarantined, gone } = receipt;
  const key = manifestRowKey(receipt);
  const figures = {
    generation: receipt.generation,
    rows: receipt.rows,
    dead_letters: receipt.dead_letters,
    other_rows: otherRows(receipt),
    input_bytes: receipt.input_bytes,
    output_bytes: receipt.output_bytes,
    files: receipt.files,
    quarantined: quarantined.length,
    gone: gone.length,
    seconds: receipt.seconds,
  };
  return {
    metric_date: { S: key.metric_date },
    metric_type: { S: key.metric_type },
    dataset: { S: dataset },
    date: { S: date },
    job_run_id: { S: job_run_id },
    committed_at: { S: at.toISOString() },
    ...numbers(figures),
  };
}

function sumsOf(receipt: Receipt, observations: Observations): Record<string, number> {
  const sums: Record<string, number> = {
    manifests: 1,
    files: receipt.files,
    rows: receipt.rows,
    dead_letters: receipt.dead_letters,
    other_rows: otherRows(receipt),
    quarantined: receipt.quarantined.length,
    gone: receipt.gone.length,
    input_bytes: receipt.input_bytes,
    output_bytes: receipt.output_bytes,
    work_seconds: receipt.seconds,
  };
  for (const [name, value] of Object.entries(observations)) {
    sums[`${name}_count`] = 1;
    sums[`${name}_sum`] = value;
    sums[`${name}_squares`] = value * value;
  }
  return sums;
}
