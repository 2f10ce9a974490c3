import { DAY_MS } from "./clock";

/** Datasets of smoke tests, declared below glue/tributary/datasets/platform: one for each pipeline. */
export const SMOKE_DATASETS = {
  uploads: "smoke_uploads",
  manifests: "smoke_manifests",
  ledger: "smoke_ledger",
} as const;

/** Prefixes of their files' keys in the raw bucket. */
export const SMOKE_PREFIXES = {
  uploads: `input/${SMOKE_DATASETS.uploads}/`,
  manifests: `input/${SMOKE_DATASETS.manifests}/`,
  ledger: `raw-json-data/all_historical_files/${SMOKE_DATASETS.ledger}/`,
} as const;

/** Days that files of smoke tests are kept. */
export const SMOKE_DAYS = 3;

/**
 * Days that a table or the ledger keeps what it noted of a smoke test's file that was not removed, or whose event came once
 * more after that. By then S3 has ended the file and its versions, so that no sweep finds it and notes it anew.
 */
export const SMOKE_ROW_DAYS = 14;

/** Returns whether a dataset is one of smoke tests: alarms, anomalies and cost figures leave these out. */
export function isSmoke(dataset: string): boolean {
  return Object.values(SMOKE_DATASETS).some((name) => name === dataset);
}

/** Returns whether a key is of a smoke test's file. */
export function isSmokeKey(key: string): boolean {
  return Object.values(SMOKE_PREFIXES).some((prefix) => key.startsWith(prefix));
}

/** Time, in epoch seconds, from which DynamoDB may delete an item of a file; undefined for files that are of no smoke test. */
export function smokeExpiry(key: string, now: Date): number | undefined {
  return isSmokeKey(key) ? Math.floor((now.getTime() + SMOKE_ROW_DAYS * DAY_MS) / 1_000) : undefined;
}
