/** Counts what an event reports once, however often the event comes. */
import {
  type AttributeValue,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from "@aws-sdk/client-dynamodb";
import type { MetricKey } from "../../../runtime/manifests/metric-rows";
import { METRICS_KEPT_SECONDS } from "../job/run-rows";
import type { MetricsTable } from "../plane";

export type Item = Record<string, AttributeValue>;

/** Sums that a counted item adds to, and other values of their row. */
export interface Sums {
  key: MetricKey;
  added: Readonly<Record<string, number>>;
  set: Item;
}

/**
 * Writes the row that marks an item as counted and adds to the sums, in one transaction.
 *
 * @returns false where it was counted before
 */
export async function countOnce(
  metrics: MetricsTable,
  row: Item,
  { key, added, set }: Sums,
): Promise<boolean> {
  const transaction = new TransactWriteItemsCommand({
    TransactItems: [
      {
        Put: {
          TableName: metrics.name,
          Item: row,
          ConditionExpression: "attribute_not_exists(metric_type)",
        },
      },
      {
        Update: {
          TableName: metrics.name,
          Key: { metric_date: { S: key.metric_date }, metric_type: { S: key.metric_type } },
          ...addition(added, set),
        },
      },
    ],
  });
  try {
    await metrics.client.send(transaction);
    return true;
  } catch (error) {
    if (!(error instanceof TransactionCanceledException)) throw error;
    if (error.CancellationReasons?.[0]?.Code === "ConditionalCheckFailed") return false;
    throw error;
  }
}

/** Expiry of a row of that time, which is in milliseconds. */
export function expiry(time: number): AttributeValue {
  return { N: String(Math.floor(time / 1_000) + METRICS_KEPT_SECONDS) };
}

/** Converts figures to attributes. */
export function numbers(figures: Readonly<Record<string, number>>): Item {
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, { N: String(value) }]));
}

/** Builds an update that adds to some attributes and sets others. */
function addition(added: Readonly<Record<string, number>>, set: Item) {
  const names = [...Object.keys(added), ...Object.keys(set)];
  return {
    UpdateExpression:
      `ADD ${Object.keys(added)
        .map((name) => `#${name} :${name}`)
        .join(", ")} ` +
      `SET ${Object.keys(set)
        .map((name) => `#${name} = :${name}`)
        .join(", ")}`,
    ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: {
      ...Object.fromEntries(
        Object.entries(added).map(([name, value]) => [`:${name}`, { N: decimal(value) }]),
      ),
      ...Object.fromEntries(Object.entries(set).map(([name, value]) => [`:${name}`, value])),
    },
  };
}

/**
 * Formats a number for DynamoDB, which adds decimal numbers of at most 38 digits exactly.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html (2026-11-29)
 */
function decimal(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(12);
}
