import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { functionName } from "../../environments/schema";
import type { Accounts } from "../../local/outcome/accounts";
import { query } from "../../local/outcome/athena";
import { clientsOf } from "../../local/platform/clients";
import { ensureJava } from "../../setup/java";
import { ensurePython } from "../../setup/python";
import { eventually } from "../support/eventually";
import {
  environment,
  holdWork,
  killJob,
  type TestPlatform,
  withoutNotification,
} from "../support/local-platform";
import type { RawJson } from "../support/raw-json";

const SCRIPT = "ledger_batch";

/** What is broken on purpose in a deployed pipeline; afterwards every record is counted. */
export function breakLedgerPipeline(platformOf: () => TestPlatform, filesOf: () => RawJson): void {
  describe("the ledger pipeline", () => {
    let platform: TestPlatform;
    let files: RawJson;
    /** Files of the same lines that were there before. */
    let before: number;
    let accounts: Accounts;

    beforeAll(() => {
      platform = platformOf();
      files = filesOf();
      before = files.uploads.length;
    });

    test("turns raw JSON into Parquet, keeps the ledger and measures it where roles are enforced", async () => {
      await files.send(3);
      await files.list();
      await files.send(2);
      await files.registered();
      await files.finish();
      const count = before + 5;
      const lines = { rowsOut: 2 * count, deadLetters: count };
      const expected = { files: count, ...lines, lost: 0, duplicated: 0, problems: [] };
      expect(await files.accounts()).toMatchObject(expected);
      const FunctionName = functionName(environment, "ledger-operator");
      const measure = new InvokeCommand({ FunctionName, Payload: Buffer.from('{"command":"measure"}') });
      const { FunctionError, Payload } = await platform.lambda.send(measure);
      expect(FunctionError && Buffer.from(Payload ?? []).toString()).toBeUndefined();
    });

    test("lists files that no event announced, and then works on them by itself", async () => {
      await withoutNotification(platform, () => files.send(20, "all_historical_files"));
      await files.list();
      const count = before + 25;
      expect(await files.state()).toMatchObject({ registered: count, settled: count, unarchived: 0 });
      const [[list], [batch]] = [await files.listerRuns(), await files.batchRuns()];
      expect(Number(batch?.StartedOn)).toBeGreaterThanOrEqual(Number(list?.CompletedOn));
    });

    test("takes what S3 announces without any listing", async () => {
      const before = await files.listerRuns();
      await files.send(5);
      await files.registered();
      await files.finish();
      expect(await files.listerRuns()).toHaveLength(before.length);
    });

    test("goes on where the batch job was killed in the midst of its work", async () => {
      await files.send(300);
      await files.registered();
      const run = await files.startBatchJob();
      await holdWork(run, SCRIPT, async () => {
        expect(await claimed()).toBe(1);
        killJob(run, SCRIPT);
      });
      await eventually("the failure", async () =>
        (await files.batchRuns()).some(({ Id, JobRunState }) => Id === run && JobRunState === "FAILED"),
      );
      await files.finish();
    });

    test("goes on after PostgreSQL fell while a batch was in work", async () => {
      await files.send(300);
      await files.registered();
      await holdWork(await files.startBatchJob(), SCRIPT, async () => {
        expect(await claimed()).toBe(1);
        await platform.ledger.crashAndRestart();
      });
      expect(platform.signal.aborted).toBe(false);
      await files.finish();
    });

    test("works on each version of a key, also one that comes while its predecessor is put away", async () => {
      await files.sendOne("2026/week09/again.json", "first");
      await files.registered();
      await holdWork(await files.startBatchJob(), SCRIPT, async () => {
        expect(await claimed()).toBe(1);
        await files.sendOne("2026/week09/again.json", "second");
        // from now on another of the run's workers may claim it
        await files.registered();
      });
      await files.finish();
    });

    test("has lost no record and none twice in all of this", async () => {
      accounts = await files.accounts();
      const expected: Partial<Accounts> = { files: before + 632, lost: 0, duplicated: 0, problems: [] };
      expect(accounts).toMatchObject(expected);
      expect(accounts.rowsIn).toBe(accounts.rowsOut + accounts.deadLetters);
      expect(accounts.deadLetters).toBe(before + 630);
    });

    test("leaves rows that Athena, DuckDB and Spark read alike under the declared schema", async () => {
      const sql =
        "SELECT count(*) AS events, count(DISTINCT record_id) AS ids, min(event_time_utc) AS first, " +
        "sum(cardinality(transaction_items)) AS items FROM ml_events WHERE year = '2026' AND mode = 'train'";
      const { rows } = await query(clientsOf(platform.aws).settings, environment, sql);
      const athena = Object.fromEntries((rows[0] ?? []).map((name, index) => [name, rows[1]?.[index]]));
      const events = String(accounts.rowsOut);
      expect(athena).toMatchObject({ events, ids: events, items: events });
      const { python } = await ensurePython("dev", () => undefined);
      const { stdout } = await promisify(execFile)(
        python,
        [join(__dirname, "read_ml_events.py"), join(platform.output, "curated", "tables", "ml_events")],
        { env: { ...process.env, JAVA_HOME: await ensureJava(() => undefined) }, maxBuffer: 2 ** 24 },
      );
      const { duckdb, spark } = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
      expect(duckdb).toMatchObject({ events: accounts.rowsOut, items: accounts.rowsOut, price: "2.50" });
      expect(spark).toEqual(duckdb);
    });

    /** Batches that a run holds and has not committed. */
    async function claimed(): Promise<number> {
      const client = platform.ledger.client();
      await client.connect();
      const { rows } = await client.query("SELECT count(*) FROM ledger.batches WHERE state = 'CLAIMED'");
      await client.end();
      return Number(rows[0].count);
    }
  });
}
