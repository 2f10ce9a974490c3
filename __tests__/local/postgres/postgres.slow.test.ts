import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { Client } from "pg";
import { type Account, serverAccount } from "../../../local/postgres/binaries";
import { ROOT } from "../../../setup/paths";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tributary-serve-"));
  // the server of a root is nobody's
  chmodSync(folder, 0o755);
});
const served: ReturnType<typeof serve>[] = [];
afterEach(() => {
  // else a server would outlive a failed test
  for (const child of served.splice(0)) child.kill("SIGTERM");
  rmSync(folder, { recursive: true, force: true });
});

test.each([
  ["SIGTERM", (child: ReturnType<typeof serve>) => child.kill("SIGTERM")],
  ["the end of its input", (child: ReturnType<typeof serve>) => child.stdin.end()],
])("serves a ledger for this user alone until %s, and leaves nothing", async (_, end) => {
  const child = serve();
  served.push(child);
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  const { PGHOST: host, PGPORT: port, PGUSER: user, PGDATABASE: database } = JSON.parse(line);
  const client = new Client({ host, port: Number(port), user, database });
  await client.connect();
  const { rows } = await client.query(
    `SELECT current_setting('fsync') AS fsync, current_setting('listen_addresses') AS addresses,
      current_setting('data_directory_mode') AS mode, count(*) FROM ledger.files`,
  );
  expect(rows).toEqual([{ fsync: "on", addresses: "", mode: "0700", count: "0" }]);
  await client.end();
  expect(statSync(host).mode & 0o777).toBe(0o700);
  expect(knock(host)).toBe(ADMITTED);
  for (const [neighbour, answer] of neighbours()) expect(knock(host, neighbour)).toBe(answer);
  expect(left()).toHaveLength(2);
  end(child);
  expect(await once(child, "exit")).toEqual([0, null]);
  expect(left()).toEqual([]);
});

/** The type of a message of the server's that says so, or otherwise. */
const [ADMITTED, REFUSED] = ["R", "E"];

/** Other users of the machine, whom root alone can play, with what each is to meet. */
function neighbours(): [Account, string][] {
  const account = serverAccount();
  if (account === undefined) return [];
  return [
    [{ uid: 54321, gid: 54321 }, "EACCES"],
    // the server runs as that one, and others may as well
    [account, REFUSED],
  ];
}

/** Asks for a session of the superuser, as this user or another. */
function knock(host: string, as?: Account): string {
  const source = `
    const startup = Buffer.from("\\0\\0\\0\\0\\0\\x03\\0\\0user\\0postgres\\0database\\0postgres\\0\\0");
    startup.writeInt32BE(startup.length);
    const socket = require("node:net").connect(process.argv[1] + "/.s.PGSQL.5432", () => socket.write(startup));
    socket.on("data", (data) => { process.stdout.write(data.toString("latin1", 0, 1)); socket.destroy(); });
    socket.on("error", ({ code }) => process.stdout.write(code));`;
  return spawnSync(process.execPath, ["-e", source, host], { ...as, cwd: "/", encoding: "utf8" }).stdout;
}

/** Folders of a server and of its socket; tsx keeps a cache beside them. */
function left(): string[] {
  return readdirSync(folder).filter((name) => /^tributary-(postgres|socket)-/.test(name));
}

function serve() {
  return spawn(process.execPath, ["--import", "tsx", "local/postgres/serve.ts"], {
    cwd: ROOT,
    env: { ...process.env, TMPDIR: folder },
    stdio: ["pipe", "pipe", "inherit"],
  });
}
