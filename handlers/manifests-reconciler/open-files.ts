import { QueryCommand } from "@aws-sdk/client-dynamodb";
import type { Item } from "../../runtime/aws/dynamo";
import { withBackoff } from "../../runtime/in-parallel";
import { OPEN_INDEX } from "../../runtime/indexes";
import type { ItemKey } from "../../runtime/manifests/tracking";
import type { ManifestsReconciler } from "./reconciler";

/**
 * Number of rows on a page: of some 300 bytes each, far below DynamoDB's megabyte.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html (2026-11-29)
 */
const PAGE = 1_000;

/** File that was claimed and has no outcome, as in the index. */
export interface OpenFile {
  item: ItemKey;
  createdAt: Date;
  manifestPath: string;
}

/**
 * Reads one page of a partition of the index: the files that were claimed before the grace time, the oldest
 * first.
 */
export async function readOpen(
  { tracking, clock, graceMs }: ManifestsReconciler,
  partition: string,
  startKey: Item | undefined,
): Promise<{ files: OpenFile[]; next: Item | undefined }> {
  const before = new Date(clock.now().getTime() - graceMs).toISOString();
  const query = new QueryCommand({
    TableName: tracking.name,
    IndexName: OPEN_INDEX,
    KeyConditionExpression: "open_shard = :partition AND created_at <= :before",
    ExpressionAttributeValues: { ":partition": { S: partition }, ":before": { S: before } },
    Limit: PAGE,
    ...(startKey ? { ExclusiveStartKey: startKey } : {}),
  });
  const { Items = [], LastEvaluatedKey } = await withBackoff(clock, () => tracking.client.send(query));
  return { files: Items.map(openFile), next: LastEvaluatedKey };
}

function openFile(item: Item): OpenFile {
  const text = (name: string) => item[name]?.S ?? "";
  return {
    item: { date_prefix: text("date_prefix"), file_name: text("file_name") },
    createdAt: new Date(text("created_at")),
    manifestPath: text("manifest_path"),
  };
}
