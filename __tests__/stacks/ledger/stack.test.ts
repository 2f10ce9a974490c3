import { describe, expect, test } from "@jest/globals";
import { resource, resourcesOf } from "../../support/resources";
import { stacksOf } from "../../support/stacks";

const stacks = stacksOf("dev", "prod");

describe("the uploads table", () => {
  const table = resource(stacks.get("prod-ledger"), "aws_dynamodb_table", "uploads");

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
});

describe("the tracking table", () => {
  const table = resource(stacks.get("prod-ledger"), "aws_dynamodb_table", "file-tracking");

  test("keeps one item for each file, by date and name as the reference has it", () => {
    expect(table).toMatchObject({
      name: "tributary-prod-file-tracking",
      hash_key: "date_prefix",
      range_key: "file_name",
    });
  });

  test("indexes by shard and time what is not finished, which alone carries the index's key", () => {
    expect(table["global_secondary_index"]).toEqual([
      expect.objectContaining({
        name: "open",
        hash_key: "open_shard",
        range_key: "created_at",
        projection_type: "INCLUDE",
        non_key_attributes: ["manifest_path"],
      }),
    ]);
  });

  test("expires by the attribute that finished files alone carry", () => {
    expect(table["ttl"]).toEqual({ attribute_name: "ttl", enabled: true });
  });
});

describe("the tables of the manifests pipeline", () => {
  test.each([
    [
      "metrics",
      { hash_key: "metric_date", range_key: "metric_type", ttl: { attribute_name: "ttl", enabled: true } },
    ],
    ["control", { hash_key: "name" }],
  ])("have %s", (id, expected) => {
    const table = resource(stacks.get("prod-ledger"), "aws_dynamodb_table", id);
    expect(table).toMatchObject({ name: `tributary-prod-${id}`, ...expected });
  });

  test("never forget desired state and cursors", () => {
    expect(resource(stacks.get("prod-ledger"), "aws_dynamodb_table", "control")).not.toHaveProperty("ttl");
  });
});

describe("every table", () => {
  const tables = resourcesOf(stacks.get("prod-ledger"), "aws_dynamodb_table").map(([, table]) => table);

  test("can be restored to any second, is encrypted under the layer's key, and is paid by use", () => {
    expect(tables).toHaveLength(4);
    for (const table of tables) {
      expect(table).toMatchObject({
        billing_mode: "PAY_PER_REQUEST",
        point_in_time_recovery: { enabled: true },
        server_side_encryption: {
          enabled: true,
          kms_key_arn: expect.stringMatching(/aws_kms_key\.key_[0-9A-F]{8}\./),
        },
      });
    }
  });

  test.each([
    ["dev", false],
    ["prod", true],
  ])("is protected by DynamoDB itself in %s: %s", (name, guarded) => {
    for (const [, table] of resourcesOf(stacks.get(`${name}-ledger`), "aws_dynamodb_table")) {
      expect(table["deletion_protection_enabled"]).toBe(guarded);
    }
  });
});
