import { expect, test } from "@jest/globals";
import { denialsOf, findingsOf } from "../../cli/plan/summary/policy";
import {
  environmentNames,
  LAYERS,
  loadEnvironment,
  loadPlanPolicy,
  stackName,
} from "../../environments/schema";
import { change, planOf, resource } from "../cli/plan/summary/plans";
import { stacksOf } from "../support/stacks";

test.each(environmentNames())("the first plan of %s does nothing that its policy denies", (name) => {
  const environment = loadEnvironment(name);
  const stacks = stacksOf(name);
  const plans = LAYERS.map((layer) => {
    const stack = stackName(environment, layer);
    const created = Object.entries(stacks.get(stack)?.resource ?? {}).flatMap(([type, all]) =>
      Object.entries(all).map(([id, values]) => resource(`${type}.${id}`, change(null, values))),
    );
    expect(created.length).toBeGreaterThan(1);
    return planOf(created, { stack });
  });
  expect(denialsOf(findingsOf(plans, environment, loadPlanPolicy(name)), name)).toEqual([]);
});
