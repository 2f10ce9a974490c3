import { GetTableCommand } from "@aws-sdk/client-glue";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { answer } from "../../handlers/control-plane/answer";
import { hourKey } from "../../handlers/control-plane/counts/hours";
import { readProcessed } from "../../handlers/control-plane/events/processed-event";
import { UnexpectedEventError } from "../../runtime/errors";
import { orderStreamingJob, recordEnd } from "../../runtime/manifests/control";
import { manifestKey, type Receipt, receiptKey } from "../../runtime/manifests/manifests";
import { type TrackedFile, versionKey } from "../../runtime/manifests/tracking";
import { SMOKE_DATASETS, SMOKE_PREFIXES } from "../../runtime/smoke";
import { eventually } from "../support/eventually";
import { realPlane } from "./control-plane/real-plane";
import { awsError } from "./support/doubles";
import {
  CONTROL,
  claimed,
  DATABASE,
  idOf,
  MANIFESTS,
  type ManifestsPipeline,
  METRICS,
  manifestOf,
  processedEvent,
  receiptOf,
  SHARDS,
  STREAMING_JOB,
  startManifestsPipeline,
  TRACKING,
} from "./support/emulated-pipeline";
import { jobStateChange } from "./support/events";
import { dieAt, seeded, throttle } from "./support/faults";
import { keepLogs } from "./support/logs";
import type { Fault } from "./support/memory-aws";

type Context = { getRemainingTimeInMillis(): number };

let pipeline: ManifestsPipeline;
let handler: (event: unknown, context: Context) => Promise<void>;

const ENOUGH: Context = { getRemainingTimeInMillis: () => 60_000 };
const controlPlane = (event: unknown, context = ENOUGH) => handler(event, context);
const tick = () => controlPlane({ kind: "tick" });

beforeAll(async () => {
  pipeline = await startManifestsPipeline();
  ({ handler } = await import("../../handlers/control-plane"));
});

afterAll(() => pipeline.stop());

const { lines } = keepLogs();

beforeEach(async () => {
  await pipeline.clear(TRACKING, METRICS, CONTROL);
  await pipeline.take("events");
});

/** Tracks files of one manifest and puts what the job wrote of them. */
async function published(digits: string, names: readonly string[], more: Partial<Receipt> = {}) {
  const files = names.map((name) => claimed(`2026-01-31-${name}.ndjson`, idOf(digits)));
  const manifest = manifestOf(idOf(digits), files);
  const receipt = receiptOf(manifest, more);
  await Promise.all([pipeline.publish({ manifest, receipt }), ...files.map((file) => pipeline.track(file))]);
  return { files, manifest, receipt };
}

/** A receipt with a file of each outcome, and columns of which the last is given. */
function mixed(column: string): Partial<Receipt> {
  const key = (name: string) => `input/clicks/2026-01-31-${name}.ndjson`;
  return {
    files: 1,
    columns: ["_source_file", "_source_version", "_source_revision", "_source_line", column],
    quarantined: [{ key: key("b"), version_id: "v1", reason: "corrupt-gzip", message: "bad checksum" }],
    gone: [{ key: key("c"), version_id: "v1" }],
  };
}

const statuses = async () =>
  Object.fromEntries(
    (await pipeline.rows(TRACKING)).map(({ file_name, status }) => [String(file_name).slice(24), status]),
  );

const ofType = async (prefix: string) =>
  (await pipeline.rows(METRICS)).filter(({ metric_type }) => String(metric_type).startsWith(prefix));

const events = async (type: string) =>
  (await pipeline.take("events")).filter((event) => event["detail-type"] === type);

const emitted = (name: string) => lines().flatMap((line) => (name in line ? [line[name]] : []));

describe("a processed manifest", () => {
  test("completes its files, and says which ones could not be", async () => {
    const { receipt } = await published("1", ["a", "b", "c"], mixed("url"));
    await controlPlane(processedEvent(receipt));
    const rows = (await pipeline.rows(TRACKING)).sort((one, other) =>
      String(one["file_name"]) < String(other["file_name"]) ? -1 : 1,
    );
    expect(rows).toMatchObject([
      { status: "completed", job_run_id: "jr_1", ttl: expect.any(Number) },
      {
        status: "quarantined",
        error_message: "corrupt-gzip: bad checksum",
        open_shard: expect.stringMatching(/^quarantined#/),
      },
      {
        status: "failed",
        error_message: expect.stringMatching(/^gone/),
        open_shard: expect.stringMatching(/^failed#/),
      },
    ]);
    expect(rows.map((row) => "ttl" in row)).toEqual([true, false, false]);
    expect(rows[0]).not.toHaveProperty("open_shard");
  });

  test("takes one write a file, which takes the file out of the index", async () => {
    const names = Array.from({ length: 60 }, (_, n) => `f${n}`);
    const { receipt } = await published("2", names);
    const { plane, sent } = realPlane(pipeline);
    await answer(plane, processedEvent(receipt));
    const writes = sent.filter(({ input }) => input.TableName === TRACKING);
    expect(writes.map(({ name }) => name)).toEqual(names.map(() => "UpdateItemCommand"));
    for (const { input } of writes) expect(input.UpdateExpression).toMatch(/REMOVE .*#open_shard/);
    expect(new Set(Object.values(await statuses()))).toEqual(new Set(["completed"]));
  });

  test("completes the item of a version that was replaced meanwhile, and leaves the newer one alone", async () => {
    const { receipt, files } = await published("3", ["a"]);
    const [old] = files as [TrackedFile];
    await pipeline.track({ ...old, version: "v2", manifestPath: manifestKey({ ...receipt, id: idOf("4") }) });
    await pipeline.track(old, versionKey(old, SHARDS));
    await controlPlane(processedEvent(receipt));
    const rows = await pipeline.rows(TRACKING);
    expect(rows.map(({ version, status }) => [version, status])).toEqual([
      ["v2", "manifested"],
      ["v1", "completed"],
    ]);
  });

  test("counts once, however often and in whatever order its events come", async () => {
    const one = await published("5", ["a", "b"], { dead_letters: 3 });
    const two = await published("6", ["c"]);
    for (const event of [two, one, one, two, one]) await controlPlane(processedEvent(event.receipt));
    await controlPlane(processedEvent(one.receipt, two.receipt));
    expect(await ofType("manifest#")).toHaveLength(2);
    expect(await ofType("hour#")).toMatchObject([
      { metric_type: "hour#12#clicks", manifests: 2, files: 3, rows: 30, dead_letters: 3, rejects_count: 2 },
    ]);
    expect(emitted("FilesProcessed").sort()).toEqual([1, 2]);
    expect(emitted("LatencySeconds")).toEqual([
      [30, 40, 50],
      [30, 40, 50],
    ]);
  });

  test("is left to the newer generation when its event is late", async () => {
    const { manifest, receipt, files } = await published("7", ["a"]);
    const newer = receiptOf(manifest, {
      generation: 1,
      gone: [{ key: files[0]?.key ?? "", version_id: "v1" }],
    });
    await pipeline.publish({ receipt: newer });
    await controlPlane(processedEvent(receipt));
    expect(Object.values(await statuses())).toEqual(["manifested"]);
    await controlPlane(processedEvent(newer));
    await controlPlane(processedEvent(receipt));
    expect(Object.values(await statuses())).toEqual(["failed"]);
    expect((await ofType("manifest#")).map((row) => row["generation"])).toEqual([1]);
    expect(emitted("FilesProcessed")).toEqual([1]);
    expect(emitted("LatencySeconds")).toEqual([]);
  });

  test("keeps the status of its newest generation although an older one is being worked on", async () => {
    const gone = { key: "input/clicks/2026-01-31-a.ndjson", version_id: "v1" };
    const { manifest, receipt } = await published("15", ["a"], { gone: [gone] });
    const newer = receiptOf(manifest, { generation: 1 });
    const fault: Fault = async ({ name }, work) => {
      if (name === "UpdateItemCommand") {
        await pipeline.publish({ receipt: newer });
        await controlPlane(processedEvent(newer));
      }
      return work();
    };
    await answer(realPlane(pipeline, { fault }).plane, processedEvent(receipt));
    expect(Object.values(await statuses())).toEqual(["completed"]);
  });

  test("goes back to the bus when the time does not suffice for the next one", async () => {
    const one = await published("8", ["a"]);
    const two = await published("9", ["b"]);
    await controlPlane(processedEvent(one.receipt, two.receipt), { getRemainingTimeInMillis: () => 1_000 });
    expect(Object.values(await statuses()).sort()).toEqual(["completed", "manifested"]);
    const [back] = await events("ManifestProcessed");
    await controlPlane(back);
    expect(Object.values(await statuses())).toEqual(["completed", "completed"]);
  });

  test("that fails among others goes back alone, so that a repeated event puts nothing back twice", async () => {
    const one = await published("12", ["a"]);
    const two = await published("13", ["b"]);
    const { receipt: lost } = await published("14", ["c"]);
    await pipeline.remove(MANIFESTS, receiptKey(lost));
    const { plane } = realPlane(pipeline, { remainingMs: 1_000 });
    await answer(plane, processedEvent(lost, one.receipt, two.receipt));
    const back = await events("ManifestProcessed");
    const size = (event: object) => readProcessed(event).length;
    const [alone = {}, others = {}] = back.sort((some, more) => size(some) - size(more));
    expect(back.map(size)).toEqual([1, 2]);
    await expect(controlPlane(alone)).rejects.toThrow(/does not stand in generation 0/);
    await controlPlane(others);
    expect(Object.values(await statuses()).sort()).toEqual(["completed", "completed", "manifested"]);
    expect(await events("ManifestProcessed")).toEqual([]);
  });

  test("adds its new columns to table and view, and announces each once a day", async () => {
    const { receipt } = await published("a", ["a"], mixed("Referrer"));
    await controlPlane(processedEvent(receipt));
    await controlPlane(processedEvent((await published("b", ["d"], mixed("referrer"))).receipt));
    expect((await pipeline.columns("clicks")).filter((name) => /referrer/i.test(name))).toHaveLength(1);
    const columns = await pipeline.columns("clicks");
    expect(await pipeline.columns("clicks_latest")).toEqual([...columns, "date"]);
    const view = await pipeline.glue.send(
      new GetTableCommand({ DatabaseName: DATABASE, Name: "clicks_latest" }),
    );
    const [, encoded = ""] = /Presto View: (\S+)/.exec(view.Table?.ViewOriginalText ?? "") ?? [];
    const definition = JSON.parse(Buffer.from(encoded, "base64").toString());
    expect(definition.columns.at(-2)).toEqual({ name: "Referrer", type: "varchar" });
    expect(definition.originalSql).toBe("SELECT 1");
    expect(await events("SchemaDrift")).toMatchObject([
      { detail: { dataset: "clicks", columns: ["Referrer"], severity: "warning", environment: "test" } },
    ]);
    expect(emitted("SchemaDrift")).toEqual([1]);
  });

  test("of a smoke test completes its file and brings its columns, and neither counts nor announces them", async () => {
    const dataset = SMOKE_DATASETS.manifests;
    const manifestPath = manifestKey({ id: idOf("c"), dataset, date: "2026-01-31" });
    const key = `${SMOKE_PREFIXES.manifests}2026-01-31-smoke-a.ndjson`;
    const file = claimed("2026-01-31-smoke-a.ndjson", idOf("c"), { dataset, key, manifestPath });
    const manifest = { ...manifestOf(idOf("c"), [file]), dataset };
    const receipt = receiptOf(manifest, { columns: ["label"], dead_letters: 1 });
    await Promise.all([pipeline.publish({ manifest, receipt }), pipeline.track(file)]);
    await controlPlane(processedEvent(receipt));
    expect(await pipeline.rows(TRACKING)).toMatchObject([{ file_name: key, status: "completed" }]);
    expect(await pipeline.columns(dataset)).toContain("label");
    expect([await ofType("manifest#"), await ofType("hour#"), await events("SchemaDrift")]).toEqual([
      [],
      [],
      [],
    ]);
    expect(emitted("DeadLetters")).toEqual([]);
  });

  test("loses no column when several functions add theirs at once", async () => {
    const names = Array.from({ length: 6 }, (_, n) => `at_once_${n}`);
    const receipts: Receipt[] = [];
    for (const name of names)
      receipts.push((await published(`c${names.indexOf(name)}`, [name], { columns: [name] })).receipt);
    await Promise.all(receipts.map((receipt) => controlPlane(processedEvent(receipt))));
    const columns = await pipeline.columns("clicks");
    expect(columns).toEqual(expect.arrayContaining(names));
    expect(await pipeline.columns("clicks_latest")).toEqual([...columns, "date"]);
  });

  test("alerts once an hour when its lines are rejected as never before", async () => {
    const started_at = new Date().toISOString();
    const hour = hourKey(receiptOf(manifestOf(idOf("d"), []), { started_at }));
    const sums = {
      rejects_count: 40,
      rejects_sum: 0.4,
      rejects_squares: 0.005,
      size_count: 40,
      size_sum: 140,
    };
    await pipeline.put(METRICS, { ...hour, ...sums, size_squares: 490.4 });
    const usual = await published("d", ["d"], { started_at, rows: 1_000, dead_letters: 15 });
    await controlPlane(processedEvent(usual.receipt));
    expect(await events("Tributary Alert")).toEqual([]);
    for (const digits of ["e1", "e2"]) {
      const { receipt } = await published(digits, [digits], {
        started_at: new Date().toISOString(),
        dead_letters: 9,
      });
      await controlPlane(processedEvent(receipt));
    }
    expect(await events("Tributary Alert")).toMatchObject([
      { detail: { severity: "warning", summary: expect.stringMatching(/^47.37 % of the lines rejected/) } },
    ]);
    expect(emitted("Anomalies")).toEqual([1, 1]);
  });
});

describe("the books after a fault", () => {
  /** What must be true of a manifest with a file of each outcome, whatever went wrong on the way. */
  async function expectInOrder(column: string): Promise<void> {
    expect(await statuses()).toEqual({
      "a.ndjson": "completed",
      "b.ndjson": "quarantined",
      "c.ndjson": "failed",
    });
    expect(await ofType("hour#")).toMatchObject([{ manifests: 1, files: 1 }]);
    const columns = await pipeline.columns("clicks");
    expect(columns).toContain(column);
    expect(await pipeline.columns("clicks_latest")).toEqual([...columns, "date"]);
    expect((await events("SchemaDrift")).length).toBeGreaterThanOrEqual(1);
  }

  test.each([
    ["before", 1],
    // nearly the same as before the next one
    ["after", 3],
  ] as const)(
    "are in order when a function that was killed %s any of its calls is run again",
    async (when, step) => {
      for (let call = 0; ; call += step) {
        await pipeline.clear(TRACKING, METRICS, CONTROL);
        const column = `killed_${when}_${call}`;
        const { receipt } = await published("f", ["a", "b", "c"], mixed(column));
        const event = processedEvent(receipt);
        const { fault, died } = dieAt(call, when);
        const { plane, sent } = realPlane(pipeline, { fault });
        await Promise.race([answer(plane, event), died]);
        const calls = sent.length;
        await answer(realPlane(pipeline, { laterMs: 120_000 }).plane, event);
        await expectInOrder(column);
        if (calls <= call) break;
        expect(call).toBeLessThan(60);
      }
    },
  );

  test("are in order when 30 % of all calls are throttled", async () => {
    for (const seed of [1, 2, 3]) {
      await pipeline.clear(TRACKING, METRICS, CONTROL);
      const { receipt } = await published("f", ["a", "b", "c"], mixed(`throttled_${seed}`));
      const fault = throttle(0.3, seeded(seed));
      for (let attempt = 0; attempt < 20; attempt++) {
        const { plane } = realPlane(pipeline, { fault, laterMs: attempt * 120_000 });
        const failed = await answer(plane, processedEvent(receipt)).catch((error: Error) => error);
        if (!failed) break;
      }
      await expectInOrder(`throttled_${seed}`);
    }
  });
});

describe("the streaming job", () => {
  const ended = () =>
    eventually("the end of the run", async () => {
      const [newest] = await pipeline.runs();
      return newest && !/STARTING|RUNNING|STOPPING/.test(newest.state) && newest;
    });
  const stateChange = async () => {
    const { id, state } = await ended();
    return jobStateChange(state, STREAMING_JOB, "", id);
  };
  const control = async () => (await pipeline.rows(CONTROL))[0] ?? {};

  test("is started by a tick, with the workers that the control table names, and once", async () => {
    await pipeline.setScript("import sys\nsys.exit('ModuleNotFoundError: No module named tributary')\n");
    const table = { client: pipeline.dynamo, name: CONTROL };
    await orderStreamingJob(table, { workers: 5 }, "test", new Date());
    await Promise.all([tick(), tick()]);
    expect(await pipeline.runs()).toMatchObject([{ workers: 5 }]);
    await ended();
  });

  test("waits for its time although its end cannot be reported, which the next tick does", async () => {
    const fault: Fault = async (call, work) => {
      if (call.name === "PutEventsCommand") throw awsError("InternalException");
      return work();
    };
    await expect(answer(realPlane(pipeline, { fault }).plane, { kind: "tick" })).rejects.toThrow(
      /alert: Internal/,
    );
    expect(await pipeline.runs()).toHaveLength(1);
    await tick();
    expect(await pipeline.runs()).toHaveLength(1);
    expect(await events("Tributary Alert")).toHaveLength(1);
  });

  test("makes a tick write nothing while it is stopped", async () => {
    const table = { client: pipeline.dynamo, name: CONTROL };
    await orderStreamingJob(table, { desired: "stopped" }, "test", new Date());
    await tick();
    const { plane, sent } = realPlane(pipeline);
    await answer(plane, { kind: "tick" });
    expect(sent.map(({ name }) => name)).not.toContainEqual(expect.stringMatching(/^(Put|Update|Transact)/));
    expect(await ofType("job_run#")).toHaveLength(1);
  });

  test("is measured although Glue does not answer", async () => {
    const createdAt = new Date();
    await pipeline.track(claimed("2026-01-31-a.ndjson", idOf("1"), { createdAt: createdAt.toISOString() }));
    const fault: Fault = async (call, work) => {
      if (call.name === "GetJobRunsCommand") throw awsError("AccessDeniedException");
      return work();
    };
    const { plane } = realPlane(pipeline, { fault, laterMs: 600_000 });
    await expect(answer(plane, { kind: "tick" })).rejects.toThrow(/read the runs: AccessDenied/);
    const [seconds] = emitted("SecondsWithoutParquet");
    expect(seconds).toBeGreaterThanOrEqual(600);
    expect(seconds).toBeLessThanOrEqual(600 + (Date.now() - createdAt.getTime()) / 1_000);
  });

  test("measures no smoke test's file that waits", async () => {
    const hourAgo = new Date(Date.now() - 3_600_000).toISOString();
    const key = `${SMOKE_PREFIXES.manifests}2026-01-31-smoke-a.ndjson`;
    await pipeline.track(claimed("2026-01-31-smoke-a.ndjson", idOf("1"), { key, createdAt: hourAgo }));
    await answer(realPlane(pipeline).plane, { kind: "tick" });
    expect(emitted("OldestOpenSeconds")).toEqual([0]);
  });

  test("waits 1, 2, 4 minutes after ends that nobody asked for, and each failure is reported once", async () => {
    await controlPlane(await stateChange());
    await controlPlane(await stateChange());
    await tick();
    expect(await pipeline.runs()).toHaveLength(1);
    const [alert, ...more] = await events("Tributary Alert");
    expect(alert).toMatchObject({
      detail: { severity: "error", jobName: STREAMING_JOB, nextStep: expect.stringMatching(/deploy again/) },
    });
    expect(more).toEqual([]);
    expect(emitted("StreamingJobFailures")).toEqual([1]);
    for (const [failures, minutes] of [
      [2, 2],
      [3, 4],
    ] as const) {
      const before = Date.now();
      await answer(realPlane(pipeline, { laterMs: 3_600_000 }).plane, { kind: "tick" });
      expect(await pipeline.runs()).toHaveLength(failures);
      await ended();
      // no event of this end: the tick answers it
      await tick();
      expect(await pipeline.runs()).toHaveLength(failures);
      const { next_start_at, failures: counted } = await control();
      expect(counted).toBe(failures);
      const endedAt = Date.parse(String(next_start_at)) - minutes * 60_000;
      expect(endedAt).toBeGreaterThanOrEqual(before);
      expect(endedAt).toBeLessThanOrEqual(Date.now());
    }
    expect((await events("Tributary Alert")).at(-1)).toMatchObject({
      detail: { summary: expect.stringMatching(/ 3 ends in a row/) },
    });
  });

  test("costs something while it runs, and starts at once where a restart was asked for", async () => {
    await pipeline.setScript("import time\ntime.sleep(3600)\n");
    const table = { client: pipeline.dynamo, name: CONTROL };
    const [before] = await pipeline.runs();
    const fourMinutes = { runId: String(before?.id), startedAt: new Date(), failures: 3 };
    await recordEnd(table, { ...fourMinutes, nextStartAt: new Date(Date.now() + 240_000) });
    await tick();
    expect((await pipeline.runs())[0]).toEqual(before);
    await orderStreamingJob(table, { restartRequestedAt: new Date() }, "test", new Date());
    await tick();
    const [newest] = await pipeline.runs();
    expect(newest?.id).not.toBe(before?.id);
    await answer(realPlane(pipeline, { laterMs: 1_000 }).plane, { kind: "tick" });
    const rows = await ofType(`job_run#${newest?.id}`);
    expect(rows).toMatchObject([
      { state: expect.stringMatching(/STARTING|RUNNING/), worker_type: "G.1X", number_of_workers: 2 },
    ]);
    const [{ dpu_seconds, estimated_cost_usd }] = rows as [Record<string, number>];
    expect(dpu_seconds).toBeGreaterThan(0);
    expect(estimated_cost_usd).toBeCloseTo((Number(dpu_seconds) / 3_600) * 0.44, 5);
  });

  test("is asked again to restart, as long as the run is there that was to", async () => {
    const table = { client: pipeline.dynamo, name: CONTROL };
    const tickLater = (laterMs: number) => answer(realPlane(pipeline, { laterMs }).plane, { kind: "tick" });
    const requested = async () => Date.parse(String((await control())["restart_requested_at"]));
    const before = new Date(Date.now() - 3_600_000);
    await orderStreamingJob(table, { restartRequestedAt: before }, "test", new Date());
    await tickLater(0);
    expect(await requested()).toBe(before.getTime());
    const order = new Date();
    await orderStreamingJob(table, { restartRequestedAt: order }, "test", new Date());
    await tickLater(60_000);
    expect(await requested()).toBeGreaterThanOrEqual(order.getTime() + 60_000);
  });

  test("is not what other events are about", async () => {
    await expect(controlPlane({ kind: "other" })).rejects.toThrow(UnexpectedEventError);
    await expect(controlPlane(jobStateChange("FAILED", "uploads-job"))).rejects.toThrow(UnexpectedEventError);
  });
});
