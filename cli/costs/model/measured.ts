/** What the model assumes of the code, with where each figure was measured or counted. */

/**
 * Megabytes (10⁶ bytes) of input a second that a core of Glue carries: docs/benchmarks.md has 143 to 154 of CPU from S3 to
 * S3 for NDJSON, 25 to 36 for CSV, and a core of Glue is half of a physical one.
 */
export const CORE_MEGABYTES = { ndjson: 110, csv: 20 } as const;
export const CORES_PER_DPU = 4;
/** Share of the input that Snappy's Parquet takes, on the nested sample (docs/benchmarks.md). */
export const PARQUET_SHARE = 0.39;

/** Seconds of `manifests-builder` for a manifest, and of `control-plane` for an event or a tick. */
export const BUILDER_SECONDS = 1;
export const CONTROL_PLANE_SECONDS = 2;
/** Seconds of `manifests-reconciler` for a page of 1,000 objects, listed and compared (docs/manifests-reconciler.md). */
export const PAGE_SECONDS = 0.25;
/** Pollers with which Lambda begins to read a queue. */
export const POLLERS = 5;
/** Files of the ledger that two cores of a worker finish in a minute (docs/benchmarks.md), and objects that a batch writes. */
export const LEDGER_FILES_A_MINUTE = 10_000;
export const BATCH_OBJECTS = 30;
/** Kilobytes of a row of the tracking table, and days that it is kept after its file is done. */
export const ROW_KILOBYTES = 0.75;
export const ROW_DAYS = 30;
/** Kilobytes of logs that a manifest leaves, in all functions and the job. */
export const LOG_KILOBYTES = 29;

/**
 * Metrics that are published of a pipeline: always, and in addition while files come. Each is one, for they have the one
 * dimension `Environment`.
 */
export const METRICS = {
  shared: { always: 1, withFiles: 0 },
  uploads: { always: 2, withFiles: 2 },
  manifests: { always: 8, withFiles: 22 },
  ledger: { always: 8, withFiles: 10 },
} as const;

/** Alarms beside those of functions: docs/operations.md has a runbook for each. */
export const ALARMS = { shared: 4, uploads: 7, manifests: 11, ledger: 13, server: 3 } as const;
