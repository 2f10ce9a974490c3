import { describe, expect, test } from "@jest/globals";
import { resource } from "../support/resources";
import { stacksOf } from "../support/synthesize";

const stacks = stacksOf("dev", "prod");

describe("the uploads table", () => {
  const table = resource(stacks.get("prod-ledger"), "aws_dynamodb_table");

  test("keeps one item for each version of an object", () => {
    expect(table).toMatchObject({ name: "tributary-prod-uploads", hash_key: "object", range_key: "version" });
  });

  test("indexes pending uploads by shard and time", () => {
    expect(table["global_secondary_index"]).toEqual([
      expect.objectContaining({
        name: "pending",
        hash_key: "pending_shard",
        range_key: "available_at",
        projection_type: "INCLUDE",
        non_key_attributes: ["registered_at", "attempts"],
      }),
    ]);
  });

  test("expires by the attribute that superseded versions alone carry", () => {
    expect(table["ttl"]).toEqual({ attribute_name: "expires_at", enabled: true });
  });

  test("can be restored to any second, and is encrypted under the environment's key", () => {
    expect(table["point_in_time_recovery"]).toEqual({ enabled: true });
    expect(table["server_side_encryption"]).toMatchObject({
      enabled: true,
      kms_key_arn: expect.stringContaining("remote_state"),
    });
  });

  test.each([
    ["dev", false],
    ["prod", true],
  ])("is protected by DynamoDB itself in %s: %s", (name, guarded) => {
    const each = resource(stacks.get(`${name}-ledger`), "aws_dynamodb_table");
    expect(each["deletion_protection_enabled"]).toBe(guarded);
  });
});
