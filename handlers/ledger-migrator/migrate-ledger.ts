import { setTimeout as sleep } from "node:timers/promises";
import { type Client, DatabaseError } from "pg";
import { FailedMigrationError } from "../../runtime/ledger/migrations/errors";
import { ensureLogins, type LoginAuthentication } from "../../runtime/ledger/migrations/logins";
import { migrate } from "../../runtime/ledger/migrations/migrate";
import type { Migration } from "../../runtime/ledger/migrations/read-migrations";
import { log } from "../../runtime/log";
import { MigrationTooLongError } from "./errors";

export interface Migrator {
  /** A connection whose statements end after so many milliseconds. */
  connect(statementMs: number): Promise<Client>;
  migrations: readonly Migration[];
  /** How the logins will prove who they are. */
  authentication: LoginAuthentication;
  /** Milliseconds that the invocation still has. */
  remainingMs(): number;
}

export interface Migrated {
  /** Files that this call applied. */
  applied: string[];
  /** Logins that stand now. */
  logins: string[];
}

/** What of the invocation's time is left for telling why it was not enough. */
const RESERVE_MS = 5_000;
/** SQLSTATE of a statement that was cancelled, by its timeout here. */
const CANCELLED = "57014";

/**
 * Applies the migrations that are missing, and makes the logins.
 *
 * @throws MigrationTooLongError when that takes longer than the function may run; what `migrate` throws
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
