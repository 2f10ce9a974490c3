import {
  type AttributeValue,
  ConditionalCheckFailedException,
  PutItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { METRICS_KEPT_SECONDS } from "../job/run-rows";
import type { ControlPlane } from "../plane";

/** Age from which an unannounced row counts as left by an invocation that died. */
const ABANDONED_MS = 60_000;

type Names = Record<string, string>;

/**
 * State of an announcement. `claimed`: the caller is to make it; `announced`: it was made; `taken`: another
 * invocation is about to make it.
 */
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
      ttl: { N: String(Date.parse(key["metric_date"]?.S ?? "") / 1_000 + METRICS_KEPT_SECONDS) },
    },
    ConditionExpression:
      "attribute_not_exists(metric_type) OR (attribute_not_exists(announced_at) AND claimed_at < :abandoned)",
    ExpressionAttributeValues: { ":abandoned": { S: new Date(now.getTime() - ABANDONED_MS).toISOString() } },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  });
  try {
    await metrics.client.send(put);
    return "claimed";
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    return error.Item?.["announced_at"] ? "announced" : "taken";
  }
}

/** Records that it was announced. */
export async function noteAnnounced(
  { metrics, clock }: Pick<ControlPlane, "metrics" | "clock">,
  type: string,
): Promise<void> {
  const now = clock.now();
  const names: Names = { "#announced": "announced_at" };
  await metrics.client.send(
    new UpdateItemCommand({
      TableName: metrics.name,
      Key: keyOf(type, now),
      UpdateExpression: "SET #announced = :now",
      ExpressionAttributeNames: names,
      ExpressionAttributeValues: { ":now": { S: now.toISOString() } },
    }),
  );
}

function keyOf(type: string, now: Date): Record<string, AttributeValue> {
  return { metric_date: { S: now.toISOString().slice(0, 10) }, metric_type: { S: type } };
}
