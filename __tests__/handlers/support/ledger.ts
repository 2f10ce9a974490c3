import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "pg";
import { PostgresServer } from "../../../local/postgres/server";
import { ensureLogins } from "../../../runtime/ledger/migrations/logins";
import { migrate } from "../../../runtime/ledger/migrations/migrate";
import { readMigrations } from "../../../runtime/ledger/migrations/read-migrations";
import type { LedgerVariables } from "../../../runtime/variables";
import { ROOT } from "../../../setup/paths";

export const MIGRATIONS = join(ROOT, "runtime", "ledger", "migrations", "sql");

/** Variables of a function on the machine of the server. */
export const LEDGER_VARIABLES: LedgerVariables = {
  LEDGER_HOST: "libpq",
  LEDGER_PORT: "0",
  LEDGER_DATABASE: "tributary",
  LEDGER_AUTHENTICATION: "none",
  LEDGER_SECRET_ARN: "none",
  LEDGER_TLS: "disable",
};

/** A real PostgreSQL, which libpq's variables of this process lead to. */
export interface RealLedger {
  readonly server: PostgresServer;
  /** Asks as the server's owner. */
  rows(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  stop(): Promise<void>;
}

export async function startServer(): Promise<RealLedger> {
  const folder = mkdtempSync(join(tmpdir(), "tributary-functions-"));
  const server = await PostgresServer.start({ folder });
  const before = { ...process.env };
  Object.assign(process.env, server.variables);
  return {
    server,
    rows: (sql, values) => withClient(server, async (client) => (await client.query(sql, values)).rows),
    stop: async () => {
      process.env = before;
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The same with schema and logins. */
export async function startLedger(): Promise<RealLedger> {
  const ledger = await startServer();
  await withClient(ledger.server, async (client) => {
    await migrate(client, readMigrations(MIGRATIONS));
    await ensureLogins(client, "none");
  });
  return ledger;
}

async function withClient<Result>(
  server: PostgresServer,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = server.client();
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
