import { PutItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { type Item, itemOnConditionFailure, updateExpression } from "../../../runtime/aws/dynamo";
import { expiry } from "../expiry";
import type { ControlPlane } from "../plane";

/** Age from which an unannounced row counts as left by an invocation that died. */
const ABANDONED_MS = 60_000;

/** `claimed`: the caller is to announce it; `announced`: it was; `taken`: somebody else is about to. */
export type Claim = "claimed" | "announced" | "taken";

/**
 * Claims the announcement of something for the current date, in UTC, by a conditional row of the metrics
 * table.
 */
export async function claimAnnouncement(
  { metrics, clock }: Pick<ControlPlane, "metrics" | "clock">,
  type: string,
): Promise<Claim> {
  const now = clock.now();
  const key = keyOf(type, now);
  const put = new PutItemCommand({
    TableName: metrics.name,
    Item: {
      ...key,
      claimed_at: { S: now.toISOString() },
      ttl: expiry(Date.parse(key["metric_date"]?.S ?? "")),
    },
    ConditionExpression:
      "attribute_not_exists(metric_type) OR (attribute_not_exists(announced_at) AND claimed_at < :abandoned)",
    ExpressionAttributeValues: { ":abandoned": { S: new Date(now.getTime() - ABANDONED_MS).toISOString() } },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  });
  const row = await itemOnConditionFailure(metrics.client.send(put));
  if (!row) return "claimed";
  return row["announced_at"] ? "announced" : "taken";
}

/** Records that it was announced. */
export async function noteAnnounced(
  { metrics, clock }: Pick<ControlPlane, "metrics" | "clock">,
  type: string,
): Promise<void> {
  const now = clock.now();
  await metrics.client.send(
    new UpdateItemCommand({
      TableName: metrics.name,
      Key: keyOf(type, now),
      ...updateExpression({ announced_at: { S: now.toISOString() } }),
    }),
  );
}

function keyOf(type: string, now: Date): Item {
  return { metric_date: { S: now.toISOString().slice(0, 10) }, metric_type: { S: type } };
}
