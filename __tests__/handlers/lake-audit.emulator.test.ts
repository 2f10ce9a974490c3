import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import type { GlueClient, JobRun } from "@aws-sdk/client-glue";
import { ListObjectsV2Command, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { keepAudit, type LakeAudit } from "../../handlers/lake-audit/keep-audit";
import { readObject } from "../../handlers/lake-audit/objects";
import { AUDIT_FILES, AUDIT_INCOMING, AUDIT_RUNS } from "../../runtime/audit";
import { clientDouble, clockDouble } from "./support/doubles";
import { BUCKET, type Emulated, startEmulated } from "./support/emulator";
import { dieAt } from "./support/faults";
import { Faulty } from "./support/faulty";
import { keepLogs } from "./support/logs";

const JOBS = [{ name: "tributary-test-uploads-job", job: "uploads-job", pipeline: "uploads" }];
const HOUR = "2026-01-31T11";

let emulated: Emulated;
beforeAll(async () => {
  emulated = await startEmulated(1, {});
});
afterAll(() => emulated.stop());

let pipelines = 0;
/** Each test has rows of a pipeline of its own. */
let pipeline = "";
beforeEach(() => {
  pipeline = `pipeline${++pipelines}`;
});
const logs = keepLogs();

const row = (number: number) => ({ id: createHash("md5").update(`${number}`).digest("hex"), rows: number });

async function incoming(hour: string, ...numbers: number[]): Promise<void> {
  const Body = numbers.map((number) => `${JSON.stringify(row(number))}\n`).join("");
  const Key = `${AUDIT_INCOMING}${pipeline}/${hour}/${numbers.join("-")}.ndjson`;
  await emulated.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
}

async function keys(prefix: string): Promise<string[]> {
  const { Contents = [] } = await emulated.s3.send(
    new ListObjectsV2Command({ Bucket: BUCKET, Prefix: prefix }),
  );
  return Contents.map(({ Key = "" }) => Key);
}

/** The numbers of the rows of an hour. */
async function merged(hour: string): Promise<number[]> {
  const [day, time] = hour.split("T");
  const key = `${AUDIT_FILES}pipeline=${pipeline}/day=${day}/${time}.ndjson.gz`;
  const found = await readObject({ client: emulated.s3, bucket: BUCKET }, key);
  if (!found) return [];
  const lines = gunzipSync(found.content).toString().trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line).rows);
}

function keeping(client: S3Client, changes: Partial<LakeAudit> = {}): Promise<void> {
  const glue = clientDouble<GlueClient>({}).client;
  const common = { glue, jobs: [], clock: clockDouble(), remainingMs: () => 300_000 };
  return keepAudit({ ...common, lake: { client, bucket: BUCKET }, ...changes });
}

describe("rows that jobs wrote", () => {
  test("come into one object an hour, each once, and leave what they came in", async () => {
    await incoming(HOUR, 1, 2);
    await incoming(HOUR, 2, 3);
    await incoming("2026-01-31T12", 4);
    await keeping(emulated.s3);
    await incoming(HOUR, 1, 5);
    await keeping(emulated.s3);
    expect(await merged(HOUR)).toEqual([1, 2, 3, 5]);
    expect(await merged("2026-01-31T12")).toEqual([4]);
    expect(await keys(AUDIT_INCOMING)).toEqual([]);
    expect(logs.lines().at(-1)).toMatchObject({ hour: `${pipeline}/${HOUR}`, added: 1, rows: 4 });
  });

  test("come from the manifest builder into those of the pipeline manifests", async () => {
    pipeline = "rejected";
    await incoming(HOUR, 7);
    pipeline = "manifests";
    await incoming(HOUR, 8);
    await keeping(emulated.s3);
    expect((await merged(HOUR)).sort()).toEqual([7, 8]);
  });

  test("are there once though a round is killed before or after any of its calls", async () => {
    await incoming(HOUR, 1, 2);
    await keeping(emulated.s3);
    const whole = new Faulty();
    await incoming(HOUR, 3);
    await keeping(whole.wrap(emulated.s3));
    const calls = whole.sent.map(({ name }) => name);
    expect(calls).toEqual([
      "ListObjectsV2Command",
      "GetObjectCommand",
      "GetObjectCommand",
      "PutObjectCommand",
      "DeleteObjectsCommand",
    ]);
    const expected = [1, 2, 3];
    for (const [number] of calls.entries()) {
      for (const when of ["before", "after"] as const) {
        const next = expected.length + 1;
        await incoming(HOUR, next);
        const { fault, died } = dieAt(number, when);
        const outcome = keeping(new Faulty(fault).wrap(emulated.s3)).then(() => "ended");
        expect(await Promise.race([outcome, died])).toBe("died");
        const between = await merged(HOUR);
        expect([expected, [...expected, next]]).toContainEqual(between);
        await keeping(emulated.s3);
        expected.push(next);
        expect(await merged(HOUR)).toEqual(expected);
      }
    }
    expect(await keys(AUDIT_INCOMING)).toEqual([]);
  });

  test("stay for the next round where another merged the hour meanwhile, and beside an hour that fails", async () => {
    await incoming(HOUR, 1);
    await incoming("2026-01-31T12", 9);
    const racing = new Faulty(async ({ number, name }, work) => {
      if (name === "PutObjectCommand" && number < 6) await keeping(emulated.s3);
      return work();
    });
    await expect(keeping(racing.wrap(emulated.s3))).rejects.toThrow(HOUR);
    await keeping(emulated.s3);
    expect(await merged(HOUR)).toEqual([1]);
    expect(await merged("2026-01-31T12")).toEqual([9]);
    expect(await keys(AUDIT_INCOMING)).toEqual([]);
  });

  test("wait for the next round where the time is nearly over", async () => {
    await incoming(HOUR, 1);
    await keeping(emulated.s3, { remainingMs: () => 10_000 });
    expect(await merged(HOUR)).toEqual([]);
    await keeping(emulated.s3);
    expect(await merged(HOUR)).toEqual([1]);
  });
});

describe("the runs of a job", () => {
  const run = (id: string, StartedOn: string, more: Partial<JobRun> = {}): JobRun => ({
    Id: id,
    StartedOn: new Date(StartedOn),
    WorkerType: "G.1X",
    NumberOfWorkers: 2,
    ...more,
  });
  const ended = { CompletedOn: new Date("2026-01-31T10:01:00Z"), ExecutionTime: 60 };
  const newest: JobRun[] = [
    run("jr_3", "2026-01-31T11:00:00Z", { JobRunState: "RUNNING", ExecutionTime: 3 }),
    run("jr_2", "2026-01-31T10:00:00Z", { ...ended, JobRunState: "FAILED", ErrorMessage: "no memory" }),
  ];
  const older = [
    run("jr_1", "2026-01-30T10:00:00Z", { JobRunState: "SUCCEEDED", DPUSeconds: 3600 }),
    run("jr_0", "2026-01-20T10:00:00Z"),
  ];

  async function rowsOf(day: string): Promise<Record<string, unknown>[]> {
    const found = await readObject(
      { client: emulated.s3, bucket: BUCKET },
      `${AUDIT_RUNS}day=${day}/uploads-job.ndjson`,
    );
    return (found?.content.toString().trimEnd() ?? "").split("\n").map((line) => JSON.parse(line));
  }

  test("are told as Glue has them, those of ten days, and written where they changed alone", async () => {
    const { client: glue, sent } = clientDouble<GlueClient>({
      GetJobRunsCommand: ({ NextToken }) =>
        NextToken === undefined
          ? { JobRuns: newest, NextToken: "more" }
          : { JobRuns: older, NextToken: "last" },
    });
    const again = new Faulty();
    for (const client of [emulated.s3, again.wrap(emulated.s3)]) await keeping(client, { glue, jobs: JOBS });
    expect(again.sent.map(({ name }) => name)).not.toContain("PutObjectCommand");
    expect(sent).toHaveLength(4);
    expect(await rowsOf("2026-01-31")).toEqual([
      {
        run: "jr_2",
        job: "uploads-job",
        pipeline: "uploads",
        state: "FAILED",
        attempt: 0,
        started_at: "2026-01-31 10:00:00.000",
        ended_at: "2026-01-31 10:01:00.000",
        seconds: 60,
        dpu_seconds: 120,
        dollars: expect.closeTo(0.44 / 30, 10),
        message: "no memory",
      },
      expect.objectContaining({ run: "jr_3", state: "RUNNING", ended_at: null, dpu_seconds: 6 }),
    ]);
    expect(await rowsOf("2026-01-30")).toMatchObject([{ run: "jr_1", dollars: 0.44 }]);
    expect(await keys(AUDIT_RUNS)).toHaveLength(2);
  });
});
