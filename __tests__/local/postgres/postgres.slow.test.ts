import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { Client } from "pg";
import { ROOT } from "../../../setup/paths";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tributary-serve-"));
  // the server of a root is nobody's
  chmodSync(folder, 0o755);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ["SIGTERM", (child: ReturnType<typeof serve>) => child.kill("SIGTERM")],
  ["the end of its input", (child: ReturnType<typeof serve>) => child.stdin.end()],
])("serves a ledger on loopback until %s, and leaves nothing", async (_, end) => {
  const child = serve();
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  const { PGHOST: host, PGPORT: port, PGUSER: user, PGDATABASE: database } = JSON.parse(line);
  const client = new Client({ host, port: Number(port), user, database });
  await client.connect();
  const { rows } = await client.query("SELECT current_setting('fsync') AS fsync, count(*) FROM ledger.files");
  expect(rows).toEqual([{ fsync: "on", count: "0" }]);
  await client.end();
  expect(left()).toHaveLength(1);
  end(child);
  expect(await once(child, "exit")).toEqual([0, null]);
  expect(left()).toEqual([]);
});

/** Folders of servers; tsx keeps a cache beside them. */
function left(): string[] {
  return readdirSync(folder).filter((name) => name.startsWith("tributary-postgres-"));
}

function serve() {
  return spawn(process.execPath, ["--import", "tsx", "local/postgres/serve.ts"], {
    cwd: ROOT,
    env: { ...process.env, TMPDIR: folder },
    stdio: ["pipe", "pipe", "inherit"],
  });
}
