import { createHash } from "node:crypto";
import { type DynamoDBClient, PutItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { conditionHeld, type Item, itemOnConditionFailure } from "../aws/dynamo";
import { smokeExpiry } from "../smoke";

export interface UploadsTable {
  client: DynamoDBClient;
  name: string;
}

/** One version of one object in the raw bucket: the identity of an input is (bucket, key, version). */
export interface Upload {
  bucket: string;
  key: string;
  version: string;
  /** Bytes. */
  size: number;
  /** Orders the versions of one key as text, padded; only events carry it. */
  sequencer?: string;
}

/** Finder of the object: an S3 event, or the reconciler's sweep. */
export type FoundBy = "event" | "uploads-reconciler";

/** State of the item after a registration: a new pending one, an older pending one, or a finished one. */
export type Registration = "registered" | "pending" | "finished";

/** Partitions of the pending index: they spread its writes, and a reader asks all of them concurrently. */
export const PENDING_SHARDS = 8;

/** Shard of the index with what is finished and owed to the audit, as `tributary.uploads.pending` has it. */
export const AUDIT_SHARD = "audit";

/** Hash key of the table, one per object: `<bucket>/<key>`. */
export function objectOf(upload: Pick<Upload, "bucket" | "key">): string {
  return `${upload.bucket}/${upload.key}`;
}

/** Shard of the pending index: the first 8 hex digits of the object's SHA-256, modulo the shards. */
export function pendingShard(object: string): string {
  const digest = createHash("sha256").update(object, "utf8").digest("hex");
  return String(Number.parseInt(digest.slice(0, 8), 16) % PENDING_SHARDS);
}

/** Item of a version that waits to be processed, available from now on; that of a smoke test's file expires, whatever comes of it. */
export function pendingItem(upload: Upload, foundBy: FoundBy, now: Date): Item {
  const object = objectOf(upload);
  const expiry = smokeExpiry(upload.key, now);
  return {
    object: { S: object },
    version: { S: upload.version },
    bucket: { S: upload.bucket },
    key: { S: upload.key },
    size: { N: String(upload.size) },
    ...(upload.sequencer === undefined ? {} : { sequencer: { S: upload.sequencer } }),
    status: { S: "pending" },
    registered_at: { S: now.toISOString() },
    registered_by: { S: foundBy },
    pending_shard: { S: pendingShard(object) },
    available_at: { S: now.toISOString() },
    ...(expiry === undefined ? {} : { expires_at: { N: String(expiry) } }),
  };
}

/**
 * Registers one object version. An item that exists stays unchanged, whatever its state, so a redelivered,
 * late or reordered event changes nothing; only the sequencer, unknown to the reconciler, is added to it.
 */
export async function registerUpload(
  uploads: UploadsTable,
  upload: Upload,
  foundBy: FoundBy,
  now: Date,
): Promise<Registration> {
  const existing = await putNew(uploads, pendingItem(upload, foundBy, now));
  if (!existing) return "registered";
  if (upload.sequencer !== undefined && !existing["sequencer"]) await addSequencer(uploads, upload);
  return existing["status"]?.S === "pending" ? "pending" : "finished";
}

/** Puts the item unless its key is taken; returns the item that holds the key. */
async function putNew(uploads: UploadsTable, item: Item): Promise<Item | undefined> {
  const put = new PutItemCommand({
    TableName: uploads.name,
    Item: item,
    ConditionExpression: "attribute_not_exists(#object)",
    ExpressionAttributeNames: { "#object": "object" },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  });
  return itemOnConditionFailure(uploads.client.send(put));
}

async function addSequencer(uploads: UploadsTable, upload: Upload): Promise<void> {
  const update = new UpdateItemCommand({
    TableName: uploads.name,
    Key: { object: { S: objectOf(upload) }, version: { S: upload.version } },
    UpdateExpression: "SET #sequencer = :sequencer",
    // The item may have expired since it was read: an update would bring back a stump of it.
    ConditionExpression: "attribute_exists(#object) AND attribute_not_exists(#sequencer)",
    ExpressionAttributeNames: { "#object": "object", "#sequencer": "sequencer" },
    ExpressionAttributeValues: { ":sequencer": { S: upload.sequencer ?? "" } },
  });
  await conditionHeld(uploads.client.send(update));
}
