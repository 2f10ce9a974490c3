import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateJobCommand, CreateWorkflowCommand, GlueClient } from "@aws-sdk/client-glue";
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { CreateFunctionCommand, InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { archivedKey } from "../../../cli/operator/ledger/archived-key";
import { bundleArchive } from "../../../constructs/code/bundle";
import {
  bucketName,
  functionName,
  ledgerBatchJobName,
  ledgerListerJobName,
  ledgerWorkflowName,
} from "../../../environments/schema";
import { type LocalAws, startLocalAws } from "../../../local/platform/aws";
import { clientsOf } from "../../../local/platform/clients";
import { DATABASE } from "../../../local/postgres/server";
import { quarantineFolder } from "../../../runtime/manifests/quarantine-folder";
import { type Books, keyOf, startBooks } from "../../handlers/ledger-operator/books";
import { environment, tributary } from "./operated";

let books: Books;
let local: LocalAws;
let s3: S3Client;
const [CURATED, RAW, QUARANTINE] = (["curated", "raw", "quarantine"] as const).map((bucket) =>
  bucketName(environment, bucket),
);
const folder = mkdtempSync(join(tmpdir(), "tributary-ledger-"));

beforeAll(async () => {
  books = await startBooks();
  local = await startLocalAws({ folder, report: () => {} });
  Object.assign(process.env, local.environment);
  s3 = clientsOf(local).s3;
  for (const Bucket of [CURATED, RAW, QUARANTINE]) await s3.send(new CreateBucketCommand({ Bucket }));
  const VersioningConfiguration = { Status: "Enabled" } as const;
  await s3.send(new PutBucketVersioningCommand({ Bucket: RAW, VersioningConfiguration }));
  await deploy();
});

afterAll(async () => {
  await local.stop();
  await books.stop();
  rmSync(folder, { recursive: true, force: true });
});

afterEach(() => {
  jest.restoreAllMocks();
});

beforeEach(async () => {
  await books.empty();
  await books.register(20);
});

/** The function's deployed bundle, and jobs that were never run. */
async function deploy(): Promise<void> {
  const [iam, lambda, glue] = [new IAMClient(), new LambdaClient(), new GlueClient()];
  const Statement = [
    { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" },
  ];
  await iam.send(
    new CreateRoleCommand({
      RoleName: "any",
      AssumeRolePolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement }),
    }),
  );
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: functionName(environment, "ledger-operator"),
      Runtime: "nodejs22.x",
      Handler: "index.handler",
      Timeout: 60,
      Role: `arn:aws:iam::${environment.account}:role/any`,
      Code: { ZipFile: readFileSync(bundleArchive("ledger-operator")) },
      Environment: {
        Variables: {
          LEDGER_HOST: books.server.variables["PGHOST"] ?? "",
          LEDGER_PORT: books.server.variables["PGPORT"] ?? "",
          LEDGER_DATABASE: DATABASE,
          LEDGER_AUTHENTICATION: "none",
          LEDGER_SECRET_ARN: "none",
          LEDGER_TLS: "disable",
          ENVIRONMENT: environment.name,
          METRIC_NAMESPACE: environment.project,
        },
      },
    }),
  );
  for (const Name of [ledgerListerJobName(environment), ledgerBatchJobName(environment)]) {
    const Command = { Name: "glueetl", ScriptLocation: "s3://artifacts/job.py" };
    await glue.send(new CreateJobCommand({ Name, Role: "any", Command }));
  }
  await glue.send(new CreateWorkflowCommand({ Name: ledgerWorkflowName(environment) }));
  for (const client of [iam, lambda, glue]) client.destroy();
}

async function json(...words: readonly string[]) {
  const { code, stdout } = await tributary([...words, "--json"]);
  return { code, answer: JSON.parse(stdout) };
}

/** The objects of a list, one a line. */
async function lines(...words: readonly string[]) {
  const { stdout } = await tributary([...words, "--json"]);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

/** Notes that a dead letter of the batch was replayed, and returns the key with the texts of the correction. */
async function replayLineOf(batch: number): Promise<string> {
  const begun = `corrections/begun/of-${batch}.json`;
  const put = (Key: string, body: object) =>
    s3.send(new PutObjectCommand({ Bucket: CURATED, Key, Body: JSON.stringify(body) }));
  const claim = `corrections/lines/error-data-lake/json_malformed_records/${batch}/x.json`;
  await put(claim, { correction: `of-${batch}` });
  await put(begun, { id: `of-${batch}` });
  return begun;
}

/** As it is once the file of the correction is withdrawn. */
async function withdrawn(begun: string): Promise<void> {
  await s3.send(new DeleteObjectCommand({ Bucket: CURATED, Key: begun }));
}

describe("tributary ledger", () => {
  test("status counts files and batches, and knows of the jobs", async () => {
    await books.fail(await books.claim(5));
    const { code, stdout } = await tributary(["ledger", "status"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}pending +15$/m);
    expect(stdout).toMatch(/^ {2}failed +5$/m);
    expect(stdout).toMatch(/^ {2}ml_events +15$/m);
    expect(stdout).toMatch(/^ {2}ml_events +FAILED +1 +5$/m);
    expect(stdout).toContain("none yet");
    expect(await json("ledger", "status", "--exact")).toMatchObject({
      code: 0,
      answer: { environment: "local", files: { pending: 15, failed: 5 }, runs: [] },
    });
  });

  test("tells of a second dataset what waits, in work and file by file", async () => {
    for (const table of ["files", "queue"]) {
      await books.owner.query(`UPDATE ledger.${table} SET dataset = 'orders' WHERE id > 15`);
    }
    await books.fail(await books.claim(5));
    const { stdout } = await tributary(["ledger", "status"]);
    expect(stdout).toMatch(/^queue\n.*\n.*\n {2}ml_events +10\n {2}orders +5\n/m);
    expect(stdout).toMatch(/^ {2}ml_events +FAILED +1 +5$/m);
    const rows = await lines("ledger", "files", "--status", "pending", "--limit", "0");
    const datasets = rows.map(({ id, dataset }) => [id, dataset]);
    expect(datasets).toEqual(
      Array.from({ length: 15 }, (_, index) => [index + 6, index + 6 > 15 ? "orders" : "ml_events"]),
    );
  });

  test("status of every pipeline narrows to a dataset, whatever cannot be read beside it", async () => {
    for (const table of ["files", "queue"]) {
      await books.owner.query(`UPDATE ledger.${table} SET dataset = 'orders' WHERE id > 15`);
    }
    const [failed, released] = [await books.claim(5), await books.claim(3)];
    for (const id of [failed, released]) await books.fail(id);
    await tributary(["ledger", "release", String(released), "--yes"]);
    await books.claim(2);
    // there are no queues here
    const { code, answer } = await json("status", "--dataset", "ml_events");
    expect({ code, answer }).toMatchObject({
      code: 1,
      answer: {
        pipelines: [
          { pipeline: "ledger", waiting: { files: 8 }, inWork: { files: 2 }, failed: { files: 5 } },
        ],
        queues: [],
      },
    });
  });

  test("files pages through a status, and goes on where it ended", async () => {
    const first = await tributary(["ledger", "files", "--status", "pending", "--limit", "8"]);
    expect(first).toMatchObject({ code: 0, stderr: expect.stringContaining("--after 0:8 goes on here") });
    const rest = ["ledger", "files", "--status", "pending", "--limit", "0", "--after", "0:8"];
    expect((await lines(...rest)).map(({ id }) => id)).toEqual([
      9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20,
    ]);
    expect(await tributary(["ledger", "files", "--status", "partial"])).toMatchObject({
      code: 3,
      stdout: "",
    });
  });

  test("files finds files by their names", async () => {
    const names = Array.from({ length: 120 }, (_, index) => `nowhere/${index}`);
    const found = await tributary(["ledger", "files", keyOf(3), "4", ...names]);
    expect(found.code).toBe(0);
    expect(found.stdout).toMatch(/^3 +pending +ml_events .* raw-json-data.*0003.json +v3/m);
    expect(found.stdout).toMatch(/^4 /m);
    expect(found.stderr).toContain("the ledger has no file nowhere/119");
    expect((await tributary(["ledger", "files", "nowhere"])).code).toBe(3);
  });

  test("batch shows what it made", async () => {
    const id = await books.claim(5);
    await books.commit(id);
    const { stdout } = await tributary(["ledger", "batch", String(id)]);
    expect(stdout).toMatch(/^state +COMMITTED$/m);
    expect(stdout).toMatch(/s3:\/\/.*-curated-.*\/tables\/part-1-1.parquet/);
    expect((await json("ledger", "batch", String(id))).answer).toMatchObject({ id, counts: { rows: 7 } });
    expect((await lines("ledger", "files", "--batch", String(id))).length).toBe(5);
    expect(await tributary(["ledger", "batch", "99"])).toMatchObject({
      code: 3,
      stderr: "error: there is no batch 99\n",
    });
  });

  test("describe tells of every version of a file, and of its batch", async () => {
    const batch = await books.claim(5);
    const { code, stdout } = await tributary(["describe", keyOf(1)]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^pipeline +ledger$/m);
    expect(stdout).toMatch(/^in the raw bucket +processed and moved, deleted, or never there$/m);
    expect(stdout).toMatch(
      new RegExp(`^ {2}batch +${batch}, attempts 1: tributary describe batch ${batch}$`, "m"),
    );
  });

  test("files of every pipeline are listed in one form", async () => {
    await books.fail(await books.claim(5));
    const failed = await lines("files", "--status", "failed", "--pipeline", "ledger");
    expect(failed).toHaveLength(5);
    expect(failed[0]).toMatchObject({ pipeline: "ledger", dataset: "ml_events", key: keyOf(1), attempts: 3 });
  });

  test("release gives an uncommitted batch back, and refuses a committed one by name", async () => {
    const [failed, committed] = [await books.claim(5), await books.claim(5)];
    await books.fail(failed);
    await books.commit(committed);
    const dry = await tributary(["ledger", "release", String(failed)]);
    expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining("would be given back: 1 batches") });
    expect((await books.batch(failed))["state"]).toBe("FAILED");
    expect(await json("ledger", "release", String(failed), "--yes")).toMatchObject({
      code: 0,
      answer: { applied: true, batches: [{ id: failed, state: "FAILED" }], refused: [] },
    });
    expect((await books.batch(failed))["state"]).toBe("WAITING");
    expect(await tributary(["ledger", "release", String(committed), "--yes"])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^left: batch 2: it is committed: .*tributary ledger replay/),
    });
    expect((await tributary(["ledger", "release", "99"])).code).toBe(3);
  });

  test("retry and requeue give the batches of failed files back", async () => {
    const [one, other] = [await books.claim(5), await books.claim(5)];
    for (const id of [one, other]) await books.fail(id);
    expect(await json("ledger", "retry", keyOf(1), keyOf(2), "--yes")).toMatchObject({
      code: 0,
      answer: { batches: [{ id: one }], refused: [] },
    });
    expect((await tributary(["ledger", "retry", keyOf(20)])).code).toBe(1);
    const words = ["ledger", "requeue", "--status", "failed", "--since", "2h"];
    expect((await json(...words)).answer).toMatchObject({
      applied: false,
      batches: [{ id: other }],
    });
    expect((await json(...words, "--yes")).answer).toMatchObject({ applied: true, batches: [{ id: other }] });
    expect((await tributary([...words, "--yes"])).code).toBe(3);
  });

  test("requeue gives back more batches than one answer of a function holds", async () => {
    await books.fail(await books.claim(20));
    await books.owner.query(
      `INSERT INTO ledger.batches (state, dataset, dataset_version, owner, is_held, available_at, file_ids, bytes, last_error,
        position_available_at, position_id)
      SELECT 'FAILED', 'ml_events', 'v1', repeat('r', 67), false, 'infinity', '{}', 100, repeat(chr(1), 4000), now(), 1
      FROM generate_series(1, 2500)`,
    );
    const words = ["ledger", "requeue", "--status", "failed", "--since", "2h"];
    for (const more of [[], ["--current-version", "--yes"]]) {
      const { code, answer } = await json(...words, ...more);
      expect({ code, batches: answer.batches.length }).toEqual({ code: 0, batches: 2501 });
    }
    const { rows } = await books.owner.query(
      "SELECT state, dataset_version, count(*)::int FROM ledger.batches GROUP BY 1, 2",
    );
    expect(rows).toEqual([{ state: "WAITING", dataset_version: null, count: 2501 }]);
  });

  test("quarantine lists files with their reasons and puts them back", async () => {
    await books.quarantine(await books.claim(5), 2);
    expect(await lines("quarantine", "list", "--pipeline", "ledger")).toMatchObject([
      { pipeline: "ledger", key: keyOf(2), error: "broken-gzip: no end" },
    ]);
    const retry = ["quarantine", "retry", keyOf(2)];
    expect(await json(...retry)).toMatchObject({
      code: 0,
      answer: { applied: false, again: 1, orders: [{ what: `${keyOf(2)} version v2` }] },
    });
    expect(await books.places()).toEqual([1]);
    const done = await tributary([...retry, "--yes"]);
    expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining("to undo: nothing, ") });
    expect(await tributary([...retry, "--yes"])).toMatchObject({
      code: 3,
      stdout: expect.stringContaining("it is pending, not in quarantine"),
    });
    expect(await books.places()).toEqual([1]);
  });

  test("reprocess does a file again by what became of it, and all of a status", async () => {
    const [failed, published] = [await books.claim(5), await books.claim(5)];
    await books.fail(failed);
    await books.commit(published);
    const reprocess = (...words: string[]) => json("reprocess", ...words);
    expect((await reprocess(keyOf(6), "--yes")).answer.orders).toMatchObject([
      { why: "its batch is committed and about to be published" },
    ]);
    await books.finish(published);
    expect((await reprocess(keyOf(6), "--yes")).answer.orders).toMatchObject([
      { why: expect.stringContaining("not archived yet") },
    ]);
    await books.archive(published);
    const { answer } = await reprocess(keyOf(6), keyOf(20));
    expect(answer).toMatchObject({
      applied: false,
      again: 1,
      left: 1,
      orders: [
        { pipeline: "ledger", how: `batch ${published} is replayed, with its 5 files`, why: "succeeded" },
        { why: "it is in the queue: the next run claims it" },
      ],
    });
    expect((await books.batch(published))["state"]).toBe("SUCCEEDED");
    const begun = await replayLineOf(published);
    expect((await reprocess(keyOf(6), "--yes")).answer.orders).toMatchObject([
      { why: expect.stringContaining("were replayed") },
    ]);
    await withdrawn(begun);
    expect(await reprocess(`batch ${published}`, "--yes")).toMatchObject({ code: 0, answer: { again: 1 } });
    expect(await books.batch(published)).toMatchObject({ state: "WAITING", replays: 1 });
    const all = ["--status", "failed", "--pipeline", "ledger", "--yes"];
    expect((await reprocess(...all)).answer).toMatchObject({ applied: true, again: 1 });
    expect((await books.batch(failed))["state"]).toBe("WAITING");
    expect(await reprocess(...all)).toMatchObject({ code: 3 });
    expect((await json("quarantine", "retry", `batch ${published}`, "--yes")).answer.orders).toMatchObject([
      { why: "a batch is not in quarantine: name its files" },
    ]);
    expect(await tributary(["reprocess", "batch 99"])).toMatchObject({
      code: 3,
      stderr: "error: there is no batch 99\n",
    });
    expect(await books.places()).toEqual([1]);
  });

  test("reprocess gives back all that failed in as many requests as a hundred files take", async () => {
    await books.register(250);
    for (let claimed = 0; claimed < 240; claimed += 1) await books.fail(await books.claim(1));
    const all = ["reprocess", "--status", "failed", "--pipeline", "ledger", "--yes"];
    expect((await json(...all)).answer).toMatchObject({ again: 240, left: 0 });
    expect((await json("ledger", "status")).answer.files).toMatchObject({ failed: 0, pending: 250 });
  });

  test("describe lists the files of a batch, by its number and by what it made", async () => {
    const id = await books.claim(5);
    await books.quarantine(id, 2);
    await books.commit(id, [3]);
    await books.finish(id);
    const { code, stdout } = await tributary(["describe", "batch", String(id)]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^state +PARTIAL$/m);
    expect(stdout).toMatch(/^made +s3:\/\/.*-curated-.*\/tables\/part-1-1\.parquet$/m);
    expect(stdout).toMatch(/^quarantined +100 B +raw-json-data.*0002\.json +v2 +broken-gzip: no end$/m);
    for (const output of [
      `tables/ml_events/year=2026/part-${id}-1.parquet`,
      `_staging/${id}/1/0/x.parquet`,
    ]) {
      const { answer } = await json("describe", output);
      expect(answer).toMatchObject({ pipeline: "ledger", work: `batch ${id}`, fileCount: 5 });
      const statuses = answer.files.map((each: { key: string; status: string }) => [each.key, each.status]);
      expect(statuses).toEqual([
        [keyOf(2), "quarantined"],
        [keyOf(1), "succeeded"],
        [keyOf(3), "partial"],
        [keyOf(4), "succeeded"],
        [keyOf(5), "succeeded"],
      ]);
    }
  });

  test("describe finds a file by a row of it and by its archive", async () => {
    await books.claim(5);
    const row = { _source_file: keyOf(1), _source_version: "v1", _source_line: 3 };
    const archived = keyOf(1).replace(
      "raw-json-data/2026/week01/",
      "raw-json-data-processed/2026/week01/v1/",
    );
    for (const words of [[JSON.stringify(row)], [keyOf(1), "v1", "3"], [archived]]) {
      const { answer } = await json("describe", ...words);
      expect(answer).toMatchObject({ key: keyOf(1), versions: [{ version: "v1", status: "processing" }] });
    }
    expect(await tributary(["describe", keyOf(1), "v9", "3"])).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("no table knows version v9"),
    });
  });

  test("vacuum-check judges, and exits with 1 where a transaction is forgotten", async () => {
    expect(await tributary(["ledger", "vacuum-check"])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("nothing needs a hand"),
    });
    const session = books.server.client();
    await session.connect();
    await session.query("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1");
    const { answer } = await json("ledger", "vacuum-check");
    await session.end();
    expect(answer).toMatchObject({ seesAllSessions: true, holders: [{ kind: "session", user: "postgres" }] });
  });

  test("says what is wrong where the function fails", async () => {
    await books.owner.query("ALTER TABLE ledger.queue RENAME TO elsewhere");
    const failed = await tributary(["ledger", "status"]);
    await books.owner.query("ALTER TABLE ledger.elsewhere RENAME TO queue");
    expect(failed).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error: ledger-operator: .*does not exist; are its migrations applied/),
    });
  });
});

describe("tributary ledger replay", () => {
  test("makes archived batches of a time work again, in chunks, and refuses what is not archived", async () => {
    for (let batch = 0; batch < 3; batch++) {
      const id = await books.claim(4);
      await books.commit(id);
      await books.finish(id);
      if (batch < 2) await books.archive(id);
    }
    await books.owner.query("UPDATE ledger.batches SET committed_at = '2026-02-01T08:00Z'");
    const words = ["ledger", "replay", "--from", "2026-02-01", "--to", "2026-02-02"];
    const dry = await tributary(words);
    expect(dry).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/batches that would be replayed +2$/m),
    });
    expect(dry.stderr).toContain("left: 1 batches are not archived yet (3)");
    const begun = await replayLineOf(2);
    const refused = { code: 2, stderr: expect.stringContaining("without batch 2, of which dead letters") };
    expect(await tributary(words)).toMatchObject(refused);
    expect(await tributary([...words, "--dataset", "others"])).toMatchObject({ code: 3 });
    await withdrawn(begun);
    expect(await json(...words, "--yes")).toMatchObject({
      code: 1,
      answer: { applied: true, batches: 2, files: 8, unarchived: { count: 1, first: [3] } },
    });
    await books.archive(3);
    expect(await json(...words, "--yes")).toMatchObject({ code: 0, answer: { batches: 1 } });
    expect((await tributary([...words, "--yes"])).code).toBe(3);
    expect(await books.places()).toEqual([1]);
    expect(await tributary(["ledger", "replay", "--from", "2026-02-01", "--to", "2999-01-01"])).toMatchObject(
      {
        code: 2,
        stderr: expect.stringMatching(
          /^error: to: expected a time that has passed: it is \S+, got "2999-01-01T00:00:00.000Z"\n$/,
        ),
      },
    );
  });
});

describe("tributary withdraw of a file of the ledger", () => {
  /** Calls that change something, which a test may end or come before. */
  function beforeChange(
    act: (call: number) => Promise<void>,
    after: (call: number) => void = () => {},
  ): () => number {
    let calls = 0;
    for (const client of [S3Client, LambdaClient]) {
      const { send } = client.prototype;
      jest.spyOn(client.prototype, "send").mockImplementation(async function (
        this: S3Client | LambdaClient,
        command: { readonly constructor: { readonly name: string }; readonly input: object },
      ) {
        const isReplay =
          command instanceof InvokeCommand && String(command.input.Payload).includes('"replay"');
        const changes = isReplay || /^(?:Put|Copy|Delete)/.test(command.constructor.name);
        const call = changes ? ++calls : 0;
        if (changes) await act(call);
        const answer = await Reflect.apply(send, this, [command]);
        if (changes) after(call);
        return answer;
      } as never);
    }
    return () => calls;
  }

  /** A published batch of four files, of which one is archived in the raw bucket, and was in quarantine before. */
  async function publishedFile(number: number) {
    const batch = await books.claim(4);
    await books.commit(batch);
    await books.finish(batch);
    await books.archive(batch);
    const key = keyOf(number);
    const archived = archivedKey(key, `v${number}`, "raw-json-data/");
    await s3.send(new PutObjectCommand({ Bucket: RAW, Key: archived, Body: "{}" }));
    const copy = `${quarantineFolder("ml_events", { key, version: `v${number}` })}/reason.json`;
    await s3.send(new PutObjectCommand({ Bucket: QUARANTINE, Key: copy, Body: "{}" }));
    return { batch, key, archived, copy };
  }

  async function left(Bucket: string | undefined, Prefix: string): Promise<number> {
    const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix }));
    return Versions.length;
  }

  // copy, deletion, its quarantine, the batch
  test.each(
    [1, 2, 3, 4].flatMap((number) => (["before", "after"] as const).map((when) => [when, number] as const)),
  )("comes to the same end where it is killed %s its change %i", async (when, number) => {
    const { batch, key, archived, copy } = await publishedFile(1);
    const words = ["withdraw", key, "--copy", "--yes"];
    const kill = (is: "before" | "after") => (call: number) => {
      if (call > number || (call === number && is === when)) throw new Error("killed");
    };
    const calls = beforeChange(async (call) => kill("before")(call), kill("after"));
    expect((await tributary(words)).code).toBe(1);
    expect(calls()).toBeGreaterThanOrEqual(number);
    jest.restoreAllMocks();
    expect(await tributary(words)).toMatchObject({ code: 0 });
    expect(await books.batch(batch)).toMatchObject({ state: "WAITING", replays: 1 });
    expect([await left(RAW, archived), await left(QUARANTINE, copy)]).toEqual([0, 0]);
    expect(await left(QUARANTINE, "quarantine/withdrawn/")).toBeGreaterThan(0);
    expect(await books.places()).toEqual([1]);
  });

  test("changes nothing without --yes, and opens no other batch that was committed at the same time", async () => {
    const { batch, key, archived, copy } = await publishedFile(1);
    const other = await publishedFile(5);
    await books.owner.query("UPDATE ledger.batches SET committed_at = '2026-11-30T08:00:00.000500Z'");
    expect(await tributary(["withdraw", key])).toMatchObject({ code: 0 });
    expect([await left(RAW, archived), await left(QUARANTINE, copy)]).toEqual([1, 1]);
    expect(await books.batch(batch)).toMatchObject({ state: "SUCCEEDED" });
    expect(await tributary(["withdraw", key, "--yes"])).toMatchObject({ code: 0 });
    expect(await books.batch(batch)).toMatchObject({ state: "WAITING" });
    expect(await books.batch(other.batch)).toMatchObject({ state: "SUCCEEDED" });
  });

  test("says that somebody else replayed the batch meanwhile, who may have read the file", async () => {
    const { batch, key } = await publishedFile(1);
    const time = { from: "2020-01-01T00:00:00Z", to: new Date().toISOString(), limit: 1 };
    beforeChange(async (call) => {
      if (call === 1) await books.ask("replay", time);
    });
    expect(await tributary(["withdraw", key, "--yes"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`batch ${batch} was replayed by somebody else meanwhile: repeat`),
    });
  });

  test("says that a run took the file meanwhile, and may have read it", async () => {
    const key = keyOf(1);
    await s3.send(new PutObjectCommand({ Bucket: RAW, Key: key, Body: "{}" }));
    beforeChange(async (call) => {
      if (call === 1) await books.claim(4);
    });
    const taken = { code: 1, stderr: expect.stringContaining("batch 1 took the file meanwhile: repeat") };
    expect(await tributary(["withdraw", key, "--yes"])).toMatchObject(taken);
    jest.restoreAllMocks();
    await books.commit(1);
    await books.finish(1);
    await books.archive(1);
    expect(await tributary(["withdraw", key, "--yes"])).toMatchObject({ code: 0 });
    expect(await books.batch(1)).toMatchObject({ state: "WAITING", replays: 1 });
  });
});
