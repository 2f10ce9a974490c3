import { DeleteItemCommand } from "@aws-sdk/client-dynamodb";
import { conditionHeld } from "../../../runtime/aws/dynamo";
import { dateOf } from "../../../runtime/manifests/datasets";
import { headKey, type ItemKey, versionKey } from "../../../runtime/manifests/tracking";
import type { Operator } from "../command/operator";
import type { FileVersion } from "../pipelines/letters";
import { trackingTable } from "./tracking";

/**
 * Deletes the item of a version that the tracking table has as rejected, so that the manifest builder judges
 * and claims it like one that it never saw. No manifest ever listed such a version, so nothing of it is
 * published; a version that a manifest claims, or that changed its status meanwhile, stays as it is.
 *
 * @returns whether there was such an item
 */
export async function forgetRejected(operator: Operator, file: FileVersion): Promise<boolean> {
  const { shards } = trackingTable(operator);
  const date = dateOf(file.key);
  const keys = [
    headKey({ date, key: file.key }, shards),
    versionKey({ ...file, date }, shards),
    headKey({ key: file.key }, shards),
    versionKey(file, shards),
  ];
  for (const key of keys) if (await deleteItem(operator, key, file.version)) return true;
  return false;
}

async function deleteItem(operator: Operator, key: ItemKey, version: string): Promise<boolean> {
  const { client, name } = trackingTable(operator);
  const deletion = new DeleteItemCommand({
    TableName: name,
    Key: { date_prefix: { S: key.date_prefix }, file_name: { S: key.file_name } },
    ConditionExpression:
      "#status = :quarantined AND version = :version AND attribute_not_exists(manifest_path)",
    ExpressionAttributeNames: { "#status": "status" },
    ExpressionAttributeValues: { ":quarantined": { S: "quarantined" }, ":version": { S: version } },
  });
  return conditionHeld(client.send(deletion));
}
