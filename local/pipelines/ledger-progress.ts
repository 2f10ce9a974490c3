import type { Client } from "pg";
import type { Upload } from "../inputs/uploads";

/** Statuses that only an operator changes. */
const SETTLED = new Set(["SUCCEEDED", "PARTIAL", "QUARANTINED"]);

/** Progress of a run's uploads, from the ledger. */
export interface LedgerState {
  readonly registered: number;
  readonly settled: number;
  readonly batches: number;
  /** Number of batches whose raw files are not archived yet. */
  readonly unarchived: number;
  /** Error of the newest batch that is out of attempts. */
  readonly failure: string | undefined;
}

/** Reads the ledger as it is now. */
export async function ledgerState(client: Client, uploads: readonly Upload[]): Promise<LedgerState> {
  const statuses = await client.query<{ bucket: string; key: string; version: string; status: string }>(
    `SELECT bucket, s3_key AS key, version_id AS version, processing_status AS status
     FROM ledger.file_processing_status`,
  );
  const statusOf = new Map(
    statuses.rows.map(({ bucket, key, version, status }) => [nameOf({ bucket, key, version }), status]),
  );
  const found = uploads.flatMap((upload) => statusOf.get(nameOf(upload)) ?? []);
  const batches = await client.query<{ batches: number; unarchived: number; failure: string | null }>(
    `SELECT count(*)::integer AS batches,
       count(*) FILTER (WHERE archived_at IS NULL)::integer AS unarchived,
       (array_agg(coalesce(last_error, 'no error') ORDER BY id DESC) FILTER (WHERE state = 'FAILED'))[1] AS failure
     FROM ledger.batches`,
  );
  const { batches: count = 0, unarchived = 0, failure = null } = batches.rows[0] ?? {};
  return {
    registered: found.length,
    settled: found.filter((status) => SETTLED.has(status)).length,
    batches: count,
    unarchived,
    failure: failure ?? undefined,
  };
}

function nameOf({ bucket, key, version }: Pick<Upload, "bucket" | "key" | "version">): string {
  return JSON.stringify([bucket, key, version]);
}
