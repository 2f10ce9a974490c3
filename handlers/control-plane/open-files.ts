import { QueryCommand, type QueryCommandOutput } from "@aws-sdk/client-dynamodb";
import { inParallel } from "../../runtime/in-parallel";
import { OPEN_INDEX } from "../../runtime/indexes";
import { openPartitions, type TrackingTable } from "../../runtime/manifests/tracking";
import { isSmokeKey } from "../../runtime/smoke";

/** Number of items of a page: the first is the oldest, unless it is of a smoke test. */
const PAGE = 5;

/**
 * Time of the oldest claim of a file that waits for its Parquet, those of smoke tests left out; undefined when
 * none waits. The index may be a moment behind the table.
 */
export async function oldestClaim(tracking: TrackingTable): Promise<Date | undefined> {
  const partitions = openPartitions("manifested");
  const claims: string[] = [];
  const errors = await inParallel(partitions, partitions.length, async (partition) => {
    const claim = await oldestOf(tracking, partition);
    if (claim !== undefined) claims.push(claim);
  });
  if (errors[0]) throw errors[0];
  const oldest = claims.sort()[0];
  return oldest === undefined ? undefined : new Date(oldest);
}

/** Time of the oldest claim in a partition of the index. */
async function oldestOf(tracking: TrackingTable, partition: string): Promise<string | undefined> {
  let next: QueryCommandOutput["LastEvaluatedKey"];
  do {
    const query = new QueryCommand({
      TableName: tracking.name,
      IndexName: OPEN_INDEX,
      KeyConditionExpression: "open_shard = :partition",
      ExpressionAttributeValues: { ":partition": { S: partition } },
      Limit: PAGE,
      ...(next ? { ExclusiveStartKey: next } : {}),
    });
    const { Items = [], LastEvaluatedKey } = await tracking.client.send(query);
    const claim = Items.find((item) => !isSmokeKey(item["file_name"]?.S ?? ""));
    if (claim !== undefined) return claim["created_at"]?.S;
    next = LastEvaluatedKey;
  } while (next);
  return undefined;
}
