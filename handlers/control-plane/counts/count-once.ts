/** Counting what an event tells, once however often it comes. */
import { TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import {
  conditionHeld,
  expressionNames,
  expressionValues,
  type Item,
  updateExpression,
} from "../../../runtime/aws/dynamo";
import type { MetricKey } from "../../../runtime/manifests/metric-rows";
import type { MetricsTable } from "../plane";

/** Sums that a counted thing adds to, and what else is set in their row. */
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
  return conditionHeld(metrics.client.send(transaction));
}

/** Converts figures to attributes. */
export function numbers(figures: Readonly<Record<string, number>>): Item {
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, { N: String(value) }]));
}

/** Builds an update that adds to some attributes and sets others. */
function addition(added: Readonly<Record<string, number>>, set: Item) {
  const amounts = Object.fromEntries(
    Object.entries(added).map(([name, value]) => [name, { N: decimal(value) }]),
  );
  const adds = Object.keys(added).map((name) => `#${name} :${name}`);
  return {
    UpdateExpression: `ADD ${adds.join(", ")} ${updateExpression(set).UpdateExpression}`,
    ExpressionAttributeNames: expressionNames([...Object.keys(added), ...Object.keys(set)]),
    ExpressionAttributeValues: expressionValues({ ...amounts, ...set }),
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
