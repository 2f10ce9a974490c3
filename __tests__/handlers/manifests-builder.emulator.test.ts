import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateTableCommand,
  DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
} from "@aws-sdk/client-dynamodb";
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type LocalAws, startLocalAws } from "../../local/platform/aws";
import type { BatchResponse, Message } from "../../runtime/aws/queue-messages";
import { OPEN_INDEX } from "../../runtime/indexes";
import { checkManifest, type Manifest } from "../../runtime/manifests/manifests";
import {
  endFile,
  fromItem,
  headKey,
  openPartitions,
  readTracked,
  versionKey,
} from "../../runtime/manifests/tracking";
import { NAMES } from "./manifests-builder/pipeline";
import { testServices } from "./manifests-builder/services";
import { declare } from "./support/declared";
import { type EventObject, s3Event } from "./support/events";
import { keepLogs } from "./support/logs";
import { NUL_NAME, ODD_NAMES } from "./support/odd-names";

type Handler = (
  event: { Records: Message[] },
  context: { getRemainingTimeInMillis(): number },
) => Promise<BatchResponse>;

const SHARDS = 4;
const TODAY = new Date().toISOString().slice(0, 10);

let folder = "";
let aws: LocalAws;
let dynamo: DynamoDBClient;
let s3: S3Client;
let handler: Handler;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tributary-manifests-builder-"));
  aws = await startLocalAws({ folder, report: () => {} });
  const size = { bytes: 100, tolerance: 0.1 };
  const datasets = [{ name: "clicks", prefix: "input/clicks/", from: "2020-01-01", size }];
  Object.assign(process.env, aws.environment, declare<"manifests-builder">(folder, { datasets }), {
    TRACKING_TABLE: NAMES.table,
    TRACKING_SHARDS: String(SHARDS),
    MANIFESTS_BUCKET: NAMES.manifests,
    QUARANTINE_BUCKET: NAMES.quarantine,
    AUDIT_BUCKET: NAMES.audit,
    MANIFEST_BYTES: "1000",
    MANIFEST_FILES: "100",
    CLAIM_SECONDS: "240",
    S3_PATH_STYLE: "true",
    ENVIRONMENT: "test",
    METRIC_NAMESPACE: "Tributary",
  });
  dynamo = new DynamoDBClient();
  s3 = new S3Client({ forcePathStyle: true });
  await makeTable();
  for (const bucket of [NAMES.raw, NAMES.manifests, NAMES.quarantine, NAMES.audit]) await makeBucket(bucket);
  ({ handler } = await import("../../handlers/manifests-builder"));
});

afterAll(async () => {
  dynamo.destroy();
  s3.destroy();
  await aws.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("DynamoDB and S3 on the emulator", () => {
  testServices(() => ({ dynamo, s3 }));
});

describe("the manifest builder on the emulator", () => {
  const logs = keepLogs();

  test("turns events into claims and manifests, and a second delivery into nothing", async () => {
    const names = Array.from({ length: 25 }, (_, index) => `${TODAY}-good ${index} ü+.ndjson`);
    const events = await Promise.all(names.map((name) => upload(name, name)));
    expect(await deliver(events)).toEqual([]);
    const manifests = await manifestsOf("good");
    expect(manifests.map(({ entries }) => entries.length)).toEqual([10, 10, 5]);
    expect(manifests.map(({ total_bytes }) => total_bytes)).toEqual([1_000, 1_000, 500]);
    const listed = manifests.flatMap(({ entries }) =>
      entries.map(({ key, version_id }) => [key, version_id]),
    );
    expect(listed.sort()).toEqual(events.map(({ key, version }) => [key, version]).sort());
    expect(logs.lines()).toContainEqual(
      expect.objectContaining({ Environment: "test", FilesClaimed: 25, ManifestsWritten: 3 }),
    );
    expect(await deliver([...events, ...events].reverse())).toEqual([]);
    expect(await manifestsOf("good")).toEqual(manifests);
  });

  test("finds what is claimed in the index until it is finished", async () => {
    const event = await upload(`${TODAY}-finished.ndjson`, "finished");
    await deliver([event]);
    const file = { date: TODAY, key: event.key, version: String(event.version) };
    const table = { client: dynamo, name: NAMES.table, shards: SHARDS };
    const manifestPath = (await readTracked(table, headKey(file, SHARDS)))?.manifestPath ?? "";
    expect(await openFiles()).toContainEqual({ key: file.key, manifestPath });
    const end = { status: "completed" as const, manifestPath, generation: 0, jobRunId: "jr_1" };
    expect(await endFile(table, file, { ...end, manifestPath: "another" }, new Date())).toBe("elsewhere");
    expect(await endFile(table, file, end, new Date())).toBe("written");
    expect(await endFile(table, file, end, new Date())).toBe("same");
    expect(await openFiles()).not.toContainEqual({ key: file.key, manifestPath });
    expect(await readTracked(table, headKey(file, SHARDS))).toMatchObject({
      status: "completed",
      jobRunId: "jr_1",
      ttl: expect.any(Number),
    });
  });

  test("gives each version of a key its place, the older event last", async () => {
    const name = `${TODAY}-versions.ndjson`;
    const first = await upload(name, "one");
    const second = await upload(name, "two");
    const third = await upload(name, "two");
    expect(await deliver([first])).toEqual([]);
    expect(await deliver([third])).toEqual([]);
    expect(await deliver([second, first])).toEqual([]);
    const key = { date: TODAY, key: first.key };
    const table = { client: dynamo, name: NAMES.table, shards: SHARDS };
    const version = ({ version: id }: EventObject) =>
      readTracked(table, versionKey({ ...key, version: String(id) }, SHARDS));
    expect(await readTracked(table, headKey(key, SHARDS))).toMatchObject({
      version: third.version,
      revision: 2,
      status: "manifested",
    });
    expect(await version(first)).toMatchObject({ revision: 1, status: "manifested" });
    expect(await version(second)).toMatchObject({ status: "superseded" });
    const fourth = await upload(name, "two");
    expect(await deliver([fourth])).toEqual([]);
    expect(await version(fourth)).toMatchObject({ status: "unchanged" });
    const listed = (await manifestsOf("versions")).flatMap(({ entries }) => entries);
    expect(listed.map(({ version_id, revision }) => ({ version_id, revision }))).toEqual(
      expect.arrayContaining([
        { version_id: first.version, revision: 1 },
        { version_id: third.version, revision: 2 },
      ]),
    );
    expect(listed).toHaveLength(2);
  });

  test("puts a file of the wrong size and one of the wrong name into quarantine", async () => {
    const large = await upload(`${TODAY}-large ü.ndjson`, "large", 1_000);
    const wrong = await upload("2026-02-30-no-date.ndjson", "wrong");
    expect(await deliver([large, wrong])).toEqual([]);
    const keys = await keysOf(NAMES.quarantine, "quarantine/");
    const folderOf = (date: string, { version }: EventObject) =>
      expect.stringMatching(new RegExp(`^quarantine/${date}/[0-9a-f]{16}-${version}/`));
    expect(keys).toEqual(
      expect.arrayContaining([folderOf(TODAY, large), folderOf(TODAY, large), folderOf("undated", wrong)]),
    );
    expect(keys).toHaveLength(4);
    const reason = keys.find((key) => key.includes(`${large.version}/reason.json`)) ?? "";
    expect(JSON.parse(await textOf(NAMES.quarantine, reason))).toMatchObject({
      bucket: NAMES.raw,
      key: large.key,
      version_id: large.version,
      reason: "unexpected-size",
    });
    const { Items = [] } = await dynamo.send(
      new ScanCommand({ TableName: NAMES.table, ConsistentRead: true }),
    );
    const quarantined = Items.map(fromItem).filter(({ status }) => status === "quarantined");
    expect(quarantined.map(({ date, key }) => ({ date, key }))).toEqual(
      expect.arrayContaining([
        { date: TODAY, key: large.key },
        { date: undefined, key: wrong.key },
      ]),
    );
  });

  test("fails a malformed message alone", async () => {
    const good = await upload(`${TODAY}-beside.ndjson`, "beside");
    const response = await handler(
      { Records: [{ messageId: "bad", body: "{" }, ...messagesOf([good])] },
      { getRemainingTimeInMillis: () => 180_000 },
    );
    expect(response).toEqual({ batchItemFailures: [{ itemIdentifier: "bad" }] });
    expect(await manifestsOf("beside")).toHaveLength(1);
  });

  test("takes keys of any characters, and turns away those that leave no room beside them", async () => {
    const odd = [...ODD_NAMES, NUL_NAME]
      .map((name) => `${TODAY}-${name}`)
      .filter((name) => !name.includes("/"));
    const events = await Promise.all(odd.map((name) => upload(`${name}.ndjson`, name)));
    const longest = `${TODAY}-${"x".repeat(1_024 - "input/clicks/".length - TODAY.length - 8)}.ndjson`;
    const long = await upload(longest, "long");
    expect(await deliver([...events, long])).toEqual([]);
    const table = { client: dynamo, name: NAMES.table, shards: SHARDS };
    const status = async ({ key }: EventObject) =>
      (await readTracked(table, headKey({ date: TODAY, key }, SHARDS)))?.status;
    expect(await Promise.all(events.map(status))).toEqual(odd.map(() => "manifested"));
    expect(await status(long)).toBe("quarantined");
    const manifests = await Promise.all(
      (await keysOf(NAMES.manifests, "manifests/")).map((key) => textOf(NAMES.manifests, key)),
    );
    const listed = manifests.flatMap((text) => checkManifest(JSON.parse(text)).entries.map(({ key }) => key));
    expect(listed).toEqual(expect.arrayContaining(events.map(({ key }) => key)));
  });

  test("takes over a claim whose manifest is late, and closes its name first", async () => {
    const event = await upload(`${TODAY}-late.ndjson`, "late");
    const path = `manifests/clicks/${TODAY}/${"0".repeat(32)}.json`;
    const { date_prefix, file_name } = headKey({ date: TODAY, key: event.key }, SHARDS);
    await dynamo.send(
      new PutItemCommand({
        TableName: NAMES.table,
        Item: {
          date_prefix: { S: date_prefix },
          file_name: { S: file_name },
          version: { S: String(event.version) },
          status: { S: "manifested" },
          revision: { N: "1" },
          manifest_path: { S: path },
          file_path: { S: `s3://${NAMES.raw}/${event.key}` },
          updated_at: { S: new Date(Date.now() - 241_000).toISOString() },
        },
      }),
    );
    expect(await deliver([event])).toEqual([]);
    expect(JSON.parse(await textOf(NAMES.manifests, path))).toMatchObject({ total_bytes: 0, entries: [] });
    expect(await manifestsOf("late")).toHaveLength(1);
  });
});

let uploads = 0;

/** Puts a version of a file and gives the event that S3 would send. */
async function upload(name: string, text: string, size = 100): Promise<EventObject> {
  const key = `input/clicks/${name}`;
  const put = new PutObjectCommand({ Bucket: NAMES.raw, Key: key, Body: text.padEnd(size, ".") });
  const { VersionId: version = "" } = await s3.send(put);
  return { bucket: NAMES.raw, key, version, size, sequencer: `00${String(++uploads).padStart(6, "0")}` };
}

function messagesOf(events: readonly EventObject[]): Message[] {
  return events.map((event, index) => ({
    messageId: `m${index}`,
    body: JSON.stringify(s3Event(event)),
  }));
}

async function deliver(events: readonly EventObject[]): Promise<string[]> {
  const { batchItemFailures } = await handler(
    { Records: messagesOf(events) },
    { getRemainingTimeInMillis: () => 180_000 },
  );
  return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}

/** The manifests with files of that name, the fullest first. */
async function manifestsOf(name: string): Promise<Manifest[]> {
  const keys = await keysOf(NAMES.manifests, "manifests/");
  const all = await Promise.all(
    keys.map(async (key) => checkManifest(JSON.parse(await textOf(NAMES.manifests, key)))),
  );
  return all
    .filter(({ entries }) => entries.some(({ key }) => key.includes(`-${name}`)))
    .sort((one, other) => other.entries.length - one.entries.length || (one.id < other.id ? -1 : 1));
}

async function keysOf(bucket: string, prefix: string): Promise<string[]> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }));
  return Contents.map(({ Key = "" }) => Key);
}

async function textOf(bucket: string, key: string): Promise<string> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return (await Body?.transformToString()) ?? "";
}

async function openFiles(): Promise<{ key: string; manifestPath: string }[]> {
  const pages = await Promise.all(
    openPartitions("manifested").map((partition) =>
      dynamo.send(
        new QueryCommand({
          TableName: NAMES.table,
          IndexName: OPEN_INDEX,
          KeyConditionExpression: "open_shard = :partition",
          ExpressionAttributeValues: { ":partition": { S: partition } },
        }),
      ),
    ),
  );
  return pages
    .flatMap(({ Items = [] }) => Items)
    .map((item) => ({ key: item["file_name"]?.S ?? "", manifestPath: item["manifest_path"]?.S ?? "" }));
}

async function makeBucket(bucket: string): Promise<void> {
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  await s3.send(
    new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: "Enabled" } }),
  );
}

async function makeTable(): Promise<void> {
  const keys = ["date_prefix", "file_name", "open_shard", "created_at"];
  await dynamo.send(
    new CreateTableCommand({
      TableName: NAMES.table,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: keys.map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
      KeySchema: [
        { AttributeName: "date_prefix", KeyType: "HASH" },
        { AttributeName: "file_name", KeyType: "RANGE" },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: OPEN_INDEX,
          KeySchema: [
            { AttributeName: "open_shard", KeyType: "HASH" },
            { AttributeName: "created_at", KeyType: "RANGE" },
          ],
          Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["manifest_path"] },
        },
      ],
    }),
  );
}
