import { describe, expect, test } from "@jest/globals";
import type { Configuration } from "../../../cli/plan/configuration";
import { lackingOutputs, removedResources } from "../../../cli/removal/configurations";
import type { State } from "../../../cli/removal/states";
import { type Layer, loadEnvironment, stateKey } from "../../../environments/schema";

const environment = loadEnvironment("dev");

function stateOf(resources: readonly string[], outputs: readonly string[] = []): State {
  return {
    outputs: new Set(outputs),
    resources: resources.map((each) => {
      const [type = "", name = ""] = each.split(".");
      return { type, name, attributes: {} };
    }),
  };
}

describe("removedResources", () => {
  test("finds what is deployed and no longer configured, whatever else is new", () => {
    const states = new Map<Layer, State>([
      ["ledger", stateOf(["aws_dynamodb_table.uploads", "aws_dynamodb_table.metrics"])],
      ["compute", stateOf(["aws_lambda_function.builder"])],
    ]);
    const configurations = new Map<Layer, Configuration>([
      ["ledger", { resource: { aws_dynamodb_table: { uploads: {}, other: {} } } }],
      ["compute", {}],
    ]);
    expect(
      removedResources(states, configurations).map(({ layer, type, name }) => [layer, type, name]),
    ).toEqual([
      ["ledger", "aws_dynamodb_table", "metrics"],
      ["compute", "aws_lambda_function", "builder"],
    ]);
  });
});

test("removedResources leaves out what is moved to a resource that there is", () => {
  const states = new Map<Layer, State>([["storage", stateOf(["aws_s3_bucket.old", "aws_s3_bucket.gone"])]]);
  const moved = [
    { from: "aws_s3_bucket.old", to: "aws_s3_bucket.new" },
    { from: "aws_s3_bucket.gone", to: "aws_s3_bucket.nowhere" },
  ];
  const configuration = { resource: { aws_s3_bucket: { new: {} } }, moved };
  const removed = removedResources(states, new Map([["storage", configuration]]));
  expect(removed.map(({ name }) => name)).toEqual(["gone"]);
});

describe("lackingOutputs", () => {
  const reading = (output: string): Configuration => ({
    resource: {
      aws_lambda_function: {
        one: { role: `\${data.terraform_remote_state.cross-stack-storage.outputs.${output}}` },
      },
    },
    data: {
      terraform_remote_state: {
        "cross-stack-storage": { backend: "s3", config: { key: stateKey(environment, "storage") } },
      },
    },
  });
  const states = new Map<Layer, State>([["storage", stateOf([], ["bucket"])]]);

  test.each<[string, string, readonly string[]]>([
    ["nothing where all is deployed", "bucket", []],
    ["an output that its stack does not have yet", "queue", ["compute: storage's queue"]],
  ])("finds %s", (_, output, lacking) => {
    const configurations = new Map<Layer, Configuration>([["compute", reading(output)]]);
    expect(lackingOutputs(environment, ["compute"], states, configurations)).toEqual(lacking);
  });

  test("leaves out stacks that are not applied early", () => {
    const configurations = new Map<Layer, Configuration>([["compute", reading("queue")]]);
    expect(lackingOutputs(environment, ["storage"], states, configurations)).toEqual([]);
  });
});
