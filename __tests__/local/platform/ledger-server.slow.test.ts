import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { Client } from "pg";
import { startLedgerServer } from "../../../local/platform/ledger-server";
import { ROOT } from "../../../setup/paths";
import { eventually } from "../../support/eventually";
import { isRunning } from "../platform";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tributary-ledger-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ["that everybody may enter", 0o755],
  ["that only its owner may enter", 0o700],
])("serves from a folder %s, whoever starts it, and leaves nothing but its log", async (_, mode) => {
  chmodSync(folder, mode);
  const server = await startLedgerServer(folder);
  const client = server.client();
  await client.connect();
  const { rows } = await client.query("SELECT current_setting('data_directory') AS data");
  await client.end();
  expect(existsSync(rows[0].data)).toBe(true);
  await server.stop();
  await server.stop();
  expect(server.failure.aborted).toBe(false);
  expect(existsSync(rows[0].data)).toBe(false);
  expect(readdirSync(folder)).toEqual(["postgres.log"]);
  expect(readFileSync(join(folder, "postgres.log"), "utf8")).toContain("database system is shut down");
});

test("tells that it ended by itself, and names its log", async () => {
  const server = await startLedgerServer(folder);
  process.kill(await postmaster(server.variables), "SIGKILL");
  await eventually("the failure", () => server.failure.aborted);
  expect(server.failure.reason.message).toMatch(/PostgreSQL ended by itself .*postgres\.log/);
  await server.stop();
});

test("ends with the process that started it, however that ended", async () => {
  // its data would stay in the system's temporary folder otherwise
  chmodSync(folder, 0o755);
  const starter = spawn(process.execPath, ["--import", "tsx", "--eval", STARTER, folder], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(starter, "exit").then(() => Promise.reject(new Error("it did not start")));
  const [line] = await Promise.race([once(createInterface({ input: starter.stdout }), "line"), ended]);
  ended.catch(() => undefined);
  const pid = await postmaster(JSON.parse(line));
  starter.kill("SIGKILL");
  await eventually("its end", () => !isRunning(pid));
});

const STARTER = `
  require("./local/platform/ledger-server.ts").startLedgerServer(process.argv[1]).then((server) => {
    console.log(JSON.stringify(server.variables));
    setInterval(() => undefined, 1000);
  });
`;

/** The process that started all others of a server: the first line of its lock file. */
async function postmaster(variables: Readonly<Record<string, string>>): Promise<number> {
  const { PGHOST: host, PGPORT: port, PGUSER: user, PGDATABASE: database } = variables;
  const client = new Client({ host, port: Number(port), user, database });
  await client.connect();
  const { rows } = await client.query("SELECT pg_read_file('postmaster.pid') AS lock");
  await client.end();
  return Number(rows[0].lock.split("\n")[0]);
}
