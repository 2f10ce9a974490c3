/** The metrics table's sort keys, `<kind>#…`; its hash key is the date in UTC. */

/** What was committed in an hour, by dataset: `hour#<hh>#<dataset>`. */
export const HOUR_ROWS = "hour#";

/**
 * What the ledger pipeline published in an hour, by dataset: `ledger_hour#<hh>#<dataset>`. A kind of its own: the others
 * tell what the streaming job does and costs.
 */
export const LEDGER_HOUR_ROWS = "ledger_hour#";

/** What a run of the streaming job used on that date: `job_run#<run id>`. */
export const JOB_RUN_ROWS = "job_run#";

/** Keys of one row. */
export interface MetricKey {
  metric_date: string;
  metric_type: string;
}

/** Keys of the row of the hour that holds `at`. */
export function hourRowKey(at: Date, dataset: string, kind: string = HOUR_ROWS): MetricKey {
  const [metric_date = "", time = ""] = at.toISOString().split("T");
  return { metric_date, metric_type: `${kind}${time.slice(0, 2)}#${dataset}` };
}

/** What the keys of an hour's row say. */
export function parseHourRow({ metric_date, metric_type }: MetricKey): { startedAt: Date; dataset: string } {
  const [, hour = "00", dataset = ""] = metric_type.split("#");
  return { startedAt: new Date(`${metric_date}T${hour}:00:00.000Z`), dataset };
}
