import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "pg";
import { ROOT } from "../../../cli/setup/paths";
import { answer } from "../../../handlers/ledger-operator/answer";
import { ledgerOf } from "../../../handlers/ledger-operator/ledger";
import { LedgerConnection } from "../../../handlers/shared/ledger/connection";
import type { LedgerCommand, LedgerCommands } from "../../../handlers/shared/ledger/operator-protocol";
import { migrate } from "../../../handlers/shared/ledger-migrations/migrate";
import { readMigrations } from "../../../handlers/shared/ledger-migrations/read-migrations";
import { DATABASE, PostgresServer } from "../../../local/postgres/server";

const MIGRATIONS = join(ROOT, "handlers", "shared", "ledger-migrations", "sql");
const LIMIT_MS = 60_000;

/** A ledger on a real PostgreSQL, and the function that operates it. */
export interface Books {
  readonly server: PostgresServer;
  /** The server's owner: what jobs do, and what no role may. */
  readonly owner: Client;
  /** An answer of the function, by its own login. */
  ask<Command extends LedgerCommand>(
    request: LedgerCommands[Command]["request"] & { command: Command },
  ): Promise<LedgerCommands[Command]["answer"]>;
  /** Empties all tables. */
  empty(): Promise<void>;
  stop(): Promise<void>;
}

export async function startBooks(): Promise<Books> {
  const folder = mkdtempSync(join(tmpdir(), "tributary-operator-"));
  const server = await PostgresServer.start({ folder });
  const owner = server.client();
  await owner.connect();
  await migrate(owner, readMigrations(MIGRATIONS));
  await owner.query(`RESET ROLE;
    CREATE ROLE tributary_operator LOGIN NOINHERIT; GRANT ledger_operator TO tributary_operator`);
  const connection = new LedgerConnection(
    {
      LEDGER_HOST: "127.0.0.1",
      LEDGER_PORT: String(server.port),
      LEDGER_DATABASE: DATABASE,
      LEDGER_AUTHENTICATION: "none",
      LEDGER_SECRET_ARN: "none",
      LEDGER_TLS: "disable",
    },
    { login: "tributary_operator", application: "test" },
  );
  const operator = {
    ledger: ledgerOf(connection, () => LIMIT_MS),
    emf: { namespace: "tributary", environment: "test" },
  };
  return {
    server,
    owner,
    ask: (request) => answer(operator, request) as never,
    empty: async () => {
      await owner.query(
        "TRUNCATE ledger.files, ledger.queue, ledger.batches, ledger.outcomes, ledger.file_errors",
      );
    },
    stop: async () => {
      await connection.close();
      await owner.end();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
