import type { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { ConditionalCheckFailedException, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { GlueClient } from "@aws-sdk/client-glue";
import type { S3Client } from "@aws-sdk/client-s3";
import { describe, expect, test } from "@jest/globals";
import { type Reconciler, reconcile } from "../../../handlers/uploads-reconciler/reconcile";
import { SMOKE_PREFIXES } from "../../../runtime/smoke";
import { type Answers, awsError, clientDouble, clockDouble } from "../support/doubles";
import { keepLogs } from "../support/logs";

const LONG_AGO = new Date("2026-01-01T00:00:00.000Z");

const version = (key: string, more: object = {}) => ({
  Key: key,
  VersionId: "v1",
  Size: 5,
  IsLatest: true,
  LastModified: LONG_AGO,
  ...more,
});

/** All keys of a batch, known. */
const known = (input: { RequestItems: Record<string, { Keys: unknown[] }> }) => ({
  Responses: { uploads: input.RequestItems["uploads"]?.Keys ?? [] },
});

interface Doubles {
  table?: Answers;
  bucket?: Answers;
  metrics?: Answers;
  glue?: Answers;
  remainingMs?: () => number;
  prefixes?: string[];
}

function makeReconciler(doubles: Doubles) {
  const table = clientDouble<DynamoDBClient>({
    QueryCommand: () => ({ Items: [] }),
    GetItemCommand: () => ({}),
    BatchGetItemCommand: () => ({ Responses: { uploads: [] } }),
    PutItemCommand: () => ({}),
    ...doubles.table,
  });
  const bucket = clientDouble<S3Client>({ ListObjectVersionsCommand: () => ({}), ...doubles.bucket });
  const metrics = clientDouble<CloudWatchClient>({ PutMetricDataCommand: () => ({}), ...doubles.metrics });
  const glue = clientDouble<GlueClient>({
    StartJobRunCommand: () => ({ JobRunId: "jr_1" }),
    ...doubles.glue,
  });
  const clock = clockDouble();
  const reconciler: Reconciler = {
    uploads: { client: table.client, name: "uploads" },
    raw: { client: bucket.client, name: "raw", prefixes: doubles.prefixes ?? ["input/"] },
    job: { client: glue.client, name: "uploads-job" },
    metrics: { client: metrics.client, namespace: "Tributary", environment: "dev" },
    clock,
    graceMs: 60_000,
    remainingMs: doubles.remainingMs ?? (() => 300_000),
  };
  const puts = () =>
    table.sent.filter(({ name }) => name === "PutItemCommand").map(({ input }) => input.Item);
  return {
    reconciler,
    clock,
    runs: glue.sent,
    lists: bucket.sent,
    measured: metrics.sent,
    tableCalls: table.sent,
    registered: () => puts().filter((item) => item.object.S !== "#reconciler"),
    cursors: () => puts().filter((item) => item.object.S === "#reconciler"),
  };
}

/** Shard 2 of the pending index holds these. */
const shardTwo = (items: object[]): Answers => ({
  QueryCommand: (input) => ({
    Items: input.ExpressionAttributeValues[":shard"].S === "2" ? items : [],
  }),
});

const pendingItem = (registered: string, available: string, key = "input/customers/a.csv") => ({
  object: { S: `raw/${key}` },
  registered_at: { S: registered },
  available_at: { S: available },
});

const failure = async (promise: Promise<void>) =>
  promise.then(
    () => undefined,
    (error: Error) => error,
  );

describe("reconcile, the backlog", () => {
  keepLogs();

  test.each([
    ["nothing pending", [], 0, 0, 0],
    ["one that waits for its next attempt", [["11:58:20", "12:00:30"]], 1, 100, 0],
    ["one available", [["11:58:20", "12:00:00"]], 1, 100, 1],
    [
      "the oldest among retried ones",
      [
        ["11:50:00", "12:05:00"],
        ["11:59:00", "11:59:00"],
      ],
      2,
      600,
      1,
    ],
  ])("measures %s", async (_, times, uploads, seconds, runsWanted) => {
    const items = times.map(([at, from]) => pendingItem(`2026-01-31T${at}.000Z`, `2026-01-31T${from}.000Z`));
    const { reconciler, measured, runs } = makeReconciler({ table: shardTwo(items) });
    await reconcile(reconciler);
    expect(measured[0]?.input.MetricData).toMatchObject([
      { MetricName: "PendingUploads", Value: uploads },
      { MetricName: "OldestPendingSeconds", Value: seconds, Unit: "Seconds" },
    ]);
    expect(runs).toHaveLength(runsWanted);
  });

  test.each([
    "ConcurrentRunsExceededException",
    "ThrottlingException",
    "ResourceNumberLimitExceededException",
  ])(
    "asks for a run whatever the trigger asked a moment ago, and counts a refusal by %s as asked",
    async (refusal) => {
      const available = pendingItem("2026-01-31T11:58:20.000Z", "2026-01-31T12:00:00.000Z");
      const { reconciler, runs, tableCalls } = makeReconciler({
        table: shardTwo([available]),
        glue: { StartJobRunCommand: () => awsError(refusal) },
      });
      await expect(reconcile(reconciler)).resolves.toBeUndefined();
      expect(runs).toHaveLength(1);
      expect(tableCalls.filter(({ input }) => input.Key?.object.S === "#run")).toEqual([]);
    },
  );

  test("leaves a smoke test's upload out of what an alarm goes by, and runs the job for it", async () => {
    const [old, new_] = ["2026-01-31T11:00:00.000Z", "2026-01-31T11:59:00.000Z"];
    const items = [pendingItem(old, old, `${SMOKE_PREFIXES.uploads}smoke-a.csv`), pendingItem(new_, new_)];
    const { reconciler, measured, runs } = makeReconciler({ table: shardTwo(items) });
    await reconcile(reconciler);
    expect(measured[0]?.input.MetricData).toMatchObject([
      { MetricName: "PendingUploads", Value: 2 },
      { MetricName: "OldestPendingSeconds", Value: 60 },
    ]);
    expect(runs).toHaveLength(1);
  });

  test.each([
    ["a run that died owes since the grace period", "11:58:59", 1],
    ["a run may still be about to write", "11:59:01", 0],
  ])("asks for a run for a row of the audit that %s", async (_, since, runsWanted) => {
    const { reconciler, runs } = makeReconciler({
      table: {
        QueryCommand: ({ ExpressionAttributeValues: values }) => ({
          Items:
            values[":shard"].S === "audit" && `2026-01-31T${since}.000Z` <= values[":before"].S ? [{}] : [],
        }),
      },
    });
    await reconcile(reconciler);
    expect(runs).toHaveLength(runsWanted);
  });

  test("reads every page of a shard", async () => {
    const item = pendingItem("2026-01-31T11:00:00.000Z", "2026-01-31T11:00:00.000Z");
    const { reconciler, measured } = makeReconciler({
      table: {
        QueryCommand: ({ ExpressionAttributeValues, ExclusiveStartKey }) => {
          if (ExpressionAttributeValues[":shard"].S !== "0") return { Items: [] };
          return ExclusiveStartKey
            ? { Items: [item] }
            : { Items: [item], LastEvaluatedKey: { object: { S: "x" } } };
        },
      },
    });
    await reconcile(reconciler);
    expect(measured[0]?.input.MetricData[0].Value).toBe(2);
  });

  test("counts 25 pages of a shard and no more, however many there are", async () => {
    const item = pendingItem("2026-01-31T11:00:00.000Z", "2026-01-31T11:00:00.000Z");
    const { reconciler, measured, runs } = makeReconciler({
      table: { QueryCommand: () => ({ Items: [item], LastEvaluatedKey: { object: { S: "x" } } }) },
    });
    await reconcile(reconciler);
    expect(measured[0]?.input.MetricData[0].Value).toBe(8 * 25);
    expect(runs).toHaveLength(1);
  });

  test.each<[string, Doubles, RegExp]>([
    [
      "metrics fail",
      { metrics: { PutMetricDataCommand: () => awsError("Throttling") } },
      /^publish metrics: Thr/,
    ],
    [
      "the sweep fails",
      { bucket: { ListObjectVersionsCommand: () => awsError("SlowDown") } },
      /^sweep input\/: SlowDown/,
    ],
  ])("starts the run although %s, then throws", async (_, doubles, message) => {
    const items = [pendingItem("2026-01-31T11:00:00.000Z", "2026-01-31T11:00:00.000Z")];
    const { reconciler, runs } = makeReconciler({ ...doubles, table: shardTwo(items) });
    expect((await failure(reconcile(reconciler)))?.message).toMatch(message);
    expect(runs).toHaveLength(1);
  });

  test("sweeps although the index cannot be read, then throws", async () => {
    const { reconciler, runs, registered } = makeReconciler({
      table: { QueryCommand: () => awsError("InternalServerError") },
      bucket: { ListObjectVersionsCommand: () => ({ Versions: [version("input/a.csv")] }) },
    });
    expect((await failure(reconcile(reconciler)))?.message).toMatch(/^read the backlog/);
    expect(registered()).toHaveLength(1);
    expect(runs).toHaveLength(1);
  });
});

describe("reconcile, the sweep", () => {
  const logs = keepLogs();

  test("registers a current version that no event announced, without a sequencer, and starts a run", async () => {
    const { reconciler, registered, runs, lists } = makeReconciler({
      bucket: { ListObjectVersionsCommand: () => ({ Versions: [version("input/a.csv")] }) },
    });
    await reconcile(reconciler);
    expect(lists[0]?.input).toEqual({ Bucket: "raw", Prefix: "input/", EncodingType: "url" });
    const [item] = registered();
    expect(item).toMatchObject({
      object: { S: "raw/input/a.csv" },
      registered_by: { S: "uploads-reconciler" },
    });
    expect(item).not.toHaveProperty("sequencer");
    expect(runs).toHaveLength(1);
    expect(logs.lines()).toContainEqual(expect.objectContaining({ level: "warn", key: "input/a.csv" }));
  });

  test.each([
    ["an older version", version("input/a.csv", { IsLatest: false })],
    [
      "an object that is too young",
      version("input/a.csv", { LastModified: new Date("2026-01-31T11:59:30Z") }),
    ],
    ["a folder marker", version("input/customers/")],
  ])("passes over %s", async (_, listed) => {
    const { reconciler, registered, runs } = makeReconciler({
      bucket: { ListObjectVersionsCommand: () => ({ Versions: [listed] }) },
    });
    await reconcile(reconciler);
    expect([...registered(), ...runs]).toEqual([]);
  });

  test("registers nothing for a delete marker", async () => {
    const marker = { Key: "input/a.csv", VersionId: "v2", IsLatest: true, LastModified: LONG_AGO };
    const { reconciler, registered } = makeReconciler({
      bucket: {
        ListObjectVersionsCommand: () => ({
          DeleteMarkers: [marker],
          Versions: [version("input/a.csv", { IsLatest: false })],
        }),
      },
    });
    await reconcile(reconciler);
    expect(registered()).toEqual([]);
  });

  test("reads the keys of an encoded listing", async () => {
    const { reconciler, registered } = makeReconciler({
      bucket: {
        ListObjectVersionsCommand: () => ({
          EncodingType: "url",
          Versions: [version("input/a+b%2B%01.csv")],
        }),
      },
    });
    await reconcile(reconciler);
    expect(registered()[0].key).toEqual({ S: "input/a b+\u0001.csv" });
  });

  test("asks for a hundred versions at a time and registers none that is known", async () => {
    const keys = Array.from({ length: 250 }, (_, index) => version(`input/${index}.csv`));
    const { reconciler, registered, tableCalls } = makeReconciler({
      table: { BatchGetItemCommand: known },
      bucket: { ListObjectVersionsCommand: () => ({ Versions: keys }) },
    });
    await reconcile(reconciler);
    const batches = tableCalls.filter(({ name }) => name === "BatchGetItemCommand");
    expect(batches.map(({ input }) => input.RequestItems.uploads.Keys.length)).toEqual([100, 100, 50]);
    expect(registered()).toEqual([]);
  });

  test("asks again for keys that the table left unread", async () => {
    const { reconciler, registered } = makeReconciler({
      table: {
        BatchGetItemCommand: (input, call) =>
          call < 2 ? { Responses: {}, UnprocessedKeys: input.RequestItems } : known(input),
      },
      bucket: { ListObjectVersionsCommand: () => ({ Versions: [version("input/a.csv")] }) },
    });
    await reconcile(reconciler);
    expect(registered()).toEqual([]);
  });

  test("gives up on keys that stay unread", async () => {
    const { reconciler, clock } = makeReconciler({
      table: { BatchGetItemCommand: (input) => ({ UnprocessedKeys: input.RequestItems }) },
      bucket: { ListObjectVersionsCommand: () => ({ Versions: [version("input/a.csv")] }) },
    });
    expect((await failure(reconcile(reconciler)))?.message).toMatch(
      /UnreadKeysError: 1 keys are still unread/,
    );
    expect(clock.slept).toEqual([100, 200, 400, 800, 1_600]);
  });

  test("counts nothing as found when the batch read was stale", async () => {
    const taken = new ConditionalCheckFailedException({
      message: "",
      $metadata: {},
      Item: { status: { S: "processed" } },
    });
    const { reconciler, runs } = makeReconciler({
      table: { PutItemCommand: () => taken },
      bucket: { ListObjectVersionsCommand: () => ({ Versions: [version("input/a.csv")] }) },
    });
    await reconcile(reconciler);
    expect(runs).toEqual([]);
  });
});

describe("reconcile, prefixes side by side", () => {
  keepLogs();

  /** Prefixes of so many pages, of one upload each; the keys of a prefix's pages are its numbers. */
  const pagesOf =
    (sizes: Record<string, number>): Answers["string"] =>
    ({ Prefix, KeyMarker = `${Prefix}0` }) => {
      const page = Number(KeyMarker.slice(Prefix.length));
      const more = { IsTruncated: true, NextKeyMarker: `${Prefix}${page + 1}`, NextVersionIdMarker: "v" };
      return {
        Versions: [version(`${Prefix}${page}.csv`)],
        ...(page + 1 < (sizes[Prefix] ?? 0) ? more : {}),
      };
    };
  const prefixes = ["input/junk/", "input/good/", "other/"];

  test("sweeps a page of each in turn, so that one without end keeps no other waiting", async () => {
    let pages = 9;
    const { reconciler, lists } = makeReconciler({
      prefixes,
      bucket: {
        ListObjectVersionsCommand: pagesOf({ "input/junk/": 1e9, "input/good/": 3, "other/": 2 }),
      },
      remainingMs: () => (pages-- > 0 ? 300_000 : 0),
    });
    await reconcile(reconciler);
    const [junk, good, other] = prefixes;
    expect(lists.map(({ input }) => input.Prefix)).toEqual(
      [junk, good, other, junk, good, other, junk, good, junk, junk, junk, junk].slice(0, lists.length),
    );
    expect(lists).toHaveLength(12);
  });

  test("sweeps a page of each at least, from its own cursor, however late it is", async () => {
    const { reconciler, lists, cursors } = makeReconciler({
      prefixes,
      table: {
        GetItemCommand: ({ Key }) => ({
          Item: {
            ...Key,
            key_marker: { S: `${Key.version.S.slice("cursor#".length)}7` },
            version_id_marker: { S: "v" },
          },
        }),
      },
      bucket: { ListObjectVersionsCommand: pagesOf({ "input/junk/": 1e9, "input/good/": 1e9 }) },
      remainingMs: () => 0,
    });
    await reconcile(reconciler);
    expect(lists.map(({ input }) => input.KeyMarker)).toEqual(prefixes.map((prefix) => `${prefix}7`));
    expect(cursors().map((item) => [item.version.S, item.key_marker?.S])).toEqual([
      ["cursor#input/junk/", "input/junk/8"],
      ["cursor#input/good/", "input/good/8"],
      ["cursor#other/", undefined],
    ]);
  });

  test("goes on with the others where a prefix fails, and starts a run for what they found", async () => {
    const pages = pagesOf({ "input/good/": 2, "other/": 1 });
    const { reconciler, registered, runs } = makeReconciler({
      prefixes,
      bucket: {
        ListObjectVersionsCommand: (input, call) =>
          input.Prefix === "input/junk/" ? new Error("no such page") : pages?.(input, call),
      },
    });
    const error = await failure(reconcile(reconciler));
    expect(error?.message).toMatch(/sweep input\/junk\/.*no such page/);
    expect(registered().map((item) => item.key.S)).toEqual([
      "input/good/0.csv",
      "other/0.csv",
      "input/good/1.csv",
    ]);
    expect(runs).toHaveLength(1);
  });

  test("goes on with the others where a key cannot be read", async () => {
    const { reconciler, registered } = makeReconciler({
      bucket: {
        ListObjectVersionsCommand: () => ({
          EncodingType: "url",
          Versions: [version("input/%FF.csv"), version("input/%00%EF%BF%BE.csv")],
        }),
      },
    });
    await reconcile(reconciler);
    expect(registered().map((item) => item.key.S)).toEqual(["input/\0\ufffe.csv"]);
  });
});

describe("reconcile, a bucket too large for one invocation", () => {
  keepLogs();

  const pages: Answers = {
    ListObjectVersionsCommand: ({ KeyMarker = "0" }) => {
      const page = Number(KeyMarker);
      const more = {
        IsTruncated: true,
        NextKeyMarker: String(page + 1),
        NextVersionIdMarker: `v${page + 1}`,
      };
      return { Versions: [version(`input/${page}.csv`)], ...(page < 3 ? more : {}) };
    },
  };

  test("stops when its time runs out and leaves a cursor", async () => {
    let remaining = 60_000;
    const { reconciler, registered, cursors } = makeReconciler({
      bucket: pages,
      remainingMs: () => {
        remaining -= 20_000;
        return remaining;
      },
    });
    await reconcile(reconciler);
    expect(registered().map((item) => item.key.S)).toEqual(["input/0.csv", "input/1.csv"]);
    expect(cursors().at(-1)).toEqual({
      object: { S: "#reconciler" },
      version: { S: "cursor#input/" },
      key_marker: { S: "2" },
      version_id_marker: { S: "v2" },
      updated_at: { S: "2026-01-31T12:00:00.000Z" },
    });
  });

  test("goes on at the cursor and forgets it at the end", async () => {
    const { reconciler, lists, cursors } = makeReconciler({
      table: { GetItemCommand: () => ({ Item: { key_marker: { S: "2" }, version_id_marker: { S: "v2" } } }) },
      bucket: pages,
    });
    await reconcile(reconciler);
    expect(lists.map(({ input }) => [input.KeyMarker, input.VersionIdMarker])).toEqual([
      ["2", "v2"],
      ["3", "v3"],
    ]);
    expect(cursors().at(-1)).not.toHaveProperty("key_marker");
  });

  test("sweeps one page at least, however late it is", async () => {
    const { reconciler, registered } = makeReconciler({ bucket: pages, remainingMs: () => 1 });
    await reconcile(reconciler);
    expect(registered()).toHaveLength(1);
  });

  test("writes no cursor for a bucket of one page", async () => {
    const { reconciler, cursors } = makeReconciler({ bucket: { ListObjectVersionsCommand: () => ({}) } });
    await reconcile(reconciler);
    expect(cursors()).toEqual([]);
  });
});
