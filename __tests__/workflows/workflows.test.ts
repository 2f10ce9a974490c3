import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { environmentNames, LAYERS } from "../../environments/schema";
import { ROOT } from "../../setup/paths";

const FOLDER = join(ROOT, ".github", "workflows");
const workflow = (name: string) => readFileSync(join(FOLDER, name), "utf8");
const names = readdirSync(FOLDER);

describe.each(names)("%s", (name) => {
  test("pins each action by its commit, with the version beside it", () => {
    const used = [...workflow(name).matchAll(/uses: (.*)/g)].map(([, action]) => action);
    expect(used.length).toBeGreaterThan(0);
    for (const action of used) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test("writes nothing to the repository, and asks for an identity only to reach AWS", () => {
    expect(workflow(name)).toMatch(/^permissions:\n {2}contents: read\n/m);
    expect(workflow(name).includes("id-token: write")).toBe(workflow(name).includes("role-to-assume"));
  });
});

test("the plan shows the layers in the order of their dependencies", () => {
  expect(workflow("plan.yml")).toContain(`for layer in ${LAYERS.join(" ")}; do`);
});

test.each(["plan.yml", "apply.yml"])("%s knows every deployed environment", (name) => {
  const deployed = environmentNames().filter((each) => each !== "local");
  for (const environment of deployed) {
    expect(workflow(name)).toMatch(new RegExp(`(environment: |[[, ])${environment}[,\\] ]`));
  }
});
