import { describe, expect, test } from "@jest/globals";
import { type LossClients, lossesOf } from "../../../cli/removal/losses";
import { checkLosses } from "../../../cli/removal/removal";

/** A client that gives each call the answer, or throws it. */
function answering(answer: object | Error): { send: () => Promise<object> } {
  return {
    send: async () => {
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
}

function clients(answer: object | Error = {}): LossClients {
  const client = answering(answer);
  return { dynamo: client, glue: client, s3: client, sqs: client } as unknown as LossClients;
}

const lossesOfOne = (type: string, attributes: object, answer?: object | Error) =>
  lossesOf([{ layer: "compute", type, name: "one", attributes: { ...attributes } }], clients(answer));

describe("what the removal takes along", () => {
  const table = { name: "files" };
  const bucket = { bucket: "manifests" };
  const server = { identifier: "ledger", skip_final_snapshot: false };
  const queue = { name: "inputs", url: "https://sqs/inputs" };

  test.each<[string, object, object, string]>([
    [
      "aws_dynamodb_table",
      table,
      { Table: { ItemCount: 1234567 } },
      "table files with about 1,234,567 items",
    ],
    ["aws_s3_bucket", bucket, {}, "bucket manifests, which is empty"],
    [
      "aws_s3_bucket",
      { ...bucket, force_destroy: true },
      { DeleteMarkers: [{}] },
      "bucket manifests, with all its objects",
    ],
    ["aws_db_instance", server, {}, "PostgreSQL server ledger, but for a final snapshot"],
    [
      "aws_db_instance",
      { ...server, skip_final_snapshot: true },
      {},
      "PostgreSQL server ledger, without a final snapshot",
    ],
    [
      "aws_sqs_queue",
      queue,
      {
        Attributes: { ApproximateNumberOfMessages: "2", ApproximateNumberOfMessagesNotVisible: "1" },
      },
      "queue inputs with 3 messages",
    ],
    [
      "aws_glue_catalog_table",
      { name: "clicks" },
      {},
      "table or view clicks of the catalog; its files in the curated bucket stay",
    ],
    [
      "aws_kms_key",
      { description: "flow logs", deletion_window_in_days: 7 },
      {},
      "key of flow logs, after 7 days",
    ],
  ])("is told of %s %j", async (type, attributes, answer, data) => {
    expect(await lossesOfOne(type, attributes, answer)).toEqual({ data: [data], others: [], obstacles: [] });
  });

  test.each<[string, string, object, object]>([
    ["an empty queue", "aws_sqs_queue", queue, { Attributes: {} }],
    ["a log group", "aws_cloudwatch_log_group", { name: "/aws/lambda/x" }, {}],
    ["a function", "aws_lambda_function", { name: "x" }, {}],
    ["a job without a run", "aws_glue_job", { name: "x" }, { JobRuns: [{ JobRunState: "SUCCEEDED" }] }],
  ])("is no data for %s", async (_, type, attributes, answer) => {
    expect(await lossesOfOne(type, attributes, answer)).toMatchObject({ data: [], obstacles: [] });
  });

  test.each<[string, object, object, RegExp]>([
    ["aws_dynamodb_table", { ...table, deletion_protection_enabled: true }, {}, /table files is protected/],
    ["aws_db_instance", { ...server, deletion_protection: true }, {}, /server ledger is protected/],
    ["aws_s3_bucket", bucket, { Versions: [{}] }, /bucket manifests has objects/],
    [
      "aws_glue_job",
      { name: "stream" },
      { JobRuns: [{ Id: "jr_1", JobRunState: "RUNNING" }] },
      /job stream is at work \(jr_1\)/,
    ],
  ])("has an obstacle in %s %j", async (type, attributes, answer, obstacle) => {
    const { obstacles } = await lossesOfOne(type, attributes, answer);
    expect(obstacles).toEqual([expect.stringMatching(obstacle)]);
  });

  test("is nothing of what somebody removed by hand, and an error where nobody may look", async () => {
    const named = (name: string) => Object.assign(new Error(name), { name });
    const gone = named("ResourceNotFoundException");
    expect(await lossesOfOne("aws_dynamodb_table", table, gone)).toMatchObject({ data: [], obstacles: [] });
    const denied = named("AccessDeniedException");
    await expect(lossesOfOne("aws_dynamodb_table", table, denied)).rejects.toBe(denied);
  });
});

describe("checkLosses", () => {
  const data = ["table files with about 2 items"];
  const nothing = { data: [], others: [], obstacles: [] };
  const guarded = { name: "prod", deletionGuard: true };
  const free = { name: "dev", deletionGuard: false };

  test.each<[string, typeof free, Partial<typeof nothing>, boolean, RegExp]>([
    [
      "data under the guard, whatever is asked",
      guarded,
      { data } as object,
      true,
      /^prod: deletionGuard is on/,
    ],
    ["data that nobody gave up", free, { data } as object, false, /repeat with --discard to give it up/],
    [
      "what would fail half-way",
      free,
      { data, obstacles: ["bucket b has objects"] } as object,
      true,
      /cannot go yet\n {2}bucket b has objects/,
    ],
  ])("refuses %s", (_, environment, losses, discard, message) => {
    expect(() => checkLosses(environment, { ...nothing, ...losses }, discard)).toThrow(message);
    expect(() => checkLosses(environment, { ...nothing, ...losses }, discard)).toThrow("nothing was changed");
  });

  test.each<[string, typeof free, object, boolean]>([
    ["nothing to lose", guarded, {}, false],
    ["what goes without data", guarded, { others: ["log group x"] }, false],
    ["what was given up", free, { data }, true],
  ])("admits %s", (_, environment, losses, discard) => {
    expect(() => checkLosses(environment, { ...nothing, ...losses }, discard)).not.toThrow();
  });
});
