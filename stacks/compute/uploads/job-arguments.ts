import { alertSource, type Environment, metricNamespace } from "../../../environments/schema";
import { fileLimitArguments } from "../file-limit-arguments";

/** Buckets and tables that the job reads and writes. */
export interface UploadsJobPlaces {
  readonly uploadsTable: string;
  readonly rawBucket: string;
  readonly curatedBucket: string;
  readonly quarantineBucket: string;
  readonly controlTable: string;
}

/** Arguments of the job `uploads_job`; a test compares the names with those that the script reads. */
export function uploadsJobArguments(
  environment: Environment,
  places: UploadsJobPlaces,
): Record<string, string> {
  const { uploads } = environment;
  return {
    aws_region: environment.region,
    uploads_table: places.uploadsTable,
    raw_bucket: places.rawBucket,
    curated_bucket: places.curatedBucket,
    quarantine_bucket: places.quarantineBucket,
    audit: environment.storage.audit.enabled ? "on" : "off",
    control_table: places.controlTable,
    undeclared_columns: String(environment.storage.undeclaredColumns),
    event_source: alertSource(environment),
    environment: environment.name,
    engine: uploads.engine,
    parallelism: String(uploads.parallelism),
    files_per_claim: String(uploads.filesPerClaim),
    settle_seconds: String(uploads.settleSeconds),
    lease_seconds: String(uploads.leaseSeconds),
    maximum_attempts: String(uploads.maximumAttempts),
    date_formats: uploads.dateFormats.join(","),
    superseded_days: String(uploads.supersededDays),
    metric_namespace: metricNamespace(environment),
    ...fileLimitArguments(environment),
  };
}
