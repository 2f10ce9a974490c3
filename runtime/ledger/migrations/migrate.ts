/** Brings the ledger's schema up to date: applies each pending migration once. */
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
 * Resets what the session may have changed of the connection's settings. A migration that waits for a table
 * blocks all others from it; one that creates an index concurrently blocks nobody, and waits for every open
 * transaction.
 */
const reset = (statementMs: number, lockTimeout: string) =>
  `RESET ROLE; SET lock_timeout = '${lockTimeout}'; SET statement_timeout = ${statementMs};`;

/**
 * Applies pending migrations, in order. Another program that does the same waits, and then finds it done.
 *
 * @param client a connection of its own, connected
 * @param statementMs maximum duration of a statement that begins now; 0: no limit
 * @returns the files applied by this call
 * @throws ChangedMigrationError before anything is applied
 * @throws FailedMigrationError with the server's error as its cause
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
  const applied = await client.query<{ file: string; sha256: string }>(
    "SELECT file, sha256 FROM migrations.applied",
  );
  return new Map(applied.rows.map(({ file, sha256 }) => [file, sha256]));
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

/**
 * Drops what an interrupted CREATE INDEX CONCURRENTLY left: it is never used, and IF NOT EXISTS would take it
 * for complete.
 */
async function dropBrokenIndexes(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT indexrelid::regclass::text AS name FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
     WHERE NOT indisvalid AND relnamespace = to_regnamespace('ledger')`,
  );
  for (const { name } of rows) await client.query(`DROP INDEX CONCURRENTLY IF EXISTS ${name}`);
}
