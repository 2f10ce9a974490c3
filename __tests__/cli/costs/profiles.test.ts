import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { withProfiles } from "../../../cli/costs/page/profiles";
import { ROOT } from "../../../setup/paths";

const page = readFileSync(join(ROOT, "docs", "jobs.md"), "utf8");

test("docs/jobs.md shows the profiles as they are (npm run docs brings it up to date)", () => {
  expect(page).toBe(withProfiles(page));
});

test.each([
  ["small", "2 × G.1X | 2 | 32 | 188 | 4 | 0.88 |"],
  ["large", "10 to 20 × G.2X | 20 to 40 | 320 to 640 | 1380 to 2760 | 4 | 8.80 to 17.60 |"],
  ["memory-intensive", "2 to 5 × G.4X | 8 to 20 | 128 to 320 | 512 to 1280 | 8 | 3.52 to 8.80 |"],
  ["flexible", "5 to 10 × G.1X, FLEX | 5 to 10 | 80 to 160 | 470 to 940 | 4 | 1.45 to 2.90 |"],
])("docs/jobs.md has of %s what it comes to", (name, cells) => {
  expect(page).toContain(`| \`${name}\` | ${cells}`);
});

test("a page without a place for them is refused", () => {
  expect(() => withProfiles("# Jobs")).toThrow("docs/jobs.md lacks the lines <!-- profiles");
});
