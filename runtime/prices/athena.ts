import type { QueryExecution } from "@aws-sdk/client-athena";
import { PRICES } from "./table";

const MEGABYTE = 1e6;
/** Bytes that a query is billed for at least. */
const LEAST_BYTES = 10 * MEGABYTE;

/**
 * Cost in dollars of a query: what it scanned, rounded up to whole megabytes, 10 MB at least, also where it was
 * cancelled; nothing where it failed or is DDL. A TB counts as 10^12 bytes, which tells rather too much.
 *
 * @see https://aws.amazon.com/athena/pricing/ (2026-12-01)
 */
export function costOfQuery({ StatementType, Statistics, Status }: QueryExecution): number {
  if (StatementType === "DDL" || Status?.State === "FAILED") return 0;
  const scanned = Math.ceil((Statistics?.DataScannedInBytes ?? 0) / MEGABYTE) * MEGABYTE;
  return (Math.max(scanned, LEAST_BYTES) / 1e12) * PRICES.scan.dollars;
}
