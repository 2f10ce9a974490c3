import { DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { BUCKET, type Emulated, JOB, startEmulated, TABLE } from "./support/emulator";
import { s3Event } from "./support/events";
import { keepLogs } from "./support/logs";
import { NUL_NAME, ODD_NAMES } from "./support/odd-names";

let emulated: Emulated;
let handler: (event: unknown) => Promise<void>;

beforeAll(async () => {
  emulated = await startEmulated(3600, { UPLOADS_TABLE: TABLE, JOB_NAME: JOB });
  ({ handler } = await import("../../handlers/uploads-trigger"));
});

afterAll(() => emulated.stop());

const itemsOf = async (key: string) => (await emulated.items()).filter((item) => item["key"] === key);

describe("uploads-trigger on the emulator", () => {
  keepLogs();

  test("gives one run to many uploads at once", async () => {
    const keys = Array.from({ length: 20 }, (_, index) => `input/customers/many-${index}.csv`);
    await Promise.all(keys.map((key) => handler(s3Event({ bucket: BUCKET, key }))));
    expect((await emulated.items()).filter((item) => keys.includes(String(item["key"])))).toHaveLength(20);
    expect(await emulated.runs()).toHaveLength(1);
  });

  test("changes nothing when an event comes five times", async () => {
    const object = { bucket: BUCKET, key: "input/customers/a b+ü€.csv", version: "v1", sequencer: "00A1" };
    await handler(s3Event(object));
    const [first] = await itemsOf(object.key);
    await Promise.all([1, 2, 3, 4].map(() => handler(s3Event(object))));
    expect(await itemsOf(object.key)).toEqual([first]);
    expect(first).toMatchObject({
      object: `${BUCKET}/${object.key}`,
      version: "v1",
      sequencer: `00A1${"0".repeat(60)}`,
      status: "pending",
      registered_by: "event",
    });
    expect(first?.["available_at"]).toBe(first?.["registered_at"]);
  });

  test("registers keys of any characters and of any length that S3 takes", async () => {
    const folder = "input/customers/";
    const names = [...ODD_NAMES, NUL_NAME, "x".repeat(1_024 - folder.length - ".csv".length)];
    const keys = names.map((name) => `${folder}${name}.csv`);
    await handler(s3Event(...keys.map((key) => ({ bucket: BUCKET, key }))));
    for (const key of keys) expect(await itemsOf(key)).toMatchObject([{ key, status: "pending" }]);
  });

  test.each([
    ["in order", ["1", "2", "3"]],
    ["reversed", ["3", "2", "1"]],
    ["shuffled, with repetitions", ["2", "3", "2", "1", "3"]],
  ])("keeps the order of versions whose events come %s", async (name, order) => {
    const key = `input/customers/${name}.csv`;
    const versions = order.map((one) => ({
      bucket: BUCKET,
      key,
      version: `v${one}`,
      sequencer: `00A${one}`,
    }));
    for (const version of versions) await handler(s3Event(version));
    const items = await itemsOf(key);
    expect(items.map((item) => item["version"])).toEqual(["v1", "v2", "v3"]);
    const bySequencer = items.map((item) => String(item["sequencer"]));
    expect([...bySequencer].sort()).toEqual(bySequencer);
  });

  test("never turns a finished version back to pending", async () => {
    const object = { bucket: BUCKET, key: "input/customers/finished.csv" };
    await handler(s3Event(object));
    await finish(`${BUCKET}/${object.key}`);
    await handler(s3Event(object));
    const [item] = await itemsOf(object.key);
    expect(item).toMatchObject({ status: "processed" });
    expect(item).not.toHaveProperty("pending_shard");
  });

  test("registers the sound records of an event that holds a broken one, then throws", async () => {
    const sound = { bucket: BUCKET, key: "input/customers/sound.csv.gz" };
    const event = { Records: [{ broken: true }, ...s3Event(sound).Records] };
    await expect(handler(event)).rejects.toThrow(/record 0/);
    expect(await itemsOf(sound.key)).toHaveLength(1);
  });
});

/** What the job's commit does to the version item. */
async function finish(object: string): Promise<void> {
  const dynamo = new DynamoDBClient();
  await dynamo.send(
    new UpdateItemCommand({
      TableName: TABLE,
      Key: { object: { S: object }, version: { S: "v1" } },
      UpdateExpression: "SET #status = :processed REMOVE pending_shard, available_at",
      ExpressionAttributeNames: { "#status": "status" },
      ExpressionAttributeValues: { ":processed": { S: "processed" } },
    }),
  );
  dynamo.destroy();
}
