import { describe, expect, test } from "@jest/globals";
import { EncryptionKey, useKey } from "../../constructs/encryption-key";
import { resource, type Statement, statement, statementsOf } from "../support/resources";
import { synthesizeConstruct } from "../support/synthesize";

const ACCOUNT = "123456789012";

const stack = synthesizeConstruct((scope) => {
  new EncryptionKey(scope, "key", {
    aliasName: "lake-data",
    description: "data",
    account: ACCOUNT,
    region: "eu-west-1",
    users: ["s3", "events", "cloudwatch", "budgets", "logs"],
    dynamodb: true,
    deletionWindowInDays: 30,
    preventDestroy: true,
  });
});
const policy = resource(stack, "aws_kms_key")["policy"];

function servicesOf(each: Statement): string | undefined {
  return (each.Principal as { Service?: string }).Service;
}

describe("an encryption key", () => {
  test.each([
    ["CloudwatchWritesUnderKey", "cloudwatch.amazonaws.com"],
    ["BudgetsWritesUnderKey", "budgets.amazonaws.com"],
  ])("admits by %s the service %s for this account only", (sid, service) => {
    expect(statement(policy, sid)).toMatchObject({
      Effect: "Allow",
      Principal: { Service: service },
      Action: ["kms:Decrypt", "kms:GenerateDataKey"],
      Condition: { StringEquals: { "aws:SourceAccount": ACCOUNT } },
    });
  });

  test("admits S3 for this account, also where it names none", () => {
    expect(statement(policy, "S3WritesUnderKey")).toMatchObject({
      Principal: { Service: "s3.amazonaws.com" },
      Action: ["kms:Decrypt", "kms:GenerateDataKey"],
      Condition: { StringEqualsIfExists: { "aws:SourceAccount": ACCOUNT } },
    });
  });

  test("admits EventBridge, which meets no condition", () => {
    const events = statement(policy, "EventsWritesUnderKey");
    expect(events).toMatchObject({
      Principal: { Service: "events.amazonaws.com" },
      Action: ["kms:Decrypt", "kms:GenerateDataKey"],
    });
    expect(events.Condition).toBeUndefined();
  });

  test("admits the region's Logs for this account's log groups only", () => {
    expect(statement(policy, "LogsWritesUnderKey")).toMatchObject({
      Principal: { Service: "logs.eu-west-1.amazonaws.com" },
      Condition: {
        StringEqualsIfExists: { "aws:SourceAccount": ACCOUNT },
        ArnLike: { "kms:EncryptionContext:aws:logs:arn": `arn:aws:logs:eu-west-1:${ACCOUNT}:*` },
      },
    });
  });

  test("admits no other service without naming the source account", () => {
    const services = statementsOf(policy).filter(
      (each) => ![undefined, "events.amazonaws.com"].includes(servicesOf(each)),
    );
    expect(services).toHaveLength(4);
    for (const each of services)
      expect(JSON.stringify(each.Condition)).toContain(`"aws:SourceAccount":"${ACCOUNT}"`);
  });

  test.each(["DynamodbUsesKeyForCallers", "DynamodbHoldsGrant"])(
    "lets callers use it through DynamoDB alone: %s",
    (sid) => {
      expect(statement(policy, sid).Condition?.["StringEquals"]).toEqual({
        "kms:CallerAccount": ACCOUNT,
        "kms:ViaService": "dynamodb.eu-west-1.amazonaws.com",
      });
    },
  );

  test("rotates, and is guarded against destruction", () => {
    expect(resource(stack, "aws_kms_key")).toMatchObject({
      enable_key_rotation: true,
      deletion_window_in_days: 30,
      lifecycle: { prevent_destroy: true },
    });
  });
});

describe("the use of a key", () => {
  test.each([
    ["Data", "read-write", "s3", ["kms:Decrypt", "kms:GenerateDataKey"]],
    ["Code", "read", "s3", ["kms:Decrypt"]],
    ["Message", "read", "sqs", ["kms:Decrypt"]],
    ["Secret", "read", "secretsmanager", ["kms:Decrypt"]],
  ] as const)("for %s to %s goes through %s alone", (protects, access, service, actions) => {
    expect(useKey(protects, "key-arn", "eu-west-1", access)).toEqual({
      sid: `Use${protects}Key`,
      actions,
      resources: ["key-arn"],
      condition: { StringEquals: { "kms:ViaService": `${service}.eu-west-1.amazonaws.com` } },
    });
  });
});
