import type { Environment } from "../../../environments/schema";

/** Names of what the job reads and writes. */
export interface CsvJobPlaces {
  readonly uploadsTable: string;
  readonly rawBucket: string;
  readonly curatedBucket: string;
  readonly quarantineBucket: string;
}

/** Arguments of the job `csv_uploads`; a test compares the names with those that the script reads. */
export function csvJobArguments(environment: Environment, places: CsvJobPlaces): Record<string, string> {
  const { csv } = environment;
  return {
    uploads_table: places.uploadsTable,
    raw_bucket: places.rawBucket,
    curated_bucket: places.curatedBucket,
    quarantine_bucket: places.quarantineBucket,
    engine: csv.engine,
    parallelism: String(csv.parallelism),
    files_per_claim: String(csv.filesPerClaim),
    settle_seconds: String(csv.settleSeconds),
    lease_seconds: String(csv.leaseSeconds),
    maximum_attempts: String(csv.maximumAttempts),
    date_formats: csv.dateFormats.join(","),
    superseded_days: String(csv.supersededDays),
  };
}
