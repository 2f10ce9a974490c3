import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { loadEnvironments } from "../../environments/schema";
import { environmentsDocumentation } from "../../environments/schema/documentation";
import { ROOT } from "../../setup/paths";

test("docs/environments.md shows the settings as they are (npm run docs brings it up to date)", () => {
  const page = readFileSync(join(ROOT, "docs", "environments.md"), "utf8");
  expect(page).toBe(environmentsDocumentation(loadEnvironments()));
});
