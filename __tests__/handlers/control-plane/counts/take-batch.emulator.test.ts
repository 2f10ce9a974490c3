import { CreateTableCommand, DeleteTableCommand, GetTableCommand } from "@aws-sdk/client-glue";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { answer } from "../../../../handlers/control-plane/answer";
import { addDeclared, readDeclared } from "../../../../handlers/declared-columns/add-declared";
import { UnexpectedEventError } from "../../../../runtime/errors";
import { readTableColumns } from "../../../../runtime/undeclared-columns";
import {
  ALERT_SOURCE,
  CONTROL,
  CURATED,
  DATABASE,
  type ManifestsPipeline,
  METRICS,
  startManifestsPipeline,
} from "../../support/emulated-pipeline";
import { dieAt, seeded, throttle } from "../../support/faults";
import { keepLogs } from "../../support/logs";
import { realPlane } from "../real-plane";

const TABLE = "ml_events";
const DECLARED = [
  { Name: "record_id", Type: "string" },
  { Name: "transaction_items", Type: "array<struct<sku:string,quantity:int>>" },
];
const BATCH = {
  environment: "test",
  dataset: TABLE,
  batch: 17,
  token: 2,
  dataset_version: "v1",
  files: 10_000,
  partial_files: 3,
  rows: 120_000,
  dead_letters: 5,
  input_bytes: 100_000_000,
  output_bytes: 20_000_000,
  objects: 12,
  other_rows: 7,
  columns: ["session_id"],
  seconds: 41.5,
};

let pipeline: ManifestsPipeline;

beforeAll(async () => {
  pipeline = await startManifestsPipeline();
});
afterAll(() => pipeline.stop());

beforeEach(async () => {
  await pipeline.clear(METRICS);
  await pipeline.clear(CONTROL);
  await pipeline.take("events");
  await pipeline.glue.send(
    new CreateTableCommand({
      DatabaseName: DATABASE,
      TableInput: {
        Name: TABLE,
        TableType: "EXTERNAL_TABLE",
        PartitionKeys: ["year", "month", "day", "mode"].map((Name) => ({ Name, Type: "string" })),
        StorageDescriptor: { Location: `s3://${CURATED}/tables/${TABLE}/`, Columns: DECLARED },
      },
    }),
  );
});
afterEach(() => pipeline.glue.send(new DeleteTableCommand({ DatabaseName: DATABASE, Name: TABLE })));

const { lines } = keepLogs();

const event = (more: object = {}) => ({
  source: ALERT_SOURCE,
  "detail-type": "LedgerBatchPublished",
  detail: { ...BATCH, ...more },
});

const take = (more: object = {}, options: Parameters<typeof realPlane>[1] = {}) =>
  answer(realPlane(pipeline, options).plane, event(more));

const hours = async () =>
  (await pipeline.rows(METRICS)).filter(({ metric_type }) => String(metric_type).startsWith("ledger_hour#"));
/** Sums over the rows of all hours: a test may begin in one and end in the next. */
const counted = async () => {
  const rows = await hours();
  const sum = (name: string) => rows.reduce((total, row) => total + Number(row[name]), 0);
  return { batches: sum("batches"), rows: sum("rows") };
};
const drifts = async () =>
  (await pipeline.take("events")).filter((one) => one["detail-type"] === "SchemaDrift");
const emitted = (name: string) => lines().flatMap((line) => (name in line ? [line[name]] : []));

async function admitted() {
  return (await readTableColumns(realPlane(pipeline).plane.control, TABLE)).admitted;
}

async function columns() {
  const get = new GetTableCommand({ DatabaseName: DATABASE, Name: TABLE });
  const { Table } = await pipeline.glue.send(get);
  return (Table?.StorageDescriptor?.Columns ?? []).map(({ Name, Type }) => `${Name} ${Type}`);
}

const shown = DECLARED.map(({ Name, Type }) => `${Name} ${Type}`);

describe("a published batch", () => {
  test("goes into the row of its hour and the metrics", async () => {
    await take();
    expect(await hours()).toMatchObject([
      {
        metric_type: expect.stringMatching(/^ledger_hour#\d\d#ml_events$/),
        batches: 1,
        files: 10_000,
        partial_files: 3,
        rows: 120_000,
        dead_letters: 5,
        input_bytes: 100_000_000,
        output_bytes: 20_000_000,
        objects: 12,
        other_rows: 7,
        work_seconds: 41.5,
        ttl: expect.any(Number),
      },
    ]);
    expect(lines().find((line) => "LedgerFiles" in line)).toMatchObject({
      Environment: "test",
      dataset: TABLE,
      batch: 17,
      token: 2,
      LedgerFiles: 10_000,
      LedgerRows: 120_000,
      LedgerDeadLetters: 5,
      OtherRows: 7,
      LedgerInputBytes: 100_000_000,
      LedgerOutputBytes: 20_000_000,
    });
  });

  test("counts once however often it is told, also on another day; its replay counts again", async () => {
    await take();
    await take({}, { laterMs: 3 * 86_400_000 });
    expect(emitted("LedgerFiles")).toEqual([10_000]);
    expect(await counted()).toMatchObject({ batches: 1 });
    await take({ token: 3, rows: 1 });
    await take({ batch: 18, rows: 2 });
    expect(await counted()).toEqual({ batches: 3, rows: 120_003 });
    expect(emitted("LedgerRows")).toEqual([120_000, 1, 2]);
  });

  test("leaves the figures of the streaming job alone", async () => {
    await take();
    await answer(realPlane(pipeline).plane, { kind: "tick" });
    expect(emitted("FilesPerHour")).toEqual([0]);
    expect(emitted("SecondsWithoutParquet")).toEqual([0]);
  });

  test("adds its undeclared columns to its table, which has no view, and tells of each once", async () => {
    await take({ columns: ["session_id", "RECORD_ID", "year"] });
    await take({ batch: 18, columns: ["session_id", "app__version"] });
    expect(await columns()).toEqual([...shown, "session_id string", "app__version string"]);
    expect((await drifts()).map(({ detail }) => detail)).toEqual([
      expect.objectContaining({
        severity: "warning",
        dataset: TABLE,
        columns: ["session_id"],
        batch: 17,
        token: 2,
      }),
      expect.objectContaining({ columns: ["app__version"], batch: 18 }),
    ]);
    expect(emitted("SchemaDrift")).toEqual([1, 1]);
    expect([...(await admitted())].sort()).toEqual(["app__version", "session_id"]);
  });

  test("of an earlier release counts no rows with other keys", async () => {
    await take({ other_rows: undefined });
    expect(emitted("OtherRows")).toEqual([0]);
  });

  test("keeps the columns of two batches at once", async () => {
    await Promise.all([take({ batch: 1, columns: ["a"] }), take({ batch: 2, columns: ["b"] })]);
    expect((await columns()).sort()).toEqual([...shown, "a string", "b string"].sort());
  });

  test("fails where its dataset has no table, and counts nothing", async () => {
    await expect(take({ dataset: "unknown" })).rejects.toThrow(
      "the catalog has no table tributary_test.unknown",
    );
    expect(await pipeline.rows(METRICS)).toEqual([]);
  });

  test.each([
    ["without columns", { columns: undefined }],
    ["with columns that are no names", { columns: [1] }],
    ["without a token", { token: undefined }],
    ["with rows as text", { rows: "1" }],
    ["without a dataset", { dataset: "" }],
  ])("refuses an event %s", async (_, more) => {
    await expect(take(more)).rejects.toThrow(UnexpectedEventError);
  });

  test("converges after a death at every call in turn", async () => {
    const { plane, sent } = realPlane(pipeline);
    await answer(plane, event({ batch: 100, columns: ["first"] }));
    for (let call = 0; call < sent.length; call++) {
      const batch = 200 + call;
      const more = { batch, rows: 1, columns: [`c${call}`] };
      for (const { fault, died } of [dieAt(call, "before"), dieAt(call, "after")]) {
        await Promise.race([take(more, { fault }), died]);
        // as Lambda's retry, after the announcement that died is given up
        await take(more, { laterMs: 120_000 });
      }
    }
    expect((await columns()).slice(shown.length + 1).sort()).toEqual(
      sent.map((_, call) => `c${call} string`).sort(),
    );
    expect(await counted()).toEqual({ batches: 1 + sent.length, rows: BATCH.rows + sent.length });
  });

  test("bears being throttled, by itself or by the repetition of its event", async () => {
    const fault = throttle(0.4, seeded(7));
    for (let attempt = 0; attempt < 3; attempt++) {
      await take({}, { fault, laterMs: attempt * 120_000 }).catch(() => undefined);
    }
    expect(await counted()).toMatchObject({ batches: 1 });
    expect(await columns()).toEqual([...shown, "session_id string"]);
  });
});

describe("dropped columns", () => {
  const drop = (columns: unknown) =>
    answer(realPlane(pipeline).plane, { kind: "drop-columns", dataset: TABLE, columns });

  test("leave table and places, and come back with work that had begun before", async () => {
    await take({ columns: ["session_id", "app__version"] });
    await drop(["session_id", "never_there"]);
    expect(await columns()).toEqual([...shown, "app__version string"]);
    expect(await admitted()).toEqual(new Set(["app__version"]));
    await drop(["session_id"]);
    await take({ batch: 18 });
    expect(await columns()).toEqual([...shown, "app__version string", "session_id string"]);
    expect(await admitted()).toEqual(new Set(["app__version", "session_id"]));
  });

  test("are none that the dataset declares", async () => {
    await addDeclared(realPlane(pipeline).plane, {
      dataset: TABLE,
      columns: [{ name: "record_id", type: "string" }],
    });
    await take({ columns: ["session_id"] });
    await expect(drop(["session_id", "record_id"])).rejects.toThrow(
      "ml_events declares record_id: take them out of its declaration first",
    );
    expect(await columns()).toContain("session_id string");
    expect(await admitted()).toContain("session_id");
  });

  test.each([[undefined], [[1]], ["a"]])("are refused where they are no names: %j", async (wrong) => {
    await expect(drop(wrong)).rejects.toThrow(UnexpectedEventError);
  });
});

describe("declared columns at a deploy", () => {
  const declare = async (declared: unknown) => {
    await addDeclared(realPlane(pipeline).plane, readDeclared({ dataset: TABLE, columns: declared }));
  };

  test("are added with their types, and nothing else changes", async () => {
    await take({ columns: ["session_id"] });
    await pipeline.take("events");
    const wanted = [
      { name: "record_id", type: "bigint" },
      { name: "event_time_utc", type: "timestamp", comment: "when it happened" },
      { name: "mode", type: "string" },
    ];
    await declare(wanted);
    await declare(wanted);
    expect(await columns()).toEqual([...shown, "session_id string", "event_time_utc timestamp"]);
    expect(await drifts()).toEqual([]);
  });

  test("leave their places, and the other columns of the table take some, as many as there are", async () => {
    await take({ columns: ["session_id", "app__version"] });
    await pipeline.clear(CONTROL);
    await declare([{ name: "record_id", type: "string" }]);
    expect(await admitted()).toEqual(new Set(["session_id", "app__version", "transaction_items"]));
    await declare([
      { name: "record_id", type: "string" },
      { name: "session_id", type: "string" },
    ]);
    expect(await admitted()).toEqual(new Set(["app__version", "transaction_items"]));
  });

  test("tell of columns that the item has no room for", async () => {
    const many = Array.from({ length: 1_003 }, (_, number) => ({ name: `c${number}`, type: "string" }));
    await declare(many);
    await declare([{ name: "record_id", type: "string" }]);
    expect((await admitted()).size).toBe(1_000);
    expect(lines()).toContainEqual(expect.objectContaining({ level: "error", dataset: TABLE, columns: 4 }));
  });

  test.each([[undefined], [[{ name: "a" }]], ["a"]])(
    "are refused where they are none: %j",
    async (declared) => {
      await expect(declare(declared)).rejects.toThrow(UnexpectedEventError);
    },
  );
});
