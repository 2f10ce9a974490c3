import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AttributeValue, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { StartJobRunCommand } from "@aws-sdk/client-glue";
import { ListEventSourceMappingsCommand } from "@aws-sdk/client-lambda";
import { DeleteObjectCommand } from "@aws-sdk/client-s3";
import { PurgeQueueCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { connect } from "../../../cli/operator/command/clients";
import { disconnect, type Operator } from "../../../cli/operator/command/operator";
import { Terminal } from "../../../cli/operator/command/terminal";
import { readFile } from "../../../cli/operator/manifests/find";
import { queueUrl } from "../../../cli/operator/manifests/queues";
import { forgetRejected } from "../../../cli/operator/manifests/rejected";
import { type Order, planOfFile } from "../../../cli/operator/manifests/reprocess-plan";
import { readHead } from "../../../cli/operator/manifests/tracking";
import { uploadsAgain } from "../../../cli/operator/uploads/again";
import {
  controlTableName,
  deadLetterQueueName,
  failureQueueName,
  manifestsJobName,
  queueName,
  uploadsTableName,
} from "../../../environments/schema";
import { readCreatedObject } from "../../../runtime/aws/s3-record";
import { readStreamingJob } from "../../../runtime/manifests/control";
import { manifestKey, parquetKey } from "../../../runtime/manifests/manifests";
import { outputName } from "../../../runtime/uploads/output-name";
import { AUDIT_SHARD, pendingItem, pendingShard } from "../../../runtime/uploads/uploads";
import { ROOT } from "../../../setup/paths";
import { eventually } from "../../support/eventually";
import { environment, fileOf, MANIFESTS, nameOf, type Operated, RAW, startOperated } from "./operated";

const INPUTS = queueName(environment, "manifests-inputs");
const WORK = queueName(environment, "manifests-ready");

const NOW = new Date().toISOString();

let operated: Operated;

beforeAll(async () => {
  operated = await startOperated();
});

afterAll(() => operated.stop());

/** What the streaming job and the builder are asked for; asking takes it. */
async function orders() {
  const [inputs, work] = await Promise.all([operated.take(INPUTS), operated.take(WORK)]);
  return {
    announced: inputs.flatMap(({ Body = "" }) => JSON.parse(Body).Records.map(readCreatedObject)),
    manifests: work.map(({ Body = "" }) => JSON.parse(Body)),
  };
}

const OF_MANIFESTS = ["manifests", "reprocess"];
const NOTHING = { announced: [], manifests: [] };

function operator(): Operator {
  const { signal } = new AbortController();
  return { environment, aws: operated.aws, terminal: new Terminal(true), signal, now: new Date() };
}

function headOf(key: string) {
  return readHead(operator(), key);
}

function control() {
  return readStreamingJob({ client: operated.aws.dynamo, name: controlTableName(environment) });
}

/** A published manifest of one file. */
async function publish(
  digit: string,
  date: string,
  status: "completed" | "quarantined" | "failed",
  generation = 0,
) {
  const name = nameOf(digit, date);
  const file = fileOf(`${date}-${digit}.ndjson`, {
    status,
    manifestPath: manifestKey(name),
    uploadedAt: NOW,
  });
  await operated.track(file);
  await operated.publish(name, [file], { generation });
  return {
    file,
    order: { manifest: { bucket: MANIFESTS, key: manifestKey(name) }, generation: generation + 1 },
  };
}

describe("tributary reprocess", () => {
  test("raises the generation of a file's manifest, and nothing before --yes", async () => {
    const { file, order } = await publish("a", "2026-03-01", "completed", 4);
    const dry = await operated.tributary("reprocess", file.key);
    expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining("repeat with --yes") });
    expect(dry.stdout).toContain("to the streaming job, generation 5");
    expect(await orders()).toEqual(NOTHING);
    const applied = await operated.tributary("reprocess", file.key, "--yes", "--json");
    expect(JSON.parse(applied.stdout)).toMatchObject({ applied: true, again: 1, left: 0 });
    expect(await orders()).toEqual({ announced: [], manifests: [order] });
  });

  test("takes a file that the job quarantined by its manifest, for the manifest lists it", async () => {
    const { file, order } = await publish("b", "2026-03-02", "quarantined");
    await operated.tributary("reprocess", file.key, "--yes");
    await operated.tributary("reprocess", file.key, "--yes");
    // the same generation both times: work that was asked for twice is done once
    expect(await orders()).toEqual({ announced: [], manifests: [order, order] });
  });

  test("takes all manifests of a date, and of one dataset", async () => {
    const [one, other] = [
      await publish("c", "2026-03-03", "completed"),
      await publish("d", "2026-03-03", "failed"),
    ];
    await operated.tributary(...OF_MANIFESTS, "--date", "2026-03-03", "--dataset", "clicks", "--yes");
    expect((await orders()).manifests).toEqual([one.order, other.order]);
    expect(
      await operated.tributary(...OF_MANIFESTS, "--date", "2026-03-03", "--dataset", "orders"),
    ).toMatchObject({
      code: 3,
    });
  });

  test("begins a new generation where one was begun and not committed, whose receipt may bar it", async () => {
    const { file, order } = await publish("7", "2026-03-16", "completed", 3);
    await operated.put("curated", parquetKey(nameOf("7", "2026-03-16")), "PAR1", { generation: "2" });
    await operated.tributary("reprocess", file.key, "--yes");
    expect(await orders()).toEqual({ announced: [], manifests: [order] });
  });

  test("takes a manifest by its key or its parts, and starts with generation 0 where none is committed", async () => {
    const name = nameOf("e", "2026-03-04");
    await operated.publish(name, [fileOf("2026-03-04-e.ndjson")]);
    const order = { manifest: { bucket: MANIFESTS, key: manifestKey(name) }, generation: 0 };
    await operated.tributary(...OF_MANIFESTS, "--manifest", manifestKey(name), "--yes");
    await operated.tributary(...OF_MANIFESTS, "--manifest", `clicks/2026-03-04/${name.id}`, "--yes");
    expect((await orders()).manifests).toEqual([order, order]);
    const never = `clicks/2026-03-04/${"f".repeat(32)}`;
    expect(await operated.tributary(...OF_MANIFESTS, "--manifest", never)).toMatchObject({ code: 3 });
    expect(await operated.tributary(...OF_MANIFESTS, "--manifest", "some")).toMatchObject({ code: 2 });
  });

  test("leaves alone a manifest whose output would lose rows, for the raw bucket has let go files of it", async () => {
    const name = nameOf("6", "2026-02-03");
    const [kept, broken, gone] = ["kept", "broken", "gone"].map((each) => `2026-02-03-${each}.ndjson`);
    const version = await operated.put("raw", `input/clicks/${kept}`, "{}\n");
    const files = [
      fileOf(`${kept}`, { version }),
      fileOf(`${broken}`, { version: "v5" }),
      fileOf(`${gone}`, { version: "v6" }),
    ];
    const quarantined = [{ key: "", version_id: "v5", reason: "corrupt-gzip", message: "" }];
    await operated.publish(name, files, { quarantined });
    const key = manifestKey(name);
    const left = await operated.tributary(...OF_MANIFESTS, "--manifest", key, "--yes");
    expect(left).toMatchObject({
      code: 3,
      stdout: expect.stringContaining("lose the rows of 1 of its files"),
    });
    expect(await orders()).toEqual(NOTHING);
    await operated.tributary(...OF_MANIFESTS, "--manifest", key, "--without-gone", "--yes");
    expect((await orders()).manifests).toMatchObject([{ generation: 1, manifest: { key } }]);
  });

  test("lets the builder judge a file anew that it turned away", async () => {
    const file = fileOf("2026-03-05-small.ndjson", { status: "quarantined", revision: 0, version: "v7" });
    await operated.track(file);
    await operated.tributary("reprocess", "2026-03-05-small.ndjson", file.key);
    expect(await headOf(file.key)).toMatchObject({ status: "quarantined" });
    await operated.tributary("reprocess", file.key, "--yes");
    expect(await headOf(file.key)).toBeUndefined();
    expect((await orders()).announced).toEqual([
      { bucket: file.bucket, key: file.key, version: "v7", size: file.size, sequencer: file.sequencer },
    ]);
  });

  test.each([
    ["published", { status: "quarantined", manifestPath: manifestKey(nameOf("a")) }],
    ["completed meanwhile", { status: "completed", manifestPath: manifestKey(nameOf("a")) }],
    ["of another version meanwhile", { status: "quarantined", version: "v8" }],
  ] as const)("forgets no row that is %s", async (_, changed) => {
    const file = fileOf("2026-03-09-kept.ndjson", { revision: 0, version: "v7", ...changed });
    await operated.track(file);
    expect(await forgetRejected(operator(), { key: file.key, version: "v7" })).toBe(false);
    expect(await headOf(file.key)).toMatchObject(changed);
  });

  test("announces a key with odd characters so that it is read as it stands", async () => {
    const file = fileOf("2026-03-06-a b+c%20é.ndjson", { status: "quarantined", revision: 0 });
    await operated.track(file);
    await operated.tributary("reprocess", file.key, "--yes");
    expect((await orders()).announced).toMatchObject([{ key: file.key }]);
  });

  test("announces what the books do not know, and a claim whose manifest was never written", async () => {
    const key = "input/clicks/2026-03-07-new.ndjson";
    const version = await operated.put("raw", key, "{}\n");
    const manifestPath = manifestKey(nameOf("f", "2026-03-07"));
    const claimed = fileOf("2026-03-07-claimed.ndjson", {
      status: "manifested",
      manifestPath,
      version: "v3",
    });
    await operated.track(claimed);
    await operated.tributary("reprocess", key, claimed.key, "--yes");
    expect((await orders()).announced).toMatchObject([
      { key, version, size: 3 },
      { key: claimed.key, version: "v3" },
    ]);
    // the claim stays: the builder takes it over by its own rules
    expect(await headOf(claimed.key)).toMatchObject({ status: "manifested", manifestPath });
  });

  test("announces no file that is so old that its row may have expired", async () => {
    const key = "input/clicks/2026-03-07-old.ndjson";
    await operated.put("raw", key, "{}\n");
    const kindsAfter = async (days: number) => {
      const now = new Date(Date.now() + days * 86_400_000);
      const orders: Order[] = [];
      const then = { ...operator(), now };
      const found = await readFile(then, key);
      if (found === undefined) throw new Error(`${key} is not there`);
      for await (const order of planOfFile(then, found, { onlyQuarantined: false }, false))
        orders.push(order);
      return orders.map(({ kind }) => kind);
    };
    expect(await kindsAfter(29)).toEqual(["announce"]);
    expect(await kindsAfter(31)).toEqual(["left"]);
  });

  test("takes the files of a status by the index, each manifest once", async () => {
    const name = nameOf("1", "2026-03-08");
    const both = ["x", "y"].map((letter) =>
      fileOf(`2026-03-08-${letter}.ndjson`, {
        status: "failed",
        manifestPath: manifestKey(name),
        uploadedAt: NOW,
      }),
    );
    for (const file of both) await operated.track(file);
    await operated.publish(name, both, {});
    const { stdout } = await operated.tributary(
      ...["reprocess", "--status", "failed", "--pipeline", "manifests", "--json"],
    );
    expect(JSON.parse(stdout)).toMatchObject({ applied: false, again: 2 });
    await operated.tributary(...OF_MANIFESTS, "--status", "failed", "--date", "2026-03-08", "--yes");
    expect((await orders()).manifests).toMatchObject([
      { generation: 1, manifest: { key: manifestKey(name) } },
    ]);
  });
});

describe("tributary reprocess of uploads", () => {
  const TableName = uploadsTableName(environment);
  const now = new Date("2026-03-20T00:00:00.000Z");

  /** A version that came then, and became that. */
  async function upload(name: string, status: string, more: Record<string, AttributeValue> = {}) {
    const key = `input/customers/${name}.csv`;
    const version = await operated.put("raw", key, "id\n1\n");
    const item = pendingItem({ bucket: RAW, key, version, size: 5 }, "event", now);
    const { pending_shard: _, available_at: __, ...done } = item;
    const Item = { ...(status === "pending" ? item : done), status: { S: status }, ...more };
    await operated.aws.dynamo.send(new PutItemCommand({ TableName, Item }));
    return { key, version, object: `${RAW}/${key}` };
  }

  async function itemOf({ object, version }: { object: string; version: string }) {
    const Key = { object: { S: object }, version: { S: version } };
    return (await operated.aws.dynamo.send(new GetItemCommand({ TableName, Key }))).Item;
  }

  test("makes the newest version pending again, and nothing before --yes", async () => {
    const done = await upload("done", "processed", { attempts: { N: "3" }, finished_at: { S: "x" } });
    const dry = await operated.tributary("reprocess", done.key);
    expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining("would be done again: 1") });
    expect(await itemOf(done)).toMatchObject({ status: { S: "processed" } });
    const { stdout } = await operated.tributary("reprocess", done.key, "--yes");
    expect(stdout).toContain("pending again: uploads-reconciler starts a run within 1 min");
    const again = await itemOf(done);
    expect(again).toMatchObject({
      status: { S: "pending" },
      pending_shard: { S: pendingShard(done.object) },
      available_at: { S: expect.stringMatching(/^20/) },
      attempts: { N: "0" },
    });
    expect(again).not.toHaveProperty("finished_at");
  });

  test("sends quarantined ones again, and leaves alone what another version stands for", async () => {
    const bad = await upload("bad", "quarantined", { last_error: { S: "broken-gzip: cut off" } });
    const fine = await upload("fine", "processed");
    const gone = await upload("gone", "processed");
    const Bucket = RAW;
    await operated.aws.s3.send(new DeleteObjectCommand({ Bucket, Key: gone.key, VersionId: gone.version }));
    const old = await upload("twice", "superseded", { registered_at: { S: "2026-01-01T00:00:00.000Z" } });
    await upload("twice", "processed");
    const words = [bad.key, fine.key, `${old.key}\t${old.version}`];
    const { stdout } = await operated.tributary("quarantine", "retry", ...words, "--yes", "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      again: 1,
      left: 2,
      orders: [
        { what: `${bad.key} version ${bad.version}`, why: "broken-gzip: cut off" },
        { why: "it is processed, not in quarantine" },
        { why: "it is superseded, not in quarantine" },
      ],
    });
    const left = await operated.tributary(
      "reprocess",
      `${old.key}\t${old.version}`,
      gone.key,
      "--yes",
      "--json",
    );
    expect(left.code).toBe(3);
    expect(JSON.parse(left.stdout).orders).toMatchObject([
      { why: "a newer version of it stands for it" },
      { why: "it is gone from the raw bucket" },
    ]);
    expect(await itemOf(gone)).toMatchObject({ status: { S: "processed" } });
  });

  test("does the newest version again, however late the event of an older one came", async () => {
    const at = (hour: string, sequencer: string) => ({
      registered_at: { S: `2026-03-20T${hour}:00:00.000Z` },
      sequencer: { S: sequencer.padEnd(64, "0") },
    });
    await upload("late", "superseded", at("09", "0A"));
    const newest = await upload("late", "processed", at("08", "0B"));
    const { stdout } = await operated.tributary("reprocess", newest.key, "--json");
    expect(JSON.parse(stdout).orders).toMatchObject([
      { what: `${newest.key} version ${newest.version}`, why: "processed" },
    ]);
  });

  test("does the other files and pipelines again where one fails, and says so", async () => {
    const known = await upload("known", "processed");
    const both = await operated.tributary("reprocess", "input/customers/never.csv", known.key, "--yes");
    expect(both).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^done again: 1; left alone: 0$/m),
      stderr: expect.stringMatching(/^input\/customers\/never\.csv: neither /),
    });
    expect(await itemOf(known)).toMatchObject({ status: { S: "pending" } });
    await upload("failing", "pending", { last_error: { S: "TransformError: no" } });
    // the ledger's function is not there
    expect(await operated.tributary("reprocess", "--status", "failed", "--yes")).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("input/customers/failing.csv"),
      stderr: expect.stringMatching(/^ledger: .*a part of local does not exist/m),
    });
    expect(await operated.tributary("reprocess", "input/customers/never.csv")).toMatchObject({ code: 3 });
  });

  test("leaves alone a version of which lines were replayed, that would be rows twice", async () => {
    const done = await upload("corrected", "processed");
    const folder = `dead-letters/customers/${outputName(done.key)}/${done.version}.ndjson`;
    await operated.put("curated", `corrections/lines/${folder}/x.json`, '{"correction":"y"}');
    await operated.put("curated", "corrections/begun/y.json", '{"id":"y"}');
    const left = await operated.tributary("reprocess", done.key, "--yes");
    expect(left).toMatchObject({ code: 3, stdout: expect.stringContaining("were replayed") });
    expect(await itemOf(done)).toMatchObject({ status: { S: "processed" } });
  });

  test("leaves alone a version of which the audit has no row yet: it would never get it", async () => {
    const done = await upload("owed", "processed", { pending_shard: { S: AUDIT_SHARD } });
    const left = await operated.tributary("reprocess", done.key, "--yes");
    expect(left).toMatchObject({ code: 3, stdout: expect.stringContaining("the audit has no row") });
    expect(await itemOf(done)).toMatchObject({ status: { S: "processed" } });
  });

  test("leaves alone a version that changed after it was looked at", async () => {
    const { key, version, object } = await upload("raced", "processed");
    const aws = connect(environment);
    aws.dynamo.middlewareStack.add(
      (next, { commandName }) =>
        async (call) => {
          const Item = { object: { S: object }, version: { S: version }, status: { S: "superseded" } };
          if (commandName === "UpdateItemCommand") {
            await operated.aws.dynamo.send(new PutItemCommand({ TableName, Item }));
          }
          return next(call);
        },
      { step: "initialize", name: "race" },
    );
    const how = { apply: true, onlyQuarantined: false, withoutGone: false };
    const done = (await uploadsAgain.file({ ...operator(), aws }, { key }, how)) ?? [];
    for await (const { why } of done) expect(why).toBe("its item changed meanwhile: repeat");
    disconnect(aws);
    expect(await itemOf({ object, version })).toMatchObject({ status: { S: "superseded" } });
  });

  test("sends all that failed again, each once", async () => {
    for (const name of ["f1", "f2", "f3"]) {
      await upload(name, "pending", { last_error: { S: "TransformError: no" }, attempts: { N: "2" } });
    }
    await upload("waits", "pending");
    const all = ["reprocess", "--status", "failed", "--dataset", "customers", "--yes", "--json"];
    const { orders } = JSON.parse((await operated.tributary(...all)).stdout);
    const keys = orders.map(({ what }: { what: string }) => what.split(" ")[0]);
    const failed = ["f1", "f2", "f3"].map((name) => `input/customers/${name}.csv`);
    expect(keys.filter((key: string) => key.includes("/f")).sort()).toEqual(expect.arrayContaining(failed));
    expect(new Set(keys).size).toBe(keys.length);
    const waits = await operated.tributary("reprocess", "input/customers/waits.csv");
    expect(waits).toMatchObject({ code: 3, stdout: expect.stringContaining("waits for the next run") });
  });
});

describe("tributary redrive", () => {
  test("of a dataset moves its messages alone", async () => {
    const QueueUrl = await queueUrl(operated.aws.sqs, deadLetterQueueName(environment, "manifests-inputs"));
    const body = (key: string) => JSON.stringify({ Records: [{ s3: { object: { key } } }] });
    for (const key of ["input/clicks/a.ndjson", "input/other/b.ndjson", "input/clicks/c.ndjson"]) {
      await operated.aws.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: body(key) }));
    }
    const clicks = ["redrive", "--dataset", "clicks"];
    expect((await operated.tributary(...clicks)).stdout).toMatch(
      /input\/clicks\/[ac]\.ndjson\nmessages of other datasets among them stay\nnothing was changed: /,
    );
    const { stdout } = await operated.tributary(...clicks, "--yes", "--json");
    expect(JSON.parse(stdout)).toEqual({
      applied: true,
      queues: [{ queue: "manifests-inputs", messages: 2 }],
    });
    const moved = (await operated.take(INPUTS)).map(({ Body }) => Body).sort();
    expect(moved).toEqual([body("input/clicks/a.ndjson"), body("input/clicks/c.ndjson")]);
    await operated.aws.sqs.send(new PurgeQueueCommand({ QueueUrl }));
  });

  test("of a dataset passes by what nobody can read, and leaves it for whoever looks next", async () => {
    const QueueUrl = await queueUrl(operated.aws.sqs, deadLetterQueueName(environment, "manifests-inputs"));
    const bad = ["no JSON", "null", JSON.stringify({ note: "100%", key: "input/clicks/50%.ndjson" })];
    for (const MessageBody of bad) {
      await operated.aws.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
    }
    const clicks = ["redrive", "--dataset", "clicks"];
    expect((await operated.tributary(...clicks)).stdout).toMatch(
      /^3 to manifests-inputs, among them:\n {2}\{"note":"100%".*\nmessages of other datasets/,
    );
    const { stdout } = await operated.tributary(...clicks, "--yes", "--json");
    expect(JSON.parse(stdout).queues).toEqual([{ queue: "manifests-inputs", messages: 1 }]);
    expect(await operated.tributary(...clicks, "--yes")).toMatchObject({ code: 3 });
    expect((await operated.tributary("redrive")).stdout).toContain("2 to manifests-inputs");
    await operated.take(INPUTS);
    await operated.aws.sqs.send(new PurgeQueueCommand({ QueueUrl }));
  });

  test("refuses a queue of another pipeline", async () => {
    const line = ["redrive", "--queue", "manifests-inputs", "--pipeline", "ledger", "--yes"];
    expect(await operated.tributary(...line)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /^error: --queue: expected one of ledger-inputs, .* got "manifests-inputs"\n$/,
      ),
    });
  });

  test("says what is there, then moves it, with its text as it was", async () => {
    const QueueUrl = await queueUrl(operated.aws.sqs, deadLetterQueueName(environment, "manifests-inputs"));
    const body = (key: string) => JSON.stringify({ Records: [{ s3: { object: { key } } }] });
    const bodies = Array.from({ length: 12 }, (_, index) => body(`input/clicks/a+${index}.ndjson`)).sort();
    for (const MessageBody of bodies)
      await operated.aws.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
    const dry = await operated.tributary("redrive");
    expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining("12 to manifests-inputs") });
    expect(dry.stdout).toContain("input/clicks/a 0.ndjson");
    expect(await operated.take(INPUTS)).toEqual([]);
    const applied = await operated.tributary("redrive", "--queue", "manifests-inputs", "--yes", "--json");
    expect(JSON.parse(applied.stdout)).toEqual({
      applied: true,
      queues: [{ queue: "manifests-inputs", messages: 12 }],
    });
    expect((await operated.take(INPUTS)).map(({ Body }) => Body).sort()).toEqual(bodies);
    expect(await operated.tributary("redrive", "--yes")).toMatchObject({ code: 3 });
  });

  test("invokes a function again with the events that it failed on", async () => {
    const queue = failureQueueName(environment, "manifests-builder");
    const MessageBody = JSON.stringify({ requestContext: {}, requestPayload: { kind: "a failed event" } });
    const QueueUrl = await queueUrl(operated.aws.sqs, queue);
    await operated.aws.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
    const { stdout: status } = await operated.tributary("status");
    expect(status).toMatch(/^ {2}manifests-builder failures +1 +0 /m);
    const dry = await operated.tributary("redrive");
    expect(dry.stdout).toContain('1 to manifests-builder, among them:\n  {"kind":"a failed event"}');
    const applied = await operated.tributary("redrive", "--queue", "manifests-builder", "--yes");
    expect(applied).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^to manifests-builder {2}1\nto undo: nothing, /),
    });
    expect(await operated.take(queue)).toEqual([]);
    const shown = await eventually("an invocation", async () => {
      const { stdout } = await operated.tributary("logs", "manifests-builder");
      return stdout.includes("called with") && stdout;
    });
    expect(shown).toContain('called with {"kind":"a failed event"}');
  });
});

/** Waits until the time of the last order has passed, which else would do for the next one; the time then. */
async function afterLastOrder(): Promise<number> {
  await eventually("the time of the last order", async () => {
    return Number((await control()).restartRequestedAt ?? 0) < Date.now();
  });
  return Date.now();
}

/** Waits until an order to restart was given since then, and its time, up to a second ahead of this machine's, has passed. */
function restartOrdered(since: number): Promise<unknown> {
  return eventually("the order", async () => {
    const requested = Number((await control()).restartRequestedAt);
    return requested >= since && requested < Date.now();
  });
}

describe("the streaming job", () => {
  test("is scaled from its next run on, or at once", async () => {
    const deployed = environment.manifests.workers.number;
    const scaled = ["manifests", "scale", "--workers", "6"];
    expect(await operated.tributary(...scaled)).toMatchObject({
      code: 0,
      stdout:
        `would be ordered: workers: ${deployed} → 6, from the next run on; ` +
        "a day of 6 workers G.1X costs 63.36 USD, above manifests.maximumDayDollars (50)\n" +
        "nothing was changed: repeat with --yes\n",
    });
    expect((await control()).workers).toBeUndefined();
    expect(await operated.tributary(...scaled, "--yes")).toMatchObject({
      code: 0,
      stdout:
        `workers: ${deployed} → 6, from the next run on; ` +
        "a day of 6 workers G.1X costs 63.36 USD, above manifests.maximumDayDollars (50)\n" +
        `to undo: tributary manifests scale --workers ${deployed} --yes\n`,
    });
    expect(await control()).toMatchObject({ workers: 6, desired: "running" });
    expect((await control()).restartRequestedAt).toBeUndefined();
    expect(await operated.tributary(...scaled, "--yes", "--wait")).toMatchObject({ code: 2 });
    expect(await operated.tributary("manifests", "scale", "--workers", "4", "--now", "--yes")).toMatchObject({
      code: 0,
    });
    expect(await control()).toMatchObject({ workers: 4, restartRequestedAt: expect.any(Date) });
  });

  test("is stopped and started; a stopped one is neither restarted nor scaled at once", async () => {
    const stop = ["manifests", "stop"];
    expect(await operated.tributary(...stop, "--wait")).toMatchObject({ code: 2 });
    expect(await operated.tributary(...stop, "--json")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('"applied": false'),
    });
    expect(await control()).toMatchObject({ desired: "running" });
    expect(await operated.tributary(...stop, "--wait", "--yes")).toMatchObject({ code: 0 });
    expect(await control()).toMatchObject({ desired: "stopped", workers: 4 });
    for (const words of [["restart"], ["scale", "--workers", "3", "--now"]]) {
      expect(await operated.tributary("manifests", ...words, "--yes")).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("the streaming job is to be stopped"),
      });
    }
    expect(await operated.tributary("manifests", "start", "--yes")).toMatchObject({ code: 0 });
    expect(await control()).toMatchObject({ desired: "running", workers: 4 });
  });

  test("is restarted, and waited for until a new run is at work", async () => {
    const asked = await afterLastOrder();
    const waiting = operated.tributary("manifests", "restart", "--wait", "--yes", "--json");
    await restartOrdered(asked);
    await operated.aws.glue.send(new StartJobRunCommand({ JobName: manifestsJobName(environment) }));
    const { code, stdout } = await waiting;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      restartRequestedAt: expect.any(String),
      runs: [{ state: "RUNNING" }],
    });
  });
});

describe("an environment of another account", () => {
  test("is refused before anything is asked or changed", async () => {
    expect(await operated.tributary("manifests", "stop", "--environment", "prod")).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^error: credentials: expected those of account \d+ .*, got "000000000000"\n$/,
      ),
    });
  });
});

describe("Ctrl-C", () => {
  test("ends the waiting with 130, and what was ordered stays ordered", async () => {
    const asked = await afterLastOrder();
    const words = ["cli/tributary.js", "manifests", "restart", "--wait", "--yes", "--environment", "local"];
    const child = spawn(process.execPath, words, { cwd: ROOT, env: process.env, stdio: "ignore" });
    const ended = once(child, "close");
    await restartOrdered(asked);
    child.kill("SIGINT");
    expect(await ended).toEqual([130, null]);
  });
});

describe("tributary manifests resume", () => {
  test("leaves alone a mapping that is served locally: messages would be delivered twice", async () => {
    expect(await operated.tributary("manifests", "resume", "--yes")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("a second time"),
    });
    const { EventSourceMappings } = await operated.aws.lambda.send(new ListEventSourceMappingsCommand({}));
    expect(EventSourceMappings).toMatchObject([{ State: "Disabled" }]);
  });
});
