import {
  type AttributeValue,
  ConditionalCheckFailedException,
  TransactionCanceledException,
} from "@aws-sdk/client-dynamodb";

export type Item = Record<string, AttributeValue>;

/**
 * Whether a conditional write was done; false where its condition, or one of its transaction, does not hold.
 *
 * @throws what DynamoDB answers otherwise
 */
export async function conditionHeld(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (isConditionFailure(error)) return false;
    throw error;
  }
}

/**
 * The item for which the condition of a write with `ReturnValuesOnConditionCheckFailure` does not hold, empty where
 * there is none; undefined where the write was done.
 *
 * @throws what DynamoDB answers otherwise
 */
export async function itemOnConditionFailure(write: Promise<unknown>): Promise<Item | undefined> {
  try {
    await write;
    return undefined;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return error.Item ?? {};
    throw error;
  }
}

/** Tells whether a write, or a transaction, was refused for a condition that does not hold. */
export function isConditionFailure(error: unknown): boolean {
  if (error instanceof ConditionalCheckFailedException) return true;
  if (!(error instanceof TransactionCanceledException)) return false;
  return (error.CancellationReasons ?? []).some(({ Code }) => Code === "ConditionalCheckFailed");
}

export interface UpdateExpression {
  readonly UpdateExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues: Item;
}

/** Fields of an update that sets and removes attributes, each as `#name` with the value `:name`. */
export function updateExpression(set: Item, remove: readonly string[] = []): UpdateExpression {
  const sets = Object.keys(set).map((name) => `#${name} = :${name}`);
  const removes = remove.map((name) => `#${name}`);
  return {
    UpdateExpression: `SET ${sets.join(", ")}${removes.length > 0 ? ` REMOVE ${removes.join(", ")}` : ""}`,
    ExpressionAttributeNames: expressionNames([...Object.keys(set), ...remove]),
    ExpressionAttributeValues: expressionValues(set),
  };
}

/** `#name` for each name: an expression may not have DynamoDB's reserved words, such as `status` and `ttl`. */
export function expressionNames(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [`#${name}`, name]));
}

/** `:name` for each value. */
export function expressionValues(values: Item): Item {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`:${name}`, value]));
}
