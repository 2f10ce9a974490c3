import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { bundleArchive } from "../../../constructs/code/bundle";
import { MigrationTooLongError } from "../../../handlers/ledger-migrator/errors";
import { type Migrator, migrateLedger } from "../../../handlers/ledger-migrator/migrate-ledger";
import { connectLedger } from "../../../runtime/ledger/connection";
import { locked } from "../../../runtime/ledger/migrations/lock";
import type { Migration } from "../../../runtime/ledger/migrations/read-migrations";
import { LEDGER_VARIABLES, MIGRATIONS, type RealLedger, startServer } from "../support/ledger";
import { keepLogs } from "../support/logs";

const FILES = readdirSync(MIGRATIONS).sort();
const LOGINS = ["tributary_lister", "tributary_registrar", "tributary_batch", "tributary_operator"];
const ENOUGH = { getRemainingTimeInMillis: () => 60_000 };

let ledger: RealLedger;
const folder = mkdtempSync(join(tmpdir(), "tributary-migrator-"));

beforeAll(async () => {
  ledger = await startServer();
});
afterAll(async () => {
  await ledger.stop();
  rmSync(folder, { recursive: true, force: true });
});

keepLogs();

describe("the deployed migrator", () => {
  type Handler = (event: unknown, context: typeof ENOUGH) => Promise<unknown>;
  let handler: Handler;
  beforeAll(() => {
    execFileSync("python3", ["-m", "zipfile", "-e", bundleArchive("ledger-migrator"), folder]);
    Object.assign(process.env, LEDGER_VARIABLES, { LOGIN_AUTHENTICATION: "none" });
    delete process.env["NODE_EXTRA_CA_CERTS"];
    // not jest's own, which would read the bundle through its transformations
    ({ handler } = createRequire(join(folder, "index.js"))("./index.js") as { handler: Handler });
  });

  test("carries the migrations", () => {
    expect(readdirSync(folder).sort()).toEqual(["index.js", "sql"]);
    expect(readdirSync(join(folder, "sql")).sort()).toEqual(FILES);
  });

  test("applies what is missing and makes the logins, and does nothing the next time", async () => {
    expect(await handler({}, ENOUGH)).toEqual({ applied: FILES, logins: LOGINS });
    expect(await handler({}, ENOUGH)).toEqual({ applied: [], logins: LOGINS });
    expect(await ledger.rows("SELECT count(*)::int AS files FROM ledger.file_processing_status")).toEqual([
      { files: 0 },
    ]);
  });

  test("fails where the ledger does not answer, so that the deploy does", async () => {
    const port = process.env["PGPORT"];
    process.env["PGPORT"] = "1";
    await expect(handler({}, ENOUGH)).rejects.toThrow("the ledger does not answer");
    process.env["PGPORT"] = port;
  });
});

describe("migrateLedger", () => {
  const migration = (sql: string): Migration => ({
    file: `000${FILES.length + 1}-slow.sql`,
    sql,
    sha256: "0",
    isBare: false,
  });

  function migrator(sql: string, remainingMs: number): Migrator {
    return {
      connect: (statement_timeout) =>
        connectLedger(LEDGER_VARIABLES, { application: "test" }, { statement_timeout }),
      migrations: [...applied, migration(sql)],
      authentication: "none",
      remainingMs: () => remainingMs,
    };
  }

  let applied: Migration[] = [];
  beforeAll(async () => {
    const found = await ledger.rows("SELECT file, sha256 FROM migrations.applied ORDER BY file");
    applied = found.map((row) => ({ ...(row as unknown as Migration), sql: "", isBare: false }));
  });

  test.each([
    ["one statement", "CREATE TABLE public.slow (); SELECT pg_sleep(20);"],
    ["many statements", `CREATE TABLE public.slow ();${"SELECT pg_sleep(0.3);".repeat(60)}`],
  ])("ends %s that takes too long in time to say what to do", async (_, sql) => {
    // far less time than the statements take: who is not ended in time succeeds
    const failed = migrateLedger(migrator(sql, 6_000));
    await expect(failed).rejects.toThrow(MigrationTooLongError);
    await expect(failed).rejects.toThrow("npm run migrate");
    expect(await ledger.rows("SELECT to_regclass('public.slow') AS found")).toEqual([{ found: null }]);
  });

  test("waits for another migrator longer than for any table, and in time says what to do", async () => {
    const wanted = migrator("SELECT 1", 6_000);
    const impatient = (statement_timeout: number) =>
      connectLedger(LEDGER_VARIABLES, { application: "test" }, { statement_timeout, lock_timeout: 100 });
    const client = await wanted.connect(0);
    await locked(client, () =>
      expect(migrateLedger({ ...wanted, connect: impatient })).rejects.toThrow(MigrationTooLongError),
    );
    await client.end();
  });

  test("tells the error of any other migration as it is", async () => {
    await expect(migrateLedger(migrator("SELECT 1/0", 60_000))).rejects.toThrow(/-slow.sql failed: division/);
  });

  test("fails where the logins cannot be made, and keeps what was migrated", async () => {
    const wanted = { ...migrator("CREATE TABLE public.kept ()", 60_000), authentication: "iam" as const };
    await expect(migrateLedger(wanted)).rejects.toThrow('role "rds_iam" does not exist');
    expect(await ledger.rows("SELECT to_regclass('public.kept')::text AS found")).toEqual([
      { found: "kept" },
    ]);
  });
});
