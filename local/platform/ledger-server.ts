import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "pg";
import { isOpenTo, serverAccount } from "../postgres/binaries";
import { PostgresServer } from "../postgres/server";

/** The PostgreSQL of one run, which holds the ledger. */
export interface LedgerServer {
  /** Variables of libpq, for any client. */
  readonly variables: Readonly<Record<string, string>>;
  /** Aborted, with the reason, where the server ends before it is stopped. */
  readonly failure: AbortSignal;
  /** Creates a client, not connected yet. */
  client(): Client;
  /** Kills the server as a loss of power does, and brings it up again: for tests. */
  crashAndRestart(): Promise<void>;
  /** Ends the server and removes its data; its log stays. Safe to repeat. */
  stop(): Promise<void>;
}

/**
 * Starts a server whose data lies in `folder`, an existing one, and whose log is `postgres.log` there. Started by root,
 * it runs as a user who may not be able to enter that folder: its data then lies in the system's temporary one.
 *
 * @throws Error with the end of its log where it does not come up; nothing is left then.
 */
export async function startLedgerServer(folder: string): Promise<LedgerServer> {
  const data = dataFolder(folder);
  const remove = () => rmSync(data, { recursive: true, force: true });
  try {
    const server = await PostgresServer.start({ folder: data, log: join(folder, "postgres.log") });
    return {
      variables: server.variables,
      failure: server.failure,
      client: () => server.client(),
      crashAndRestart: () => server.crashAndRestart(),
      stop: async () => {
        await server.stop();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

function dataFolder(folder: string): string {
  const account = serverAccount();
  const place = isOpenTo(account, folder) ? folder : tmpdir();
  return mkdtempSync(join(place, "postgres-"));
}
