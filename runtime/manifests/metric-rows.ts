/** Sort keys of the metrics table, `<kind>#…`; its hash key is the date in UTC. */

/** Commits of an hour, by dataset: `hour#<hh>#<dataset>`. */
export const HOUR_ROWS = "hour#";

/**
 * Publications of the ledger pipeline in an hour, by dataset: `ledger_hour#<hh>#<dataset>`. A kind of its
 * own: the others show the work and the cost of the streaming job.
 */
export const LEDGER_HOUR_ROWS = "ledger_hour#";

/** Use of a run of the streaming job on that date: `job_run#<run id>`. */
export const JOB_RUN_ROWS = "job_run#";

/** Keys of one row. */
export interface MetricKey {
  metric_date: string;
  metric_type: string;
}

/** Keys of the row of the hour that contains `at`. */
export function hourRowKey(at: Date, dataset: string, kind: string = HOUR_ROWS): MetricKey {
  const [metric_date = "", time = ""] = at.toISOString().split("T");
  return { metric_date, metric_type: `${kind}${time.slice(0, 2)}#${dataset}` };
}

/** Parses the keys of an hour's row. */
export function parseHourRow({ metric_date, metric_type }: MetricKey): { startedAt: Date; dataset: string } {
  const [, hour = "00", dataset = ""] = metric_type.split("#");
  return { startedAt: new Date(`${metric_date}T${hour}:00:00.000Z`), dataset };
}
