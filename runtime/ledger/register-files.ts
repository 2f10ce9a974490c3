import type { ClientBase } from "pg";

/** One version of an object. */
export interface LedgerFile {
  readonly bucket: string;
  readonly key: string;
  readonly version: string;
  /** Bytes. */
  readonly size: number;
  /** Time at which S3 received it, ISO 8601 in UTC. */
  readonly modifiedAt: string;
  /** Name of the dataset that it is of. */
  readonly dataset: string;
}

/** Returns whether the ledger can hold a key of S3, as `can_hold` in glue/tributary/ledger/files.py does. */
export function canHold(key: string): boolean {
  return !key.includes("\0");
}

/**
 * Registers files and makes new ones claimable; a known version changes nothing, whatever its status. All go
 * in one statement, which orders them: two transactions over the same names wait for each other in one
 * direction only.
 *
 * @returns how many were new
 */
export async function registerFiles(client: ClientBase, files: readonly LedgerFile[]): Promise<number> {
  const { rows } = await client.query<{ added: string }>(
    "SELECT ledger.register($1::text[], $2::text[], $3::text[], $4::bigint[], $5::timestamptz[], $6::text[]) AS added",
    [
      files.map(({ bucket }) => bucket),
      files.map(({ key }) => key),
      files.map(({ version }) => version),
      files.map(({ size }) => size),
      files.map(({ modifiedAt }) => modifiedAt),
      files.map(({ dataset }) => dataset),
    ],
  );
  return Number(rows[0]?.added ?? 0);
}
