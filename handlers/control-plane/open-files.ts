import { QueryCommand } from "@aws-sdk/client-dynamodb";
import { inParallel } from "../../runtime/in-parallel";
import { OPEN_INDEX } from "../../runtime/indexes";
import { openPartitions, type TrackingTable } from "../../runtime/manifests/tracking";

/**
 * Time of the oldest claim of a file that waits for its Parquet; undefined when none waits. The index may be
 * a moment behind the table.
 */
export async function oldestClaim(tracking: TrackingTable): Promise<Date | undefined> {
  const partitions = openPartitions("manifested");
  const claims: string[] = [];
  const errors = await inParallel(partitions, partitions.length, async (partition) => {
    const query = new QueryCommand({
      TableName: tracking.name,
      IndexName: OPEN_INDEX,
      KeyConditionExpression: "open_shard = :partition",
      ExpressionAttributeValues: { ":partition": { S: partition } },
      Limit: 1,
    });
    const { Items = [] } = await tracking.client.send(query);
    const created = Items[0]?.["created_at"]?.S;
    if (created !== undefined) claims.push(created);
  });
  if (errors[0]) throw errors[0];
  const oldest = claims.sort()[0];
  return oldest === undefined ? undefined : new Date(oldest);
}
