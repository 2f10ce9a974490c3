import { describe, expect, test } from "@jest/globals";
import { KEPT_FUNCTIONS } from "../../../cli/operator/manifests/choices";
import {
  controlTableName,
  deadLetterQueueName,
  FUNCTIONS,
  failureQueueName,
  functionName,
  ledgerBatchJobName,
  ledgerListerJobName,
  ledgerWorkflowName,
  loadEnvironment,
  manifestsJobName,
  metricsTableName,
  PIPELINE_QUEUES,
  queueName,
  trackingTableName,
  undeliveredEventsName,
} from "../../../environments/schema";
import { OPEN_INDEX } from "../../../runtime/indexes";
import { resource, resourcesOf } from "../../support/resources";
import { stacksOf } from "../../support/stacks";

const environment = loadEnvironment("prod");
const stacks = stacksOf("prod");

function deployed(type: string, attribute = "name"): unknown[] {
  return [...stacks.values()].flatMap((stack) => resourcesOf(stack, type).map(([, each]) => each[attribute]));
}

describe("what tributary asks for by name is deployed:", () => {
  test.each([
    ["queues", "aws_sqs_queue", PIPELINE_QUEUES.map((queue) => queueName(environment, queue))],
    [
      "dead-letter queues",
      "aws_sqs_queue",
      PIPELINE_QUEUES.map((queue) => deadLetterQueueName(environment, queue)),
    ],
    ["the queue of undelivered events", "aws_sqs_queue", [undeliveredEventsName(environment)]],
    [
      "queues of failed events",
      "aws_sqs_queue",
      KEPT_FUNCTIONS.map((name) => failureQueueName(environment, name)),
    ],
    [
      "tables",
      "aws_dynamodb_table",
      [trackingTableName(environment), metricsTableName(environment), controlTableName(environment)],
    ],
    [
      "jobs",
      "aws_glue_job",
      [manifestsJobName(environment), ledgerListerJobName(environment), ledgerBatchJobName(environment)],
    ],
    ["the workflow", "aws_glue_workflow", [ledgerWorkflowName(environment)]],
    [
      "log groups",
      "aws_cloudwatch_log_group",
      FUNCTIONS.map((name) => `/aws/lambda/${functionName(environment, name)}`),
    ],
  ])("%s", (_, type, names) => {
    expect(deployed(type)).toEqual(expect.arrayContaining(names));
  });

  test("the function that speaks to the ledger", () => {
    expect(deployed("aws_lambda_function", "function_name")).toContain(
      functionName(environment, "ledger-operator"),
    );
  });

  test("the index of open files, with the manifest of each", () => {
    const table = resource(stacks.get("prod-ledger"), "aws_dynamodb_table", "file-tracking");
    expect(table["global_secondary_index"]).toMatchObject([
      {
        name: OPEN_INDEX,
        hash_key: "open_shard",
        range_key: "created_at",
        non_key_attributes: ["manifest_path"],
      },
    ]);
  });
});
