import { alertSource, type Environment } from "../../../environments/schema";
import type { LedgerAddress } from "../../ledger/server";
import { fileLimitArguments } from "../file-limit-arguments";

/** Fraction of the lister's timeout after which it ends by itself: what is left is to save its progress. */
const LISTED_OF_TIMEOUT = 0.9;

/** Arguments of the job `ledger_lister`; a test compares the names with those that the script reads. */
export function ledgerListerArguments(
  environment: Environment,
  places: { readonly rawBucket: string; readonly address: LedgerAddress },
): Record<string, string> {
  const { lister } = environment.ledger;
  return {
    aws_region: environment.region,
    raw_bucket: places.rawBucket,
    start_year: String(lister.startYear),
    recent_weeks: String(lister.recentWeeks),
    budget_minutes: String(Math.floor(lister.timeoutMinutes * LISTED_OF_TIMEOUT)),
    ...addressArguments(places.address),
  };
}

/** Tables, buckets and prefixes that the batch job reads and writes. */
export interface LedgerBatchPlaces {
  readonly rawBucket: string;
  readonly curatedBucket: string;
  readonly quarantineBucket: string;
  readonly controlTable: string;
  readonly address: LedgerAddress;
}

/** Arguments of the job `ledger_batch`; a test compares the names with those that the script reads. */
export function ledgerBatchArguments(
  environment: Environment,
  places: LedgerBatchPlaces,
): Record<string, string> {
  const { batch } = environment.ledger;
  return {
    aws_region: environment.region,
    raw_bucket: places.rawBucket,
    curated_bucket: places.curatedBucket,
    quarantine_bucket: places.quarantineBucket,
    audit: environment.storage.audit.enabled ? "on" : "off",
    control_table: places.controlTable,
    undeclared_columns: String(environment.storage.undeclaredColumns),
    engine: batch.engine,
    slots: String(batch.slots),
    batch_files: String(batch.files),
    batch_megabytes: String(batch.megabytes),
    lease_seconds: String(batch.leaseSeconds),
    maximum_attempts: String(batch.maximumAttempts),
    budget_minutes: String(batch.budgetMinutes),
    object_megabytes: String(batch.objectMegabytes),
    first_year: String(batch.firstYear),
    last_year: String(batch.lastYear),
    archive: batch.archive,
    child_megabytes: String(batch.childMegabytes),
    event_source: alertSource(environment),
    environment: environment.name,
    ...fileLimitArguments(environment),
    ...addressArguments(places.address),
  };
}

function addressArguments(address: LedgerAddress): Record<string, string> {
  return {
    ledger_host: address.LEDGER_HOST,
    ledger_port: address.LEDGER_PORT,
    ledger_database: address.LEDGER_DATABASE,
    ledger_authentication: address.LEDGER_AUTHENTICATION,
    ledger_secret_arn: address.LEDGER_SECRET_ARN,
    ledger_tls: address.LEDGER_TLS,
  };
}
