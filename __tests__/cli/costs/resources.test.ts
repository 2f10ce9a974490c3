import { beforeAll, describe, expect, test } from "@jest/globals";
import { expectedCosts } from "../../../cli/costs/model/expected";
import { memoryOf } from "../../../cli/costs/model/functions";
import { monthOf } from "../../../cli/costs/terraform";
import { functionName, functionsOf, LAYERS, loadEnvironment } from "../../../environments/schema";
import { type StackJson, stacksOf } from "../../support/stacks";
import { synthesize } from "../../support/synthesize";

type Resources = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;

const prod = loadEnvironment("prod");
/** With NAT and without pagers, the other way round, and with one pipeline. */
const ENVIRONMENTS = [
  loadEnvironment("dev"),
  prod,
  { ...prod, name: "uploads", pipelines: ["uploads" as const] },
];
/** Kinds whose attributes alone decide what they cost. */
const KINDS = [
  "aws_kms_key",
  "aws_cloudwatch_metric_alarm",
  "aws_cloudwatch_dashboard",
  "aws_nat_gateway",
  "aws_eip",
  "aws_vpc_endpoint",
  "aws_db_instance",
  "aws_glue_job",
];

let stacks: ReadonlyMap<string, StackJson>;
beforeAll(() => {
  stacks = new Map([...stacksOf("dev", "prod"), ...synthesize(ENVIRONMENTS.slice(2))]);
});

function resourcesOf(stack: string): Resources {
  return (stacks.get(stack)?.resource ?? {}) as unknown as Resources;
}

describe.each(ENVIRONMENTS.map((each) => [each.name, each] as const))("of %s", (_, environment) => {
  test.each(LAYERS)("the resources of %s cost what the settings say", (layer) => {
    const resources = resourcesOf(`${environment.name}-${layer}`);
    for (const kind of KINDS) {
      const found = Object.values(resources[kind] ?? {}).map((values) => monthOf(kind, values, environment));
      const months = found.map((of) => (typeof of === "string" ? 0 : of.dollars));
      const expected = expectedCosts(environment)
        .filter((cost) => cost.layer === layer && cost.resource === kind)
        .map(({ dollars = 0 }) => dollars);
      const sum = (all: readonly number[]) => all.reduce((total, each) => total + each, 0);
      expect([kind, sum(expected)]).toEqual([kind, expect.closeTo(sum(months))]);
    }
  });

  test("functions have the memory that is counted", () => {
    const found = LAYERS.flatMap((layer) =>
      Object.values(resourcesOf(`${environment.name}-${layer}`)["aws_lambda_function"] ?? {}),
    );
    const memory = new Map(found.map(({ function_name, memory_size }) => [function_name, memory_size]));
    for (const name of functionsOf(environment)) {
      expect([name, memory.get(functionName(environment, name))]).toEqual([
        name,
        memoryOf(environment, name),
      ]);
    }
  });

  test("every kind of resource is priced, free or paid by use", () => {
    const kinds = LAYERS.flatMap((layer) => Object.entries(resourcesOf(`${environment.name}-${layer}`)));
    const unknown = kinds.filter(([kind, all]) =>
      Object.values(all).some((values) => monthOf(kind, values, environment) === "no price known here"),
    );
    expect(unknown.map(([kind]) => kind)).toEqual([]);
  });
});
