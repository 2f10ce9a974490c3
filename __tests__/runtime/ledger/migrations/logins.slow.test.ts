import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { Client } from "pg";
import { PostgresServer } from "../../../../local/postgres/server";
import { ensureLogins, LOGINS, type LoginAuthentication } from "../../../../runtime/ledger/migrations/logins";
import { migrate } from "../../../../runtime/ledger/migrations/migrate";
import { readMigrations } from "../../../../runtime/ledger/migrations/read-migrations";
import { ROOT } from "../../../../setup/paths";

const MIGRATIONS = readMigrations(join(ROOT, "runtime", "ledger", "migrations", "sql"));
const ALL = Object.keys(LOGINS);

describe("ensureLogins", () => {
  const folder = mkdtempSync(join(tmpdir(), "tributary-logins-"));
  let server: PostgresServer;

  beforeAll(async () => {
    server = await PostgresServer.start({ folder });
    // as on RDS: who deploys is no superuser, and may give away what RDS has ready
    await run(
      "postgres",
      "CREATE ROLE deployer LOGIN CREATEROLE; GRANT CREATE ON DATABASE tributary TO deployer",
    );
    await run("postgres", "CREATE ROLE rds_iam; GRANT rds_iam, pg_monitor TO deployer WITH ADMIN OPTION");
    await as("deployer", (client) => migrate(client, MIGRATIONS));
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => run("deployer", ALL.map((login) => `DROP ROLE IF EXISTS ${login}`).join("; ")));

  async function as<Result>(user: string, work: (client: Client) => Promise<Result>): Promise<Result> {
    const { PGHOST, PGPORT, PGDATABASE } = server.variables;
    const client = new Client({ host: PGHOST, port: Number(PGPORT), database: PGDATABASE, user });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }
  const run = (user: string, sql: string) => as(user, async (client) => (await client.query(sql)).rows);
  const ensure = (authentication: LoginAuthentication) =>
    as("deployer", (client) => ensureLogins(client, authentication));
  /** Each login with what it is a member of. */
  const members = async () => {
    const rows = await run(
      "postgres",
      `SELECT l.rolname AS login, array_agg(g.rolname::text ORDER BY g.rolname) AS groups, bool_and(l.rolcanlogin) AS can,
        bool_or(l.rolsuper OR l.rolcreaterole OR l.rolcreatedb OR l.rolpassword IS NOT NULL) AS may_more
      FROM pg_authid l JOIN pg_auth_members m ON m.member = l.oid JOIN pg_roles g ON g.oid = m.roleid
      WHERE l.rolname LIKE 'tributary%' GROUP BY 1`,
    );
    expect(rows.every(({ can, may_more }) => can && !may_more)).toBe(true);
    return Object.fromEntries(rows.map(({ login, groups }) => [login, groups]));
  };

  test("makes each login a member of its groups, without a password, as often as it is asked", async () => {
    expect(await ensure("none")).toEqual(ALL);
    expect(await ensure("none")).toEqual(ALL);
    expect(await members()).toEqual({
      tributary_batch: ["ledger_batch"],
      tributary_lister: ["ledger_lister"],
      tributary_operator: ["ledger_maintainer", "ledger_operator"],
      tributary_registrar: ["ledger_registrar"],
    });
  });

  test("makes them once when two run at the same time", async () => {
    expect(await Promise.all([ensure("none"), ensure("none")])).toEqual([ALL, ALL]);
  });

  test("lets them use tokens of IAM", async () => {
    await ensure("none");
    await ensure("iam");
    for (const groups of Object.values(await members())) expect(groups).toContain("rds_iam");
  });

  test("gives the operator one of its roles at a time", async () => {
    await ensure("none");
    const asOperator = (sql: string) => run("tributary_operator", sql);
    await asOperator("SET ROLE ledger_operator; SELECT FROM ledger.batches");
    await asOperator("SET ROLE ledger_maintainer; UPDATE ledger.batches SET attempts = 0");
    await expect(asOperator("SELECT FROM ledger.batches")).rejects.toThrow("permission denied");
    await expect(
      asOperator("SET ROLE ledger_operator; UPDATE ledger.batches SET attempts = 0"),
    ).rejects.toThrow("permission denied");
    await expect(asOperator("SET ROLE ledger_batch")).rejects.toThrow("permission denied");
  });

  test("lets the user of a secret act as each group, and makes no login", async () => {
    expect(await ensure("secret")).toEqual([]);
    expect(await ensure("secret")).toEqual([]);
    expect(await members()).toEqual({});
    for (const group of new Set(Object.values(LOGINS).flat())) await run("deployer", `SET ROLE ${group}`);
    await expect(run("deployer", "SET ROLE ledger_lister; SELECT FROM ledger.queue")).rejects.toThrow(
      "permission denied",
    );
  });

  test.each([
    ["shows the operator transactions of others where the deployer may allow it", true],
    ["does without where the deployer may not", false],
  ])("%s", async (_, isAllowed) => {
    const change = isAllowed
      ? "GRANT pg_monitor TO deployer WITH ADMIN OPTION"
      : "REVOKE pg_monitor FROM deployer CASCADE";
    await run("postgres", change);
    await ensure("none");
    const sees = "SET ROLE ledger_operator; SELECT pg_has_role('pg_read_all_stats', 'USAGE') AS sees";
    const answers: unknown = await as("tributary_operator", (client) => client.query(sees));
    expect((answers as { rows: unknown[] }[])[1]?.rows).toEqual([{ sees: isAllowed }]);
  });
});
