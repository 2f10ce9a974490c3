/** Brings the ledger's schema up to date: applies the migrations that were not applied yet, each once. */
import type { ClientBase } from "pg";
import { ChangedMigrationError, FailedMigrationError } from "./errors";
import { locked } from "./lock";
import type { Migration } from "./read-migrations";

const BOOKS = `
CREATE SCHEMA IF NOT EXISTS migrations;
CREATE TABLE IF NOT EXISTS migrations.applied (
  file text PRIMARY KEY,
  sha256 text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);`;

/**
 * The connection's own settings may have been changed by the session. Who waits for a table keeps all others from it; who
 * makes an index concurrently keeps nobody from anything, and waits for every transaction that is open.
 */
const reset = (statementMs: number, lockTimeout: string) =>
  `RESET ROLE; SET lock_timeout = '${lockTimeout}'; SET statement_timeout = ${statementMs};`;

/**
 * Applies what is missing, in order. Another program that does the same waits, and then finds it done.
 * @param client a connection of its own, connected
 * @param statementMs how long a statement that begins now may take; 0: without end
 * @returns the files applied by this call
 * @throws ChangedMigrationError before anything is applied; FailedMigrationError with the server's error as its cause.
 */
export async function migrate(
  client: ClientBase,
  migrations: readonly Migration[],
  statementMs: () => number = () => 0,
): Promise<string[]> {
  return locked(client, async () => {
    const applied = await readApplied(client);
    refuseChanged(applied, migrations);
    const missing = migrations.filter(({ file }) => !applied.has(file));
    for (const migration of missing) await apply(client, migration, statementMs());
    return missing.map(({ file }) => file);
  });
}

async function readApplied(client: ClientBase): Promise<Map<string, string>> {
  const { rows } = await client.query("SELECT to_regclass('migrations.applied') IS NULL AS missing");
  // Not every time: who may only look, or applies as a member of the migrator, may make no schema.
  if (rows[0].missing) await client.query(BOOKS);
  const books = await client.query<{ file: string; sha256: string }>(
    "SELECT file, sha256 FROM migrations.applied",
  );
  return new Map(books.rows.map(({ file, sha256 }) => [file, sha256]));
}

function refuseChanged(applied: ReadonlyMap<string, string>, migrations: readonly Migration[]): void {
  const found = new Map(migrations.map(({ file, sha256 }) => [file, sha256]));
  for (const [file, sha256] of applied) {
    if (found.get(file) !== sha256) throw new ChangedMigrationError(file, sha256, found.get(file));
  }
}

async function apply(client: ClientBase, migration: Migration, statementMs: number): Promise<void> {
  const record = () =>
    client.query("INSERT INTO migrations.applied (file, sha256) VALUES ($1, $2)", [
      migration.file,
      migration.sha256,
    ]);
  try {
    await client.query(reset(statementMs, migration.isBare ? "0" : "30s"));
    if (migration.isBare) {
      await dropBrokenIndexes(client);
      await client.query(migration.sql);
      await record();
      return;
    }
    await client.query("BEGIN");
    await client.query(migration.sql);
    await client.query("RESET ROLE");
    await record();
    await client.query("COMMIT");
  } catch (error) {
    if (!migration.isBare) await client.query("ROLLBACK").catch(() => undefined);
    throw new FailedMigrationError(migration.file, error);
  }
}

/** What is left of CREATE INDEX CONCURRENTLY that was cut off: never used, and IF NOT EXISTS would take it for whole. */
async function dropBrokenIndexes(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT indexrelid::regclass::text AS name FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
     WHERE NOT indisvalid AND relnamespace = to_regnamespace('ledger')`,
  );
  for (const { name } of rows) await client.query(`DROP INDEX CONCURRENTLY IF EXISTS ${name}`);
}
