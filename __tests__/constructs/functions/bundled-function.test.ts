import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { describe, expect, test } from "@jest/globals";
import {
  BundledFunction,
  type BundledFunctionProps,
  type FunctionSettings,
} from "../../../constructs/functions/bundled-function";
import { resource, resourcesOf, statement, statementsOf } from "../../support/resources";
import { synthesizeConstruct } from "../../support/synthesize";

const SETTINGS: Omit<FunctionSettings, "artifacts"> = {
  account: "123456789012",
  region: "us-east-1",
  keyArn: "arn:aws:kms:us-east-1:123456789012:key/1",
  tlsOnly: true,
  memorySizeMegabytes: 256,
  timeoutSeconds: 120,
  maximumRetryAttempts: 2,
  logRetentionDays: 30,
};

type Props = Partial<Pick<BundledFunctionProps<"uploads-trigger">, "network" | "synchronous" | "variables">>;

function functionWith(settings: Partial<FunctionSettings> = {}, props: Props = {}) {
  return synthesizeConstruct((scope) => {
    new BundledFunction(scope, "trigger", {
      handler: "uploads-trigger",
      functionName: "lake-dev-uploads-trigger",
      description: "registers uploads",
      variables: { UPLOADS_TABLE: "uploads", JOB_NAME: "job" },
      statements: [{ sid: "Start", actions: ["glue:StartJobRun"], resources: ["arn:job"] }],
      settings: {
        ...SETTINGS,
        artifacts: new S3Bucket(scope, "artifacts", { bucket: "artifacts" }),
        ...settings,
      },
      ...props,
    });
  });
}

describe("a bundled function", () => {
  const stack = functionWith();

  test("runs its bundle on Node 22 and arm64, with exactly the handler's variables", () => {
    expect(resource(stack, "aws_lambda_function")).toMatchObject({
      runtime: "nodejs22.x",
      architectures: ["arm64"],
      handler: "index.handler",
      s3_key: expect.stringMatching(/aws_s3_object.*\.key}$/),
      environment: { variables: { UPLOADS_TABLE: "uploads", JOB_NAME: "job" } },
    });
  });

  test("refuses more variables than Lambda takes, before anything is deployed", () => {
    const variables = (bytes: number) => ({ UPLOADS_TABLE: "u".repeat(bytes - 24), JOB_NAME: "job" });
    expect(() => functionWith({}, { variables: variables(4_096) })).not.toThrow();
    expect(() => functionWith({}, { variables: variables(4_097) })).toThrow(
      "variables of the function uploads-trigger: expected at most 4096 bytes (Lambda takes no more), got 4097",
    );
  });

  test("says every value of its asynchronous settings", () => {
    expect(resource(stack, "aws_lambda_function_event_invoke_config")).toMatchObject({
      maximum_event_age_in_seconds: 21_600,
      maximum_retry_attempts: 2,
      destination_config: { on_failure: { destination: expect.stringContaining("aws_sqs_queue.") } },
    });
  });

  test("keeps failed events for 14 days in an encrypted queue that TLS alone reaches", () => {
    const queue = resource(stack, "aws_sqs_queue");
    expect(queue).toMatchObject({
      name: "lake-dev-uploads-trigger-failures",
      kms_master_key_id: SETTINGS.keyArn,
      message_retention_seconds: 1_209_600,
    });
    expect(statement(queue["policy"], "DenyWithoutTls")).toMatchObject({
      Effect: "Deny",
      Resource: ["arn:aws:sqs:us-east-1:123456789012:lake-dev-uploads-trigger-failures"],
    });
    expect(resourcesOf(stack, "aws_sqs_queue_policy")).toEqual([]);
  });

  test("logs to an encrypted group of its own that forgets in time", () => {
    expect(resource(stack, "aws_cloudwatch_log_group")).toMatchObject({
      name: "/aws/lambda/lake-dev-uploads-trigger",
      retention_in_days: 30,
      kms_key_id: SETTINGS.keyArn,
    });
  });

  test("may do what its props say, write its logs and keep its failures, and nothing else", () => {
    const statements = statementsOf(resource(stack, "aws_iam_role_policy")["policy"]);
    expect(statements.map(({ Sid, Action }) => [Sid, Action])).toEqual([
      ["WriteOwnLogs", ["logs:CreateLogStream", "logs:PutLogEvents"]],
      ["KeepFailedEvents", ["sqs:SendMessage"]],
      ["UseMessageKey", ["kms:Decrypt", "kms:GenerateDataKey"]],
      ["Start", ["glue:StartJobRun"]],
    ]);
  });

  test("waits for no queue: its role names the queue without reading it", () => {
    const { policy } = resource(stack, "aws_iam_role_policy");
    expect(statement(policy, "KeepFailedEvents").Resource).toEqual([
      "arn:aws:sqs:us-east-1:123456789012:lake-dev-uploads-trigger-failures",
    ]);
    expect(String(policy)).not.toContain("aws_sqs_queue.");
  });

  test("waits for its role's policy", () => {
    expect(JSON.stringify(resource(stack, "aws_lambda_function")["depends_on"])).toContain(
      "aws_iam_role_policy.",
    );
  });

  test("comes from a bucket: from a file the provider would make one function after another", () => {
    const created = resource(stack, "aws_lambda_function");
    expect(created).not.toHaveProperty("filename");
    expect(resource(stack, "aws_s3_object")).toMatchObject({
      key: expect.stringMatching(/^functions\/[0-9a-f]{64}\/uploads-trigger\.zip$/),
      lifecycle: { create_before_destroy: true },
    });
  });

  test("runs in a VPC where asked for, by interfaces that its own code may not touch", () => {
    const network = { subnetIds: ["subnet-1"], securityGroupIds: ["sg-1"] };
    const inside = functionWith({}, { network });
    expect(resource(inside, "aws_lambda_function")["vpc_config"]).toEqual({
      subnet_ids: ["subnet-1"],
      security_group_ids: ["sg-1"],
    });
    const { policy } = resource(inside, "aws_iam_role_policy");
    const allowed = statement(policy, "MakeOwnNetworkInterfaces");
    const denied = statement(policy, "DenyInterfacesToCode");
    expect(denied.Effect).toBe("Deny");
    expect(denied.Action).toEqual(expect.arrayContaining([...allowed.Action]));
    expect(denied.Condition).toEqual({
      ArnEquals: {
        "lambda:SourceFunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:lake-dev-uploads-trigger",
      },
    });
    expect(resource(stack, "aws_lambda_function")).not.toHaveProperty("vpc_config");
  });

  test("keeps no failed event where all who invoke it wait for its answer", () => {
    const synchronous = functionWith({}, { synchronous: true });
    expect(resourcesOf(synchronous, "aws_sqs_queue")).toEqual([]);
    expect(resourcesOf(synchronous, "aws_lambda_function_event_invoke_config")).toEqual([]);
    const statements = statementsOf(resource(synchronous, "aws_iam_role_policy")["policy"]);
    expect(statements.map(({ Sid }) => Sid)).toEqual(["WriteOwnLogs", "Start"]);
  });

  test("reserves executions only where asked for", () => {
    const name = "reserved_concurrent_executions";
    expect(resource(stack, "aws_lambda_function")).not.toHaveProperty(name);
    const reserved = functionWith({ reservedExecutions: { "uploads-trigger": 5, "control-plane": 7 } });
    expect(resource(reserved, "aws_lambda_function")).toHaveProperty(name, 5);
    const other = functionWith({ reservedExecutions: { "control-plane": 7 } });
    expect(resource(other, "aws_lambda_function")).not.toHaveProperty(name);
  });

  test("leaves the queue without a policy where TLS is not enforced", () => {
    expect(resource(functionWith({ tlsOnly: false }), "aws_sqs_queue")).not.toHaveProperty("policy");
  });
});
