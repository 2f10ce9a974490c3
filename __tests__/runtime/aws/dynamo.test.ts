import { ConditionalCheckFailedException, TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import { describe, expect, test } from "@jest/globals";
import { conditionHeld, itemOnConditionFailure, updateExpression } from "../../../runtime/aws/dynamo";

const REFUSED = { message: "refused", $metadata: {} };

function cancelled(...codes: readonly string[]): TransactionCanceledException {
  const reasons = codes.map((Code) => ({ Code }));
  return new TransactionCanceledException({ ...REFUSED, CancellationReasons: reasons });
}

describe("a conditional write", () => {
  test("is done where its condition holds", async () => {
    expect(await conditionHeld(Promise.resolve({}))).toBe(true);
    expect(await itemOnConditionFailure(Promise.resolve({}))).toBeUndefined();
  });

  test.each([
    ["its own condition fails", new ConditionalCheckFailedException(REFUSED)],
    ["a condition of its transaction fails", cancelled("None", "ConditionalCheckFailed")],
    [
      "a condition fails, and an item is contended",
      cancelled("TransactionConflict", "ConditionalCheckFailed"),
    ],
  ])("is not done where %s", async (_, error) => {
    expect(await conditionHeld(Promise.reject(error))).toBe(false);
  });

  test.each([
    ["a transaction only met another one", cancelled("None", "TransactionConflict")],
    ["a transaction says no reason", new TransactionCanceledException(REFUSED)],
    ["the table throttles", new Error("throttled")],
  ])("throws where %s", async (_, error) => {
    await expect(conditionHeld(Promise.reject(error))).rejects.toBe(error);
    await expect(itemOnConditionFailure(Promise.reject(error))).rejects.toBe(error);
  });

  test("gives the item that its condition failed on", async () => {
    const Item = { version: { S: "v1" } };
    const failed = (item: object) =>
      Promise.reject(new ConditionalCheckFailedException({ ...REFUSED, ...item }));
    expect(await itemOnConditionFailure(failed({ Item }))).toEqual(Item);
    expect(await itemOnConditionFailure(failed({}))).toEqual({});
  });
});

describe("an update", () => {
  test("sets attributes of whatever name, reserved words included", () => {
    expect(updateExpression({ status: { S: "failed" }, ttl: { N: "1" } })).toEqual({
      UpdateExpression: "SET #status = :status, #ttl = :ttl",
      ExpressionAttributeNames: { "#status": "status", "#ttl": "ttl" },
      ExpressionAttributeValues: { ":status": { S: "failed" }, ":ttl": { N: "1" } },
    });
  });

  test("removes others", () => {
    expect(updateExpression({ status: { S: "failed" } }, ["ttl", "open_shard"])).toEqual({
      UpdateExpression: "SET #status = :status REMOVE #ttl, #open_shard",
      ExpressionAttributeNames: { "#status": "status", "#ttl": "ttl", "#open_shard": "open_shard" },
      ExpressionAttributeValues: { ":status": { S: "failed" } },
    });
  });
});
