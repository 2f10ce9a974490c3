import { randomUUID } from "node:crypto";
import {
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import {
  CopyObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { expect, test } from "@jest/globals";
import { NAMES } from "./pipeline";

export interface Services {
  dynamo: DynamoDBClient;
  s3: S3Client;
}

/**
 * What the builder takes for granted of DynamoDB and S3, as tests that hold for the double and for the emulator
 * alike: so the double can stand in where a real service cannot be made to fail.
 */
export function testServices(services: () => Services): void {
  const key = (name: string) => ({ date_prefix: { S: "2026-01-31#00" }, file_name: { S: name } });
  const item = (name: string, version: string) => ({ ...key(name), version: { S: version } });
  const put = (name: string, version: string) =>
    new PutItemCommand({
      TableName: NAMES.table,
      Item: item(name, version),
      ConditionExpression: "attribute_not_exists(file_name)",
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    });
  const get = async (name: string) => {
    const command = new GetItemCommand({ TableName: NAMES.table, Key: key(name), ConsistentRead: true });
    return (await services().dynamo.send(command)).Item;
  };
  const raise = (name: string, from: string, to: string) =>
    new UpdateItemCommand({
      TableName: NAMES.table,
      Key: key(name),
      UpdateExpression: "SET version = :to, #more = :to REMOVE #less",
      ConditionExpression: "version = :from AND attribute_not_exists(nobody) AND version <> :to",
      ExpressionAttributeNames: { "#more": "more", "#less": "less" },
      ExpressionAttributeValues: { ":from": { S: from }, ":to": { S: to } },
    });
  const send = (command: unknown) => services().dynamo.send(command as PutItemCommand);
  const sendS3 = (command: unknown) => services().s3.send(command as PutObjectCommand);

  test("a conditional put is refused with the item that is there", async () => {
    await send(put("put", "v1"));
    await expect(send(put("put", "v2"))).rejects.toMatchObject({
      name: "ConditionalCheckFailedException",
      Item: item("put", "v1"),
    });
    expect(await get("put")).toEqual(item("put", "v1"));
  });

  test("a conditional update changes what it names, once", async () => {
    await send(put("update", "v1"));
    await send(raise("update", "v1", "v2"));
    expect(await get("update")).toEqual({ ...item("update", "v2"), more: { S: "v2" } });
    await expect(send(raise("update", "v1", "v2"))).rejects.toMatchObject({
      name: "ConditionalCheckFailedException",
    });
  });

  test("an update of a missing item fails its condition", async () => {
    await expect(send(raise("missing", "v1", "v2"))).rejects.toMatchObject({
      name: "ConditionalCheckFailedException",
    });
    expect(await get("missing")).toBeUndefined();
  });

  test("a transaction does all or nothing, and names the condition that failed", async () => {
    await send(put("transaction", "v1"));
    const transaction = (name: string, from: string) =>
      new TransactWriteItemsCommand({
        TransactItems: [
          {
            Put: {
              TableName: NAMES.table,
              Item: item(name, "v1"),
              ConditionExpression: "attribute_not_exists(file_name)",
            },
          },
          {
            Update: {
              TableName: NAMES.table,
              Key: key("transaction"),
              UpdateExpression: "SET version = :to",
              ConditionExpression: "version = :from",
              ExpressionAttributeValues: { ":from": { S: from }, ":to": { S: "v2" } },
            },
          },
          {
            ConditionCheck: {
              TableName: NAMES.table,
              Key: key("transaction, nobody"),
              ConditionExpression: "attribute_not_exists(file_name)",
            },
          },
        ],
      });
    await expect(send(transaction("transaction, beside", "v0"))).rejects.toMatchObject({
      name: "TransactionCanceledException",
      CancellationReasons: [{ Code: "None" }, { Code: "ConditionalCheckFailed" }, { Code: "None" }],
    });
    expect(await get("transaction, beside")).toBeUndefined();
    await send(transaction("transaction, beside", "v1"));
    expect(await get("transaction, beside")).toEqual(item("transaction, beside", "v1"));
    expect(await get("transaction")).toEqual(item("transaction", "v2"));
  });

  test("of twenty puts at once one wins", async () => {
    const puts = Array.from({ length: 20 }, (_, index) => send(put("race", `v${index}`)));
    const settled = await Promise.allSettled(puts);
    expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  const manifest = (Key: string, Body: string) =>
    new PutObjectCommand({ Bucket: NAMES.manifests, Key, Body, IfNoneMatch: "*" });

  test("an object that stands is not written again", async () => {
    await sendS3(manifest("once", "one"));
    await expect(sendS3(manifest("once", "other"))).rejects.toMatchObject({
      name: "PreconditionFailed",
      $metadata: { httpStatusCode: 412 },
    });
    const { Body } = await services().s3.send(new GetObjectCommand({ Bucket: NAMES.manifests, Key: "once" }));
    expect(await Body?.transformToString()).toBe("one");
  });

  test("of twenty objects of a name at once one is written", async () => {
    const puts = Array.from({ length: 20 }, (_, index) => sendS3(manifest("raced", String(index))));
    const settled = await Promise.allSettled(puts);
    expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("an object that is missing is told apart from a version that is", async () => {
    await services().s3.send(new PutObjectCommand({ Bucket: NAMES.raw, Key: "versions", Body: "one" }));
    const gone = { Bucket: NAMES.raw, Key: "versions", VersionId: randomUUID() };
    await expect(
      sendS3(new GetObjectCommand({ Bucket: NAMES.manifests, Key: "missing" })),
    ).rejects.toMatchObject({ name: "NoSuchKey" });
    await expect(sendS3(new GetObjectCommand(gone))).rejects.toMatchObject({ name: "NoSuchVersion" });
    await expect(sendS3(new HeadObjectCommand(gone))).rejects.toMatchObject({ name: "NotFound" });
  });

  test("a version is read and copied by its id", async () => {
    const Key = "input/clicks/a b+ü.ndjson";
    const { VersionId } = await services().s3.send(
      new PutObjectCommand({ Bucket: NAMES.raw, Key, Body: "one" }),
    );
    await sendS3(new PutObjectCommand({ Bucket: NAMES.raw, Key, Body: "other" }));
    const CopySource = `${NAMES.raw}/${Key.split("/").map(encodeURIComponent).join("/")}?versionId=${VersionId}`;
    await sendS3(new CopyObjectCommand({ Bucket: NAMES.quarantine, Key: "copy", CopySource }));
    const { Body } = await services().s3.send(
      new GetObjectCommand({ Bucket: NAMES.quarantine, Key: "copy" }),
    );
    expect(await Body?.transformToString()).toBe("one");
  });
}
