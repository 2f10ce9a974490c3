/**
 * Writes of the builder to the tracking table, in addition to the first claim of a file, which is `putIfNew`.
 */
import {
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { conditionHeld, type Item, updateExpression } from "../../runtime/aws/dynamo";
import {
  finishedTtl,
  headKey,
  type ItemKey,
  type TrackedFile,
  type TrackingTable,
  toItem,
  versionKey,
} from "../../runtime/manifests/tracking";

/** False where the item had changed since it was read. */
export type Written = boolean;

/** Moves a claim to another manifest, at `now`. */
export async function takeOver(
  table: TrackingTable,
  head: TrackedFile,
  manifestPath: string,
  now: Date,
): Promise<Written> {
  const { values, condition } = asRead(head);
  const update = new UpdateItemCommand({
    TableName: table.name,
    Key: keyOf(headKey(head, table.shards)),
    UpdateExpression: "SET manifest_path = :mine, updated_at = :now",
    ConditionExpression: condition,
    ExpressionAttributeNames: { "#status": "status" },
    ExpressionAttributeValues: { ...values, ":mine": { S: manifestPath }, ":now": { S: now.toISOString() } },
  });
  return conditionHeld(table.client.send(update));
}

/** Makes `next` the head; `replaced`, the head as read with its new status, moves to an item of its own. */
export function replaceHead(
  table: TrackingTable,
  head: TrackedFile,
  replaced: TrackedFile,
  next: TrackedFile,
): Promise<Written> {
  const { values, condition } = asRead(head);
  return transact(table, [
    putVersion(table, replaced),
    {
      Put: {
        TableName: table.name,
        Item: toItem(next, headKey(next, table.shards), table.shards),
        ConditionExpression: condition,
        ExpressionAttributeNames: { "#status": "status" },
        ExpressionAttributeValues: values,
      },
    },
    {
      ConditionCheck: {
        TableName: table.name,
        Key: keyOf(versionKey(next, table.shards)),
        ConditionExpression: "attribute_not_exists(file_name)",
      },
    },
  ]);
}

/** Records a version with the content of the head's, which from now on is as new as that version. */
export function noteUnchanged(
  table: TrackingTable,
  head: TrackedFile,
  version: TrackedFile,
  now: Date,
): Promise<Written> {
  const { values, condition } = asRead(head);
  const raised: Item = {
    uploaded_at: { S: version.uploadedAt },
    ...(version.sequencer === undefined ? {} : { sequencer: { S: version.sequencer } }),
    // the head must outlive the messages of this version, which it turns away
    ...(head.ttl === undefined ? {} : { ttl: { N: String(finishedTtl(now)) } }),
  };
  // the head's own would let in what is older than this version
  const update = updateExpression(raised, "sequencer" in raised ? [] : ["sequencer"]);
  return transact(table, [
    putVersion(table, version),
    {
      Update: {
        TableName: table.name,
        Key: keyOf(headKey(head, table.shards)),
        UpdateExpression: update.UpdateExpression,
        ConditionExpression: condition,
        ExpressionAttributeNames: { "#status": "status", ...update.ExpressionAttributeNames },
        ExpressionAttributeValues: { ...values, ...update.ExpressionAttributeValues },
      },
    },
  ]);
}

/** Records a version next to a head that is another one. */
export function noteBesideHead(table: TrackingTable, version: TrackedFile): Promise<Written> {
  return transact(table, [
    putVersion(table, version),
    {
      ConditionCheck: {
        TableName: table.name,
        Key: keyOf(headKey(version, table.shards)),
        ConditionExpression: "version <> :version",
        ExpressionAttributeValues: { ":version": { S: version.version } },
      },
    },
  ]);
}

function putVersion(table: TrackingTable, version: TrackedFile): TransactWriteItem {
  return {
    Put: {
      TableName: table.name,
      Item: toItem(version, versionKey(version, table.shards), table.shards),
      ConditionExpression: "attribute_not_exists(file_name)",
    },
  };
}

/** Condition that a head is unchanged since it was read: version, manifest and status. */
function asRead(head: TrackedFile): { condition: string; values: Item } {
  const { manifestPath } = head;
  const manifest =
    manifestPath === undefined ? "attribute_not_exists(manifest_path)" : "manifest_path = :manifest";
  return {
    condition: `version = :version AND ${manifest} AND #status = :status`,
    values: {
      ":version": { S: head.version },
      ...(manifestPath === undefined ? {} : { ":manifest": { S: manifestPath } }),
      ":status": { S: head.status },
    },
  };
}

function transact(table: TrackingTable, items: TransactWriteItem[]): Promise<Written> {
  return conditionHeld(table.client.send(new TransactWriteItemsCommand({ TransactItems: items })));
}

function keyOf({ date_prefix, file_name }: ItemKey): Item {
  return { date_prefix: { S: date_prefix }, file_name: { S: file_name } };
}
