import { ConditionalCheckFailedException, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { GlueClient } from "@aws-sdk/client-glue";
import { describe, expect, test } from "@jest/globals";
import { registerUploads, type UploadsTrigger } from "../../../handlers/uploads-trigger/register-uploads";
import { DAY_MS } from "../../../runtime/clock";
import { DutiesFailedError, UnexpectedEventError } from "../../../runtime/errors";
import { SMOKE_PREFIXES } from "../../../runtime/smoke";
import { type Answers, awsError, clientDouble, clockDouble, type Sent } from "../support/doubles";
import { fromBus, fromTopic, s3Event, s3Record } from "../support/events";
import { keepLogs } from "../support/logs";

const A = { key: "input/customers/a.csv" };
const B = { key: "input/customers/b.csv" };

/** The refusal of a conditional put, with the item that is there. */
function taken(status: string, more: Record<string, { S: string }> = {}) {
  return new ConditionalCheckFailedException({
    message: "The conditional request failed",
    $metadata: {},
    Item: { status: { S: status }, ...more },
  });
}

/** A trigger that nobody asked for a run before; `writes` has what it does to the items of uploads. */
function makeTrigger(table: Answers, glue: Answers = { StartJobRunCommand: () => ({ JobRunId: "jr_1" }) }) {
  const writes: Sent[] = [];
  const forgotten: Sent[] = [];
  const noting = (name: string): Answers => ({
    [name]: (input, call) => {
      if ((input.Key ?? input.Item).object.S === "#run") return {};
      writes.push({ name, input });
      return table[name]?.(input, call) ?? new Error(`no answer to ${name}`);
    },
  });
  const dynamo = clientDouble<DynamoDBClient>({
    GetItemCommand: () => ({}),
    ...noting("PutItemCommand"),
    ...noting("UpdateItemCommand"),
    DeleteItemCommand: (input) => {
      forgotten.push({ name: "DeleteItemCommand", input });
      return {};
    },
  });
  const runs = clientDouble<GlueClient>(glue);
  const trigger: UploadsTrigger = {
    uploads: { client: dynamo.client, name: "uploads" },
    job: { client: runs.client, name: "uploads-job" },
    clock: clockDouble(),
  };
  return { trigger, writes, forgotten, runs: runs.sent };
}

const failure = async (promise: Promise<void>) =>
  promise.then(
    () => undefined,
    (error: Error) => error,
  );

describe("registerUploads", () => {
  const logs = keepLogs();

  test.each<[string, object]>([
    ["a topic", fromTopic(s3Event(A))],
    ["EventBridge", fromBus(A)],
  ])("takes an event by %s", async (_, event) => {
    const { trigger, writes, runs } = makeTrigger({ PutItemCommand: () => ({}) });
    await registerUploads(trigger, event);
    expect(writes.map(({ input }) => input.Item.object.S)).toEqual(["raw/input/customers/a.csv"]);
    expect(runs).toHaveLength(1);
  });

  test("writes one pending item a record, each by one conditional put, and asks for one run", async () => {
    const { trigger, writes, runs } = makeTrigger({ PutItemCommand: () => ({}) });
    await registerUploads(trigger, s3Event(A, B));
    expect(writes.map(({ name }) => name)).toEqual(["PutItemCommand", "PutItemCommand"]);
    expect(writes[0]?.input).toMatchObject({
      TableName: "uploads",
      ConditionExpression: "attribute_not_exists(#object)",
      Item: {
        object: { S: "raw/input/customers/a.csv" },
        version: { S: "v1" },
        bucket: { S: "raw" },
        key: { S: "input/customers/a.csv" },
        size: { N: "12" },
        sequencer: { S: "0055AED6DCD90281E5".padEnd(64, "0") },
        status: { S: "pending" },
        registered_at: { S: "2026-01-31T12:00:00.000Z" },
        registered_by: { S: "event" },
        // sha256sum of raw/input/customers/a.csv begins with 8fbc6a75, which is 5 modulo 8
        pending_shard: { S: "5" },
        available_at: { S: "2026-01-31T12:00:00.000Z" },
      },
    });
    expect(runs).toEqual([{ name: "StartJobRunCommand", input: { JobName: "uploads-job" } }]);
    expect(logs.lines()).toContainEqual(
      expect.objectContaining({ level: "info", message: "registered an upload", key: A.key }),
    );
  });

  test("lets the item of a smoke test's file expire in two weeks, and no other", async () => {
    const { trigger, writes } = makeTrigger({ PutItemCommand: () => ({}) });
    await registerUploads(trigger, s3Event({ key: `${SMOKE_PREFIXES.uploads}smoke-a.csv` }, A));
    const expiry = (trigger.clock.now().getTime() + 14 * DAY_MS) / 1_000;
    expect(writes.map(({ input }) => input.Item.expires_at)).toEqual([{ N: String(expiry) }, undefined]);
  });

  test.each([
    ["pending", 1],
    ["processed", 0],
    ["unchanged", 0],
    ["superseded", 0],
    ["quarantined", 0],
  ])("leaves a %s item alone and asks for %i runs", async (status, runsWanted) => {
    const { trigger, writes, runs } = makeTrigger({
      PutItemCommand: () => taken(status, { sequencer: { S: "00" } }),
    });
    await registerUploads(trigger, s3Event(A));
    expect(writes).toHaveLength(1);
    expect(runs).toHaveLength(runsWanted);
  });

  test("adds the sequencer to an item that the reconciler found first", async () => {
    const { trigger, writes } = makeTrigger({
      PutItemCommand: () => taken("processed"),
      UpdateItemCommand: () => ({}),
    });
    await registerUploads(trigger, s3Event(A));
    expect(writes[1]?.input).toMatchObject({
      UpdateExpression: "SET #sequencer = :sequencer",
      ConditionExpression: "attribute_exists(#object) AND attribute_not_exists(#sequencer)",
      ExpressionAttributeValues: { ":sequencer": { S: "0055AED6DCD90281E5".padEnd(64, "0") } },
    });
  });

  test("survives an item that expires before its sequencer is added", async () => {
    const { trigger } = makeTrigger({
      PutItemCommand: () => taken("superseded"),
      UpdateItemCommand: () => taken("superseded"),
    });
    await expect(registerUploads(trigger, s3Event(A))).resolves.toBeUndefined();
  });

  test.each([
    "ConcurrentRunsExceededException",
    "ThrottlingException",
    "ResourceNumberLimitExceededException",
  ])("counts a start that Glue refuses by %s as asked", async (refusal) => {
    const { trigger, forgotten } = makeTrigger(
      { PutItemCommand: () => ({}) },
      { StartJobRunCommand: () => awsError(refusal) },
    );
    await expect(registerUploads(trigger, s3Event(A))).resolves.toBeUndefined();
    expect(forgotten).toEqual([]);
  });

  test("registers the others, starts the run, then throws when a record is malformed", async () => {
    const { trigger, writes, runs } = makeTrigger({ PutItemCommand: () => ({}) });
    const event = { Records: [{ ...s3Record(A), eventName: 7 }, s3Record(B)] };
    const error = await failure(registerUploads(trigger, event));
    expect(error).toBeInstanceOf(DutiesFailedError);
    expect(error?.message).toMatch(
      /record 0 \(key input\/customers\/a\.csv, version v1\): MalformedRecordError/,
    );
    expect(writes).toHaveLength(1);
    expect(runs).toHaveLength(1);
  });

  test("registers the others, starts the run, then throws when the table still throttles", async () => {
    const { trigger, runs } = makeTrigger({
      PutItemCommand: (_, call) => (call === 0 ? awsError("ThrottlingException") : {}),
    });
    const error = await failure(registerUploads(trigger, s3Event(A, B)));
    expect(error?.message).toMatch(/^record 0 .*: ThrottlingException/);
    expect(runs).toHaveLength(1);
  });

  test("throws when the run cannot be asked for, the items written, so that the next attempt asks again", async () => {
    const { trigger, writes, forgotten } = makeTrigger(
      { PutItemCommand: () => ({}) },
      { StartJobRunCommand: () => awsError("EntityNotFoundException", "no such job") },
    );
    const error = await failure(registerUploads(trigger, s3Event(A)));
    expect(error?.message).toBe("start a run: EntityNotFoundException: no such job");
    expect(writes).toHaveLength(1);
    expect(forgotten).toHaveLength(1);
  });

  test.each([
    ["the bucket's test event", { Service: "Amazon S3", Event: "s3:TestEvent", Bucket: "raw" }],
    ["an event without records", { Records: [] }],
    ["a delete marker", s3Event({ ...A, name: "ObjectRemoved:DeleteMarkerCreated" })],
    ["a folder marker", s3Event({ key: "input/customers/" })],
  ])("writes nothing and starts nothing for %s", async (_, event) => {
    const { trigger, writes, runs } = makeTrigger({});
    await registerUploads(trigger, event);
    expect([...writes, ...runs]).toEqual([]);
  });

  test.each([[undefined], [{}], [{ Records: "none" }]])("rejects %j as no S3 event", async (event) => {
    expect(await failure(registerUploads(makeTrigger({}).trigger, event))).toBeInstanceOf(
      UnexpectedEventError,
    );
  });
});
