import { describe, expect, test } from "@jest/globals";
import { LAYERS, loadEnvironments } from "../../environments/schema";
import { synthesizeHcl } from "../support/synthesize";

const DEPLOYED = ["dev", "staging", "prod"];
const stacks = synthesizeHcl(loadEnvironments(DEPLOYED));

describe.each(DEPLOYED)("%s", (environment) => {
  test.each(LAYERS)("renders the stack %s", (layer) => {
    expect(stacks.get(`${environment}-${layer}`)).toMatchSnapshot();
  });
});

test("a snapshot follows no asset's content and no folder of the machine", () => {
  const all = [...stacks.values()].join("\n");
  expect(all).not.toMatch(/\/[0-9A-F]{32}\/|[0-9a-f]{64}|\.\.\/|\/tmp\//);
});
