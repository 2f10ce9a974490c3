import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { PostgresServer } from "../../../../local/postgres/server";
import { ChangedMigrationError, FailedMigrationError } from "../../../../runtime/ledger/migrations/errors";
import { migrate } from "../../../../runtime/ledger/migrations/migrate";
import { type Migration, readMigrations } from "../../../../runtime/ledger/migrations/read-migrations";
import { ROOT } from "../../../../setup/paths";
import { outcomeOf } from "../../../support/outcome";

const MIGRATIONS = join(ROOT, "runtime", "ledger", "migrations", "sql");
const FILES = readdirSync(MIGRATIONS).sort();

describe("migrate", () => {
  const folder = mkdtempSync(join(tmpdir(), "tributary-migrate-"));
  let server: PostgresServer;
  let database = "";
  let count = 0;

  beforeAll(async () => {
    server = await PostgresServer.start({ folder });
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    database = `migrate_${++count}`;
    await query(`CREATE DATABASE ${database}`, "postgres");
  });

  async function query(sql: string, name = database) {
    const client = server.client(name);
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  }

  async function apply(migrations: readonly Migration[] = readMigrations(MIGRATIONS)): Promise<string[]> {
    const client = server.client(database);
    await client.connect();
    try {
      return await migrate(client, migrations);
    } finally {
      await client.end();
    }
  }

  /** The project's migrations with one more, or with one that has other content. */
  function withFile(name: string, content: string): Migration[] {
    const other = mkdtempSync(join(tmpdir(), "tributary-migrations-"));
    try {
      cpSync(MIGRATIONS, other, { recursive: true });
      writeFileSync(join(other, name), content);
      return readMigrations(other);
    } finally {
      rmSync(other, { recursive: true });
    }
  }
  const next = `${String(FILES.length + 1).padStart(4, "0")}-next.sql`;

  test("needs no superuser, on a server that was never used", async () => {
    await query(`CREATE ROLE deployer LOGIN CREATEROLE; GRANT CREATE ON DATABASE ${database} TO deployer`);
    const environment = { ...server.variables, PGDATABASE: database, PGUSER: "deployer" };
    const line = ["npm", "run", "--silent", "migrate"];
    expect(await outcomeOf(line, ROOT, environment)).toMatchObject({
      code: 0,
      stdout: `applied ${FILES.join(", ")}\n`,
    });
    expect(await outcomeOf(line, ROOT, environment)).toMatchObject({ code: 0, stdout: "nothing to apply\n" });
  });

  test("applies every file once, in order, and records it", async () => {
    expect(await apply()).toEqual(FILES);
    expect(await apply()).toEqual([]);
    expect(await query("SELECT file, sha256 FROM migrations.applied ORDER BY file")).toEqual(
      readMigrations(MIGRATIONS).map(({ file, sha256 }) => ({ file, sha256 })),
    );
  });

  test("applies each file once when two run at the same time", async () => {
    const both = await Promise.all([apply(), apply()]);
    expect(both.map(({ length }) => length).sort()).toEqual([0, FILES.length]);
  });

  test("does so where one makes an index, which waits for every snapshot that is older", async () => {
    const index =
      "-- no transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS files_size ON ledger.files (size)";
    const migrations = withFile(next, index);
    const both = await Promise.all([apply(migrations), apply(migrations)]);
    expect(both.map(({ length }) => length).sort()).toEqual([0, FILES.length + 1]);
  });

  test("waits in an index for as long as it takes, else for half a minute", async () => {
    const table = "CREATE TABLE IF NOT EXISTS public.waits AS SELECT current_setting('lock_timeout') AS most";
    await apply(withFile(next, table));
    expect(await query("SELECT most FROM public.waits")).toEqual([{ most: "30s" }]);
    await query("DELETE FROM migrations.applied WHERE file LIKE '%next.sql'; DROP TABLE public.waits");
    await apply(withFile(next, `-- no transaction\n${table}`));
    expect(await query("SELECT most FROM public.waits")).toEqual([{ most: "0" }]);
  });

  test.each([
    [
      "changed",
      (all: Migration[]) => all.map((one, n) => (n === 1 ? { ...one, sha256: "0" } : one)),
      "is 0 now",
    ],
    ["gone", (all: Migration[]) => all.slice(0, 1), "is gone"],
  ])("refuses when an applied file is %s, and applies nothing", async (_, change, message) => {
    await apply();
    const further = withFile(next, "CREATE TABLE public.further ()");
    const given = [...change(further.slice(0, FILES.length)), ...further.slice(FILES.length)];
    const refused = apply(given);
    await expect(refused).rejects.toThrow(ChangedMigrationError);
    await expect(refused).rejects.toThrow(message);
    expect(await query("SELECT to_regclass('public.further') AS found")).toEqual([{ found: null }]);
  });

  test("undoes all of a file that fails, keeps those before it, and goes on once it is mended", async () => {
    const broken = withFile(next, "CREATE TABLE public.half (); SELECT 1 / 0");
    await expect(apply(broken)).rejects.toThrow(FailedMigrationError);
    await expect(apply(broken)).rejects.toThrow(`migration ${next} failed: division by zero`);
    expect(await query("SELECT to_regclass('public.half') AS found")).toEqual([{ found: null }]);
    expect(await apply(withFile(next, "CREATE TABLE public.whole ()"))).toEqual([next]);
  });

  test("leaves batches that were finished before there was an archive to be archived", async () => {
    const all = readMigrations(MIGRATIONS);
    await apply(all.slice(0, 2));
    await query(
      `INSERT INTO ledger.batches (state, dataset_version, owner, available_at, file_ids, bytes, committed_at, finished_at,
        objects, counts, position_available_at, position_id)
      VALUES ('SUCCEEDED', 'v1', 'run', 'infinity', '{3,5,8}', 1, now(), now(), '[]', '{}', now(), 8)`,
    );
    await apply(all);
    expect(
      await query(
        "SELECT available_at <= clock_timestamp() AS is_due, files, first_file_id, last_file_id FROM ledger.batches",
      ),
    ).toEqual([{ is_due: true, files: 3, first_file_id: "3", last_file_id: "8" }]);
  });

  test.each([
    [
      "the one that there was",
      "INSERT INTO ledger.dataset_versions VALUES ('v1', 'orders', '{}', '')",
      "orders",
    ],
    ["ml_events where none was claimed yet", "SELECT", "ml_events"],
  ])("gives what was registered before there were datasets %s", async (_, before, dataset) => {
    const all = readMigrations(MIGRATIONS);
    await apply(all.slice(0, 5));
    await query(before);
    const keys = "'{raw-json-data/a,raw-json-data/all_historical_files/smoke_ledger/a,raw-json-data/b}'";
    await query(`SELECT ledger.register('{r,r,r}', ${keys}, '{v,v,v}', '{1,1,1}', '{now,now,now}')`);
    await query(
      `INSERT INTO ledger.batches (state, is_smoke, owner, available_at, file_ids, bytes, position_available_at, position_id)
      VALUES ('WAITING', false, 'run', now(), '{1}', 1, now(), 1), ('WAITING', true, 'run', now(), '{2}', 1, now(), 2)`,
    );
    await apply(all);
    for (const [table, found] of [
      ["files", [dataset, "smoke_ledger", dataset]],
      ["queue", [dataset, "smoke_ledger", dataset]],
      ["batches", [dataset, "smoke_ledger"]],
    ] as const) {
      const rows = await query(`SELECT dataset FROM ledger.${table} ORDER BY id`);
      expect([table, rows.map((row) => row["dataset"])]).toEqual([table, found]);
    }
  });

  test("runs a marked file outside of a transaction", async () => {
    const index = "CREATE INDEX CONCURRENTLY IF NOT EXISTS files_size ON ledger.files (size)";
    await expect(apply(withFile(next, index))).rejects.toThrow("cannot run inside a transaction block");
    expect(await apply(withFile(next, `-- no transaction\n${index}`))).toEqual([next]);
  });

  test("makes an index anew whose making was cut off, and takes no broken one for it", async () => {
    await apply();
    await query("INSERT INTO ledger.queue VALUES (1, now(), 7, 'a'), (2, now(), 7, 'a')");
    const unique = "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS queue_size ON ledger.queue (size)";
    const migrations = withFile(next, `-- no transaction\n${unique}`);
    await expect(apply(migrations)).rejects.toThrow("could not create unique index");
    const isValid =
      "SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = 'ledger.queue_size'::regclass";
    expect(await query(isValid)).toEqual([{ valid: false }]);
    await query("DELETE FROM ledger.queue WHERE id = 2");
    expect(await apply(migrations)).toEqual([next]);
    expect(await query(isValid)).toEqual([{ valid: true }]);
  });

  test("makes roles without login or password, and gives everything to the migrator", async () => {
    await apply();
    expect(
      await query(
        "SELECT rolname, rolcanlogin, rolsuper, rolpassword FROM pg_authid WHERE rolname LIKE 'ledger%' ORDER BY 1",
      ),
    ).toEqual(
      [
        "ledger_batch",
        "ledger_lister",
        "ledger_maintainer",
        "ledger_migrator",
        "ledger_operator",
        "ledger_registrar",
      ].map((rolname) => ({
        rolname,
        rolcanlogin: false,
        rolsuper: false,
        rolpassword: null,
      })),
    );
    expect(
      await query(
        "SELECT DISTINCT pg_get_userbyid(relowner) AS owner FROM pg_class WHERE relnamespace = 'ledger'::regnamespace",
      ),
    ).toEqual([{ owner: "ledger_migrator" }]);
  });

  test("keeps what was committed when the server falls", async () => {
    await apply();
    await query("INSERT INTO ledger.queue VALUES (1, now(), 1, 'a')");
    await server.crashAndRestart();
    expect(await query("SELECT id FROM ledger.queue")).toEqual([{ id: "1" }]);
  });
});
