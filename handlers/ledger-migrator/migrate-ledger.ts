import { setTimeout as sleep } from "node:timers/promises";
import { type Client, DatabaseError } from "pg";
import { FailedMigrationError } from "../../runtime/ledger/migrations/errors";
import { ensureLogins, type LoginAuthentication } from "../../runtime/ledger/migrations/logins";
import { migrate } from "../../runtime/ledger/migrations/migrate";
import type { Migration } from "../../runtime/ledger/migrations/read-migrations";
import { log } from "../../runtime/log";
import { MigrationTooLongError } from "./errors";

export interface Migrator {
  /** Connects, with a limit in milliseconds for each statement. */
  connect(statementMs: number): Promise<Client>;
  migrations: readonly Migration[];
  /** Authentication of the logins. */
  authentication: LoginAuthentication;
  /** Milliseconds left of the invocation. */
  remainingMs(): number;
}

export interface Migrated {
  /** Files that this call applied. */
  applied: string[];
  /** Logins that exist now. */
  logins: string[];
}

/** Part of the invocation's time that is kept for reporting why it did not suffice. */
const RESERVE_MS = 5_000;
/** SQLSTATE of a cancelled statement, here by its timeout. */
const CANCELLED = "57014";

/**
 * Applies pending migrations, and creates the logins.
 *
 * @throws MigrationTooLongError when that takes longer than the function may run
 * @throws ChangedMigrationError, FailedMigrationError or MigrationFilesError as `migrate` does
 */
export async function migrateLedger(migrator: Migrator): Promise<Migrated> {
  const leftMs = () => Math.max(1, Math.floor(migrator.remainingMs() - RESERVE_MS));
  const client = await migrator.connect(leftMs());
  const ended = new AbortController();
  try {
    // The server's limit counts for one statement, and a file may have many.
    const late = sleep(leftMs(), undefined, ended).then(() => {
      throw new MigrationTooLongError("the function's time is nearly over");
    });
    return await Promise.race([bringUpToDate(client, migrator, leftMs), late]);
  } catch (error) {
    throw isCancelled(error) ? new MigrationTooLongError(error.message) : error;
  } finally {
    ended.abort();
    await client.end();
  }
}

async function bringUpToDate(client: Client, migrator: Migrator, leftMs: () => number): Promise<Migrated> {
  const applied = await migrate(client, migrator.migrations, leftMs);
  const logins = await ensureLogins(client, migrator.authentication);
  log("info", "migrated the ledger", { applied, logins });
  return { applied, logins };
}

function isCancelled(error: unknown): error is Error {
  const cause = error instanceof FailedMigrationError ? error.cause : error;
  return cause instanceof DatabaseError && cause.code === CANCELLED;
}
