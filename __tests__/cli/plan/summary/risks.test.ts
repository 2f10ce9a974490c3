import { describe, expect, test } from "@jest/globals";
import type { Change, ResourceChange } from "../../../../cli/plan/plan-json";
import { change, planOf, replacement, resource, rowsOf, textOf } from "./plans";

const rows = (heading: string, ...resources: readonly ResourceChange[]) =>
  rowsOf(textOf(planOf(resources)), heading).map((cells) => cells.slice(1));

describe("data that would be lost", () => {
  const gone = { action_reason: "delete_because_no_resource_config" };
  test.each<[string, ResourceChange, string[]]>([
    [
      "a table that is protected",
      resource("aws_dynamodb_table.uploads", change({ deletion_protection_enabled: true }, null)),
      ["**destroyed**", "", "its deletion protection, which fails the apply"],
    ],
    [
      "a table that nothing protects, and that the code no longer has",
      resource("aws_dynamodb_table.uploads", change({ deletion_protection_enabled: false }, null), gone),
      [
        "**destroyed**",
        "it is no longer in the code",
        "**nothing** (a `prevent_destroy` would have gone with its code)",
      ],
    ],
    [
      "a bucket, by the attribute that forces it",
      resource(
        "aws_s3_bucket.raw",
        replacement({ bucket: "a", force_destroy: false }, { bucket: "b" }, "bucket"),
      ),
      ["**replaced**", "`bucket`: `a` → `b`", "S3, while the bucket has objects (`force_destroy` is off)"],
    ],
    [
      "a key, which waits",
      resource("aws_kms_key.lake", change({ deletion_window_in_days: 7 }, null)),
      ["**destroyed**", "", "nothing, but KMS waits 7 days, in which it can be called back"],
    ],
    ["a queue", resource("aws_sqs_queue.events", change({}, null)), ["**destroyed**", "", "**nothing**"]],
    [
      "a log group",
      resource("aws_cloudwatch_log_group.job", change({}, null)),
      ["**destroyed**", "", "**nothing**"],
    ],
    ["a stream", resource("aws_kinesis_stream.x", change({}, null)), ["**destroyed**", "", "**nothing**"]],
  ])("is told of %s", (_, lost, cells) => {
    expect(rows("Data would be lost", lost)).toEqual([[`\`${lost.address}\``, ...cells]]);
    // and once
    expect(rows("Destroyed", lost)).toEqual([]);
    expect(rows("Replaced", lost)).toEqual([]);
  });

  test("is stopped by Terraform where the resource has its guard", () => {
    const lost = resource("aws_sqs_queue.events", change({}, null));
    const text = textOf(planOf([lost], { guarded: new Set(["aws_sqs_queue.events"]) }));
    expect(rowsOf(text, "Data would be lost")[0]?.at(-1)).toBe(
      "`prevent_destroy`: Terraform refuses this plan",
    );
  });

  test.each<[string, string, Readonly<Record<string, unknown>>]>([
    ["bucket", "aws_s3_bucket", { bucket: "shop-raw" }],
    ["table", "aws_dynamodb_table", { name: "uploads" }],
    ["database server", "aws_db_instance", { identifier: "ledger" }],
    ["key", "aws_kms_key", { description: "data at rest" }],
  ])("names the helper that keeps a %s whose construct's id changed", (_, type, values) => {
    const [gone, come] = [
      resource(`${type}.old`, change(values, null)),
      resource(`${type}.new`, change(null, values)),
    ];
    const reason = `it is \`${type}.new\` now, for the id of a construct changed: keep it by \`moveFromId("${type}.old")\` on the new resource`;
    expect(rows("Data would be lost", gone, come)[0]?.[2]).toBe(reason);
    const another = resource(
      `${type}.new`,
      change(null, Object.fromEntries(Object.keys(values).map((key) => [key, "x"]))),
    );
    expect(rows("Data would be lost", gone, another)[0]?.[2]).toBe("");
    // of another stack, into whose state no block moves anything
    const text = textOf(planOf([gone]), planOf([come], { stack: "dev-compute" }));
    expect(rowsOf(text, "Data would be lost")[0]?.[3]).toBe("");
  });

  test("is not told of what changes, comes or is forgotten", () => {
    const kept = [
      resource("aws_s3_bucket.a", change({ tags: {} }, { tags: { a: "b" } })),
      resource("aws_s3_bucket.b", change(null, {})),
      resource("aws_s3_bucket.c", change({}, null, { actions: ["forget"] })),
    ];
    expect(rows("Data would be lost", ...kept)).toEqual([]);
    expect(rows("Destroyed", ...kept)).toEqual([["`aws_s3_bucket.c`", "forgotten", ""]]);
  });
});

describe("network openings", () => {
  const rule = (cidr_ipv4: string) => ({ cidr_ipv4, ip_protocol: "tcp", from_port: 5432, to_port: 5432 });
  test.each<[string, ResourceChange, string[]]>([
    [
      "a rule that comes",
      resource("aws_vpc_security_group_ingress_rule.x", change(null, rule("0.0.0.0/0"))),
      ["tcp port 5432 from 0.0.0.0/0"],
    ],
    [
      "a rule that is widened",
      resource("aws_vpc_security_group_egress_rule.x", change(rule("10.0.0.0/8"), rule("0.0.0.0/0"))),
      ["tcp port 5432 to 0.0.0.0/0"],
    ],
    [
      "a peer in a group's own rules, and none that stays",
      resource(
        "aws_security_group.x",
        change(
          { ingress: [{ protocol: "-1", cidr_blocks: ["10.0.0.0/8"] }] },
          { ingress: [{ protocol: "-1", cidr_blocks: ["10.0.0.0/8", "0.0.0.0/0"] }] },
        ),
      ),
      ["every protocol and port from 0.0.0.0/0"],
    ],
    [
      "a group that is known after the apply",
      resource(
        "aws_vpc_security_group_ingress_rule.x",
        change(null, { ip_protocol: "-1" }, { after_unknown: { referenced_security_group_id: true } }),
      ),
      ["every protocol and port from (known after apply)"],
    ],
    [
      "a route",
      resource("aws_route.x", change(null, { destination_cidr_block: "0.0.0.0/0", gateway_id: "igw-1" })),
      ["route to 0.0.0.0/0 by igw-1"],
    ],
    [
      "a database that goes public",
      resource("aws_db_instance.x", change({ publicly_accessible: false }, { publicly_accessible: true })),
      ["an address on the internet"],
    ],
    [
      "a rule that goes",
      resource("aws_vpc_security_group_ingress_rule.x", change(rule("0.0.0.0/0"), null)),
      [],
    ],
  ])("are told of %s", (_, opening, opens) => {
    const expected = opens.map((each) => [`\`${opening.address}\``, `\`${each}\``]);
    expect(rows("Network openings", opening)).toEqual(expected);
  });
});

describe("protection that is weakened", () => {
  test.each<[string, string, Change, string[] | undefined]>([
    [
      "a key that is given up",
      "aws_sqs_queue.x",
      change({ kms_master_key_id: "k" }, {}),
      ["kms_master_key_id", "k", "(unset)"],
    ],
    [
      "encryption that is switched off",
      "aws_db_instance.x",
      replacement({ storage_encrypted: true }, { storage_encrypted: false }, "storage_encrypted"),
      ["storage_encrypted", "true", "false"],
    ],
    [
      "encryption of a table",
      "aws_dynamodb_table.x",
      change(
        { server_side_encryption: [{ enabled: true }] },
        { server_side_encryption: [{ enabled: false }] },
      ),
      ["server_side_encryption.enabled", "true", "false"],
    ],
    [
      "a weaker algorithm",
      "aws_s3_bucket_server_side_encryption_configuration.x",
      change(
        { rule: [{ apply: [{ sse_algorithm: "aws:kms" }] }] },
        { rule: [{ apply: [{ sse_algorithm: "AES256" }] }] },
      ),
      ["rule.apply.sse_algorithm", "aws:kms", "AES256"],
    ],
    [
      "a shorter retention",
      "aws_cloudwatch_log_group.x",
      change({ retention_in_days: 90 }, { retention_in_days: 7 }),
      ["retention_in_days", "90", "7"],
    ],
    [
      "an end of what was for ever",
      "aws_cloudwatch_log_group.x",
      change({ retention_in_days: 0 }, { retention_in_days: 7 }),
      ["retention_in_days", "0", "7"],
    ],
    [
      "recovery that is switched off",
      "aws_dynamodb_table.x",
      change(
        { point_in_time_recovery: [{ enabled: true }] },
        { point_in_time_recovery: [{ enabled: false }] },
      ),
      ["point_in_time_recovery.enabled", "true", "false"],
    ],
    [
      "versions that are no longer kept",
      "aws_s3_bucket_versioning.x",
      change(
        { versioning_configuration: [{ status: "Enabled" }] },
        { versioning_configuration: [{ status: "Suspended" }] },
      ),
      ["versioning_configuration.status", "Enabled", "Suspended"],
    ],
    [
      "a guard that is lifted",
      "aws_dynamodb_table.x",
      change({ deletion_protection_enabled: true }, { deletion_protection_enabled: false }),
      ["deletion_protection_enabled", "true", "false"],
    ],
    [
      "a bucket that may go with its objects",
      "aws_s3_bucket.x",
      change({ force_destroy: false }, { force_destroy: true }),
      ["force_destroy", "false", "true"],
    ],
    [
      "public access that is let in",
      "aws_s3_bucket_public_access_block.x",
      change({ block_public_acls: true }, { block_public_acls: false }),
      ["block_public_acls", "true", "false"],
    ],
    [
      "a longer retention: not",
      "aws_cloudwatch_log_group.x",
      change({ retention_in_days: 7 }, { retention_in_days: 0 }),
      undefined,
    ],
    [
      "another key: not",
      "aws_sqs_queue.x",
      change({ kms_master_key_id: "k" }, { kms_master_key_id: "l" }),
      undefined,
    ],
    [
      "a trigger that is switched off: not",
      "aws_glue_trigger.x",
      change({ enabled: true }, { enabled: false }),
      undefined,
    ],
  ])("is told of %s", (_, address, of, cells) => {
    const told = cells === undefined ? [] : [[`\`${address}\``, ...cells.map((cell) => `\`${cell}\``)]];
    expect(rows("Encryption, retention", resource(address, of))).toEqual(told);
    expect(rows("Changed", resource(address, of))).toHaveLength(cells === undefined ? 1 : 0);
  });

  test("is told of an alarm that goes", () => {
    const gone = resource("aws_cloudwatch_metric_alarm.x", change({}, null));
    expect(rows("Encryption, retention", gone)).toEqual([
      ["`aws_cloudwatch_metric_alarm.x`", "", "there", "**destroyed**"],
    ]);
  });
});
