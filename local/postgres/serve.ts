/**
 * A PostgreSQL with the ledger's schema and logins for a program in another language: prints one line of JSON, libpq's variables,
 * and serves until standard input ends or a signal comes. A line `crash` there kills the server, starts it again and
 * prints the line again.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ensureLogins } from "../../runtime/ledger/migrations/logins";
import { ROOT } from "../../setup/paths";
import { describeError, printError, printJson } from "../../setup/terminal";
import { PostgresServer } from "./server";

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort());

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tributary-postgres-"));
  const server = await PostgresServer.start({ folder });
  try {
    migrate(server);
    await makeLogins(server);
    if (stop.signal.aborted) return;
    for await (const line of withFirst(createInterface({ input: process.stdin, signal: stop.signal }))) {
      if (line === "crash") await server.crashAndRestart();
      printJson(server.variables);
    }
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One empty line before those of the input: it is up. */
async function* withFirst(lines: AsyncIterable<string>): AsyncGenerator<string> {
  yield "";
  yield* lines;
}

function migrate(server: PostgresServer): void {
  const { status, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", join(ROOT, "cli", "migrate.ts")],
    { cwd: ROOT, env: { ...process.env, ...server.variables }, encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`the migrations cannot be applied: ${stderr.trim()}`);
}

async function makeLogins(server: PostgresServer): Promise<void> {
  const client = server.client();
  await client.connect();
  try {
    await ensureLogins(client, "none");
  } finally {
    await client.end();
  }
}

main().catch((error: unknown) => {
  printError(describeError(error));
  // the reader of a line must not wait for ever: standard input would keep this process
  process.exit(1);
});
