import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "pg";
import { answer } from "../../../handlers/ledger-operator/answer";
import { ledgerOf } from "../../../handlers/ledger-operator/ledger";
import { DATABASE, PostgresServer } from "../../../local/postgres/server";
import { LedgerConnection } from "../../../runtime/ledger/connection";
import { ensureLogins } from "../../../runtime/ledger/migrations/logins";
import { migrate } from "../../../runtime/ledger/migrations/migrate";
import { readMigrations } from "../../../runtime/ledger/migrations/read-migrations";
import type { LedgerAnswer, LedgerCommand, LedgerRequest } from "../../../runtime/ledger/operator-protocol";
import { ROOT } from "../../../setup/paths";

const MIGRATIONS = join(ROOT, "runtime", "ledger", "migrations", "sql");
const LIMIT_MS = 60_000;

export const BUCKET = "raw";

/** The key of the file with that number, in the order of numbers: the ledger numbers new files by their keys. */
export function keyOf(number: number): string {
  return `raw-json-data/2026/week01/${String(number).padStart(4, "0")}.json`;
}

/** A ledger on a real PostgreSQL, the function that operates it, and what jobs do to it. */
export interface Books {
  readonly server: PostgresServer;
  /** The server's owner. */
  readonly owner: Client;
  /** An answer of the function, by its own login. */
  ask<Command extends LedgerCommand>(
    command: Command,
    request?: LedgerRequest<Command>,
  ): Promise<LedgerAnswer<Command>>;
  /** The same function on a connection of its own: one does one thing at a time. */
  another(Connection?: typeof LedgerConnection): { readonly ask: Books["ask"]; stop(): Promise<void> };
  /** Registers files with the numbers up to that one. */
  register(files: number): Promise<void>;
  /** Makes a batch of the next files of the queue. */
  claim(files: number): Promise<number>;
  /** Changes a batch as its holder does, by assignments of SQL. */
  change(batch: number, assignments: string): Promise<void>;
  commit(batch: number, partial?: readonly number[]): Promise<void>;
  finish(batch: number): Promise<void>;
  archive(batch: number): Promise<void>;
  fail(batch: number, state?: "FAILED" | "WAITING"): Promise<void>;
  quarantine(batch: number, file: number): Promise<void>;
  /** The row of a batch. */
  batch(id: number): Promise<Record<string, unknown>>;
  /** How many places each file stands in, the numbers alone: always 1. */
  places(): Promise<number[]>;
  /** Empties all tables; ids begin at 1 again. */
  empty(): Promise<void>;
  stop(): Promise<void>;
}

export async function startBooks(): Promise<Books> {
  const folder = mkdtempSync(join(tmpdir(), "tributary-operator-"));
  const server = await PostgresServer.start({ folder });
  const owner = server.client();
  await owner.connect();
  await migrate(owner, readMigrations(MIGRATIONS));
  await ensureLogins(owner, "none");
  await owner.query("RESET ROLE");
  const first = operate(server);
  return {
    server,
    owner,
    ask: first.ask,
    another: (Connection) => operate(server, Connection),
    ...jobsOf(owner),
    stop: async () => {
      await first.stop();
      await owner.end();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function operate(
  server: PostgresServer,
  Connection: typeof LedgerConnection = LedgerConnection,
): ReturnType<Books["another"]> {
  const connection = operatorConnection(server, Connection);
  const remainingMs = () => LIMIT_MS;
  const emf = { namespace: "tributary", environment: "test" };
  const operator = { ledger: ledgerOf(connection, remainingMs), emf, remainingMs };
  return {
    ask: async (command, request) => {
      const reply = await answer(operator, { command, ...request });
      if ("unreadable" in reply) throw new Error(reply.unreadable);
      return reply.answer as never;
    },
    stop: () => connection.close(),
  };
}

function operatorConnection(
  { variables }: PostgresServer,
  Connection: typeof LedgerConnection,
): LedgerConnection {
  return new Connection(
    {
      LEDGER_HOST: variables["PGHOST"] ?? "",
      LEDGER_PORT: variables["PGPORT"] ?? "",
      LEDGER_DATABASE: DATABASE,
      LEDGER_AUTHENTICATION: "none",
      LEDGER_SECRET_ARN: "none",
      LEDGER_TLS: "disable",
    },
    { login: "tributary_operator", application: "test" },
  );
}

/** What jobs do, in their statements' shortest form. */
function jobsOf(owner: Client): Omit<Books, "server" | "owner" | "ask" | "another" | "stop"> {
  const change: Books["change"] = async (batch, assignments) => {
    const { rowCount } = await owner.query(
      `UPDATE ledger.batches SET ${assignments}, updated_at = clock_timestamp() WHERE id = $1`,
      [batch],
    );
    if (rowCount !== 1) throw new Error(`there is no batch ${batch}`);
  };
  return {
    change,
    register: async (files) => {
      await owner.query(
        `SELECT ledger.register(array_agg($2::text), array_agg(replace($3, '0000', lpad(n::text, 4, '0'))), array_agg('v' || n),
           array_agg(100::bigint), array_agg(now()), array_agg('ml_events'::text))
         FROM generate_series(1, $1::integer) AS n`,
        [files, BUCKET, keyOf(0)],
      );
    },
    claim: async (files) => {
      const { rows } = await owner.query(
        `WITH taken AS (
           DELETE FROM ledger.queue WHERE id IN (SELECT id FROM ledger.queue ORDER BY id LIMIT $1)
           RETURNING id, size, available_at, dataset
         )
         INSERT INTO ledger.batches
           (state, dataset, dataset_version, owner, available_at, file_ids, bytes, position_available_at, position_id)
         SELECT 'CLAIMED', min(dataset), 'v1', 'run', now() + interval '5 minutes', array_agg(id ORDER BY id), sum(size),
           max(available_at), max(id) FROM taken RETURNING id`,
        [files],
      );
      return Number(rows[0].id);
    },
    commit: (batch, partial = []) =>
      change(
        batch,
        `state = 'COMMITTED', committed_at = clock_timestamp(), partial_ids = '{${partial.join(",")}}',
         objects = '[{"bucket": "curated", "staged": "s", "name": "tables/part-${batch}-1.parquet", "rows": 7, "bytes": 70}]',
         counts = jsonb_build_object('files', files, 'rows', 7, 'dead_letters', 1, 'input_bytes', bytes,
           'output_bytes', 70, 'columns', jsonb_build_array())`,
      ),
    finish: async (batch) => {
      await change(
        batch,
        `finished_at = clock_timestamp(),
         state = CASE WHEN partial_files > 0 THEN 'PARTIAL' ELSE 'SUCCEEDED' END::ledger.batch_state`,
      );
      await owner.query(
        `INSERT INTO ledger.outcomes (file_id, batch_id, outcome)
         SELECT held, id, CASE WHEN held = ANY (partial_ids) THEN 'PARTIAL' ELSE 'SUCCEEDED' END::ledger.outcome
         FROM ledger.batches, unnest(file_ids) AS held WHERE id = $1`,
        [batch],
      );
    },
    archive: (batch) =>
      change(
        batch,
        "archived_at = clock_timestamp(), earlier_objects = '[]', is_held = false, available_at = 'infinity'",
      ),
    fail: (batch, state = "FAILED") =>
      change(
        batch,
        `state = '${state}', token = token + 1, is_held = false, attempts = 3, lapsed_leases = 1,
         available_at = ${state === "FAILED" ? "'infinity'" : "now() + interval '1 hour'"},
         first_error = 'first', last_error = 'no memory'`,
      ),
    quarantine: async (batch, file) => {
      await change(batch, `file_ids = array_remove(file_ids, ${file}), bytes = bytes - 100`);
      await owner.query("INSERT INTO ledger.outcomes VALUES ($1, $2, 'QUARANTINED')", [file, batch]);
      await owner.query(
        "INSERT INTO ledger.file_errors (file_id, first_error, last_error) VALUES ($1, $2, $2)",
        [file, "broken-gzip: no end"],
      );
    },
    batch: async (id) => (await owner.query("SELECT * FROM ledger.batches WHERE id = $1", [id])).rows[0],
    places: async () => {
      const { rows } = await owner.query(`
        SELECT DISTINCT (SELECT count(*) FROM ledger.queue q WHERE q.id = f.id)
          + (SELECT count(*) FROM ledger.outcomes o WHERE o.file_id = f.id)
          + (SELECT count(*) FROM ledger.batches b WHERE finished_at IS NULL AND f.id = ANY (file_ids)) AS places
        FROM ledger.files f`);
      return rows.map(({ places }) => Number(places));
    },
    empty: async () => {
      await owner.query(
        `TRUNCATE ledger.files, ledger.queue, ledger.batches, ledger.outcomes, ledger.file_errors,
           ledger.dataset_versions, ledger.listings RESTART IDENTITY`,
      );
    },
  };
}
