import type { ClientBase } from "pg";

/** One version of an object. */
export interface LedgerFile {
  readonly bucket: string;
  readonly key: string;
  readonly version: string;
  /** Bytes. */
  readonly size: number;
  /** When S3 had it, ISO 8601 in UTC. */
  readonly modifiedAt: string;
}

/** Most files of one statement. */
const AT_ONCE = 1_000;

/**
 * Registers files and makes those claimable that are new; a known version changes nothing, whatever became of it.
 *
 * @returns how many were new
 */
export async function registerFiles(client: ClientBase, files: readonly LedgerFile[]): Promise<number> {
  let added = 0;
  for (let start = 0; start < files.length; start += AT_ONCE) {
    const some = files.slice(start, start + AT_ONCE);
    const { rows } = await client.query<{ added: string }>(
      "SELECT ledger.register($1::text[], $2::text[], $3::text[], $4::bigint[], $5::timestamptz[]) AS added",
      [
        some.map(({ bucket }) => bucket),
        some.map(({ key }) => key),
        some.map(({ version }) => version),
        some.map(({ size }) => size),
        some.map(({ modifiedAt }) => modifiedAt),
      ],
    );
    added += Number(rows[0]?.added ?? 0);
  }
  return added;
}
