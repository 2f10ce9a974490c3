import { describe, expect, test } from "@jest/globals";
import { FUNCTIONS, loadEnvironment, neededExecutions, reservedExecutions } from "../../environments/schema";
import { resourcesOf } from "../support/resources";
import { stacksOf } from "../support/stacks";

const prod = loadEnvironment("prod");
const stacks = stacksOf("prod", "dev");

function deployed(environment: string): Readonly<Record<string, unknown>> {
  const functions = ["ledger", "compute"].flatMap((layer) =>
    resourcesOf(stacks.get(`${environment}-${layer}`), "aws_lambda_function"),
  );
  const prefix = `tributary-${environment}-`;
  return Object.fromEntries(
    functions.map(([, { function_name, reserved_concurrent_executions }]) => [
      String(function_name).slice(prefix.length),
      reserved_concurrent_executions,
    ]),
  );
}

describe("the reserved concurrency", () => {
  test("is of each function what it needs, and of what only deploys call none", () => {
    const found = deployed("prod");
    expect(Object.keys(found).sort()).toEqual([...FUNCTIONS].sort());
    expect(found).toEqual({
      ...Object.fromEntries(FUNCTIONS.map((name) => [name, undefined])),
      ...reservedExecutions(prod),
    });
    expect(found["declared-columns"]).toBeUndefined();
    expect(found["ledger-migrator"]).toBeUndefined();
  });

  test("is, with what Lambda keeps, within the quota that the environment counts on", () => {
    expect(neededExecutions(prod)).toBe(159);
    expect(neededExecutions(prod)).toBeLessThanOrEqual(prod.functions.accountConcurrency);
  });

  test("is nothing where an environment reserves none, as a new account must", () => {
    expect(neededExecutions(loadEnvironment("dev"))).toBe(0);
    expect(Object.values(deployed("dev")).filter((each) => each !== undefined)).toEqual([]);
  });

  test("counts the functions alone that the environment's pipelines need", () => {
    const uploads = reservedExecutions({ ...prod, pipelines: ["uploads"] });
    expect(Object.keys(uploads)).toEqual([
      "uploads-trigger",
      "uploads-job-ended",
      "uploads-reconciler",
      "control-plane",
      "untaken-objects",
      "lake-audit",
    ]);
    expect(neededExecutions({ ...prod, pipelines: ["uploads"] })).toBe(138);
  });

  test("lets through what each event source delivers at once", () => {
    const reserved = reservedExecutions(prod);
    const mappings = resourcesOf(stacks.get("prod-compute"), "aws_lambda_event_source_mapping");
    const delivered = mappings.map(([, { function_name, scaling_config }]): [string, number] => [
      String(function_name).includes("builder") ? "manifests-builder" : "ledger-registrar",
      (scaling_config as { maximum_concurrency: number }).maximum_concurrency,
    ]);
    expect(delivered).toHaveLength(2);
    for (const [name, maximum] of delivered) {
      expect(reserved[name]).toBeGreaterThanOrEqual(maximum);
    }
  });
});
