import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { Client } from "pg";
import { registerInputs } from "../../../handlers/ledger-registrar/register-inputs";
import type { Registrar } from "../../../handlers/ledger-registrar/registrar";
import type { BatchResponse, Message } from "../../../runtime/aws/queue-messages";
import { LedgerConnection } from "../../../runtime/ledger/connection";
import { registerFiles } from "../../../runtime/ledger/register-files";
import { declare } from "../support/declared";
import { type EventObject, s3Event } from "../support/events";
import { LEDGER_VARIABLES, type RealLedger, startLedger } from "../support/ledger";
import { keepLogs } from "../support/logs";
import { NUL_NAME, ODD_NAMES } from "../support/odd-names";

type Handler = (
  event: { Records: readonly Message[] },
  context: { getRemainingTimeInMillis(): number },
) => Promise<BatchResponse>;

const PREFIXES = { ml_events: "raw-json-data/", orders: "input/orders/" };
const VARIABLES = {
  ...LEDGER_VARIABLES,
  START_YEAR: "2021",
  ENVIRONMENT: "test",
  METRIC_NAMESPACE: "Tributary",
};
const WEEK = "raw-json-data/2026/week01/";

const folder = mkdtempSync(join(tmpdir(), "tributary-declared-"));
let ledger: RealLedger;
let handler: Handler;

beforeAll(async () => {
  ledger = await startLedger();
  Object.assign(process.env, VARIABLES, declare<"ledger-registrar">(folder, { prefixes: PREFIXES }));
  ({ handler } = await import("../../../handlers/ledger-registrar"));
});
afterAll(async () => {
  await ledger.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  await ledger.rows("TRUNCATE ledger.files, ledger.queue");
});

const { lines } = keepLogs();

const message = (messageId: string, ...objects: EventObject[]): Message => ({
  messageId,
  body: JSON.stringify(s3Event(...objects)),
});

async function register(...Records: Message[]): Promise<string[]> {
  const { batchItemFailures } = await handler({ Records }, { getRemainingTimeInMillis: () => 30_000 });
  return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}

const files = () =>
  ledger.rows(
    "SELECT bucket, s3_key, version_id, size::int, last_modified, processing_status " +
      "FROM ledger.file_processing_status ORDER BY s3_key, version_id",
  );
const keys = async () => (await files()).map((row) => row["s3_key"]);
const metrics = () => lines().findLast((line) => "_aws" in line);

describe("the registrar", () => {
  test("registers what S3 announces as a listing would", async () => {
    expect(await register(message("1", { key: `${WEEK}ü +%41.json`, version: "v1", size: 7 }))).toEqual([]);
    expect(await files()).toEqual([
      {
        bucket: "raw",
        s3_key: `${WEEK}ü +%41.json`,
        version_id: "v1",
        size: 7,
        last_modified: new Date("2026-01-31T12:00:00.000Z"),
        processing_status: "PENDING",
      },
    ]);
    expect(metrics()).toMatchObject({
      LedgerFilesAnnounced: 1,
      LedgerFilesRegistered: 1,
      LedgerRecordsIgnored: 0,
      LedgerMessagesFailed: 0,
    });
  });

  test("registers files of every dataset as its own", async () => {
    const keys = ["raw-json-data/loose.json", "input/orders/2020/week01/a.csv"].map((key) => ({ key }));
    expect(await register(message("1", ...keys))).toEqual([]);
    const found =
      "SELECT s3_key, f.dataset, q.dataset AS queued FROM ledger.files f JOIN ledger.queue q USING (id)";
    expect(await ledger.rows(`${found} ORDER BY s3_key`)).toEqual([
      { s3_key: "input/orders/2020/week01/a.csv", dataset: "orders", queued: "orders" },
      { s3_key: "raw-json-data/loose.json", dataset: "ml_events", queued: "ml_events" },
    ]);
  });

  test("makes each version work once, however often and in whatever order it is told", async () => {
    const [a1, a2] = ["v1", "v2"].map((version) => ({ key: `${WEEK}a`, version }));
    expect(await register(message("1", { ...a2, sequencer: "02" } as EventObject))).toEqual([]);
    const again = { ...a1, sequencer: "01" } as EventObject;
    expect(
      await register(message("2", again, again), message("3", again), message("4", a2 as EventObject)),
    ).toEqual([]);
    expect((await files()).map((row) => row["version_id"])).toEqual(["v1", "v2"]);
    expect(metrics()).toMatchObject({ LedgerFilesAnnounced: 4, LedgerFilesRegistered: 1 });
  });

  test("registers corrected lines once, whatever versions of their file come beside others", async () => {
    const key = "raw-json-data/tributary-corrections/0a.json";
    const versions = ["v1", "v2"].map((version) => ({ key, version }));
    expect(await register(message("1", ...versions, { key: `${WEEK}a` }))).toEqual([]);
    expect(await register(message("2", { key, version: "v3" }))).toEqual([]);
    expect(await keys()).toEqual([`${WEEK}a`, key]);
    expect(metrics()).toMatchObject({ LedgerFilesRegistered: 0, LedgerMessagesFailed: 0 });
  });

  test("ignores the test event, deletions, and keys that no listing finds", async () => {
    const others: EventObject[] = [
      { key: `${WEEK}a`, name: "ObjectRemoved:DeleteMarkerCreated" },
      { key: "raw-json-data/2020/week01/a" },
      { key: "elsewhere/loose.json" },
      { key: WEEK },
    ];
    const test = { messageId: "t", body: JSON.stringify({ Service: "Amazon S3", Event: "s3:TestEvent" }) };
    expect(await register(test, message("1", ...others))).toEqual([]);
    expect(await files()).toEqual([]);
    expect(metrics()).toMatchObject({ LedgerRecordsIgnored: 4, LedgerMessagesFailed: 0 });
  });

  test.each([
    ["no JSON", "{"],
    ["no event of S3", "{}"],
    ["a record without a version", JSON.stringify(withoutVersion())],
    ["a key that is not encoded", JSON.stringify(s3Event({ key: "k" })).replace('"k"', '"%E0%A4%A"')],
    [
      "a size that no row can hold",
      JSON.stringify(s3Event({ key: `${WEEK}z` })).replace('"size":12', '"size":-1'),
    ],
  ])("gives back %s alone", async (_, body) => {
    const others = [message("1", { key: `${WEEK}a` }), message("2", { key: `${WEEK}b` })];
    expect(await register(...others, { messageId: "broken", body })).toEqual(["broken"]);
    expect(await keys()).toEqual([`${WEEK}a`, `${WEEK}b`]);
    expect(metrics()).toMatchObject({ LedgerFilesRegistered: 2, LedgerMessagesFailed: 1 });
  });

  test("counts a key that no row can hold, and takes its message and all others", async () => {
    const odd = [...ODD_NAMES, "x".repeat(1_024 - WEEK.length)];
    const others = odd.map((name, index) => message(`${index}`, { key: WEEK + name }));
    const refused = message("refused", { key: WEEK + NUL_NAME }, { key: `${WEEK}a` });
    expect(await register(...others, refused)).toEqual([]);
    expect(new Set(await keys())).toEqual(new Set([...odd, "a"].map((name) => WEEK + name)));
    expect(metrics()).toMatchObject({ LedgerRecordsRefused: 1, LedgerMessagesFailed: 0 });
    expect(lines()).toContainEqual(expect.objectContaining({ level: "warn", key: WEEK + NUL_NAME }));
  });

  test("gives back a message with a broken record, and takes what its others announce", async () => {
    const broken = { Records: [...withoutVersion().Records, ...s3Event({ key: `${WEEK}a` }).Records] };
    expect(await register({ messageId: "1", body: JSON.stringify(broken) })).toEqual(["1"]);
    expect(await keys()).toEqual([`${WEEK}a`]);
  });

  test("takes thousands of files at once", async () => {
    const messages = Array.from({ length: 100 }, (_, n) =>
      message(`${n}`, ...Array.from({ length: 25 }, (_, m) => ({ key: `${WEEK}${n}-${m}` }))),
    );
    expect(await register(...messages)).toEqual([]);
    expect(await ledger.rows("SELECT count(*)::int AS files FROM ledger.queue")).toEqual([{ files: 2_500 }]);
  });

  test("waits for another registrar in one direction only, whatever the order of the messages", async () => {
    const [ascending, descending] = await Promise.all([ledger.server.client(), ledger.server.client()]);
    const some = Array.from({ length: 2_000 }, (_, n) => ({ key: `${WEEK}${1e4 + n}`, bucket: "raw" })).map(
      (file) => ({
        ...file,
        version: "v",
        size: 1,
        modifiedAt: "2026-01-31T12:00:00Z",
        dataset: "ml_events",
      }),
    );
    const added = async (client: Client, files: typeof some) => {
      await client.connect();
      await client.query("BEGIN");
      const slowly = {
        query: async (...given: [string, unknown[]]) => {
          const answer = await client.query(...given);
          // for the other to come in between; where it comes too late, neither has to wait
          await sleep(200);
          return answer;
        },
      };
      const count = await registerFiles(slowly as unknown as Client, files);
      await client.query("COMMIT");
      return count;
    };
    try {
      const counts = await Promise.all([added(ascending, some), added(descending, some.toReversed())]);
      expect(counts.toSorted()).toEqual([0, 2_000]);
    } finally {
      for (const client of [ascending, descending]) await client.end();
    }
  });

  test("goes on after its connection was cut while it was frozen", async () => {
    await register(message("1", { key: `${WEEK}a` }));
    await ledger.rows(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tributary registrar'",
    );
    expect(await register(message("2", { key: `${WEEK}b` }))).toEqual([]);
    expect(await keys()).toEqual([`${WEEK}a`, `${WEEK}b`]);
  });

  test("gives all messages back while the ledger does not answer, but those without work", async () => {
    const elsewhere: Registrar = {
      ledger: new LedgerConnection(
        { ...LEDGER_VARIABLES, LEDGER_HOST: "127.0.0.1", LEDGER_PORT: "1" },
        { login: "tributary_registrar", application: "test" },
      ),
      wanted: { prefixes: PREFIXES, startYear: 2021 },
      metrics: { namespace: "Tributary", environment: "test" },
    };
    const messages = [
      message("1", { key: `${WEEK}a` }),
      message("2", { key: `${WEEK}b` }),
      message("3", { key: "x" }),
    ];
    const { batchItemFailures } = await registerInputs(elsewhere, messages, () => 10_000);
    expect(batchItemFailures).toEqual([{ itemIdentifier: "1" }, { itemIdentifier: "2" }]);
    expect(metrics()).toMatchObject({ LedgerFilesRegistered: 0, LedgerMessagesFailed: 2 });
  });

  test("may do nothing else with the ledger", async () => {
    const may = await ledger.rows(
      "SELECT has_function_privilege('tributary_registrar', p.oid, 'EXECUTE') AS may FROM pg_proc p " +
        "WHERE p.proname = 'register' AND p.pronamespace = 'ledger'::regnamespace",
    );
    expect(may).toEqual([{ may: true }]);
    const tables = await ledger.rows(
      "SELECT relname FROM pg_class WHERE relnamespace = 'ledger'::regnamespace AND relkind IN ('r', 'v') " +
        "AND has_table_privilege('tributary_registrar', oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')",
    );
    expect(tables).toEqual([]);
  });
});

function withoutVersion() {
  const event = s3Event({ key: `${WEEK}x` });
  for (const { s3 } of event.Records) delete (s3.object as { versionId?: string }).versionId;
  return event;
}
