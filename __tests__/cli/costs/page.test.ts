import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { total } from "../../../cli/costs/model/cost";
import { expectedCosts } from "../../../cli/costs/model/expected";
import { costsPage } from "../../../cli/costs/page/page";
import { loadEnvironment, loadEnvironments, PIPELINES, type Pipeline } from "../../../environments/schema";
import { ROOT } from "../../../setup/paths";

const read = (page: string) => readFileSync(join(ROOT, "docs", page), "utf8");

describe("docs/costs.md", () => {
  test("shows the model as it is (npm run docs brings it up to date)", () => {
    expect(read("costs.md")).toBe(costsPage(loadEnvironments()));
  });

  test.each(["dev", "staging", "prod"])("has the total of %s that the command shows", (name) => {
    const sum = total(expectedCosts(loadEnvironment(name))).toLocaleString("en-US", {
      maximumFractionDigits: 0,
    });
    expect(read("costs.md")).toMatch(
      new RegExp(`^\\| \\*\\*together\\*\\* \\|.* \\*\\*${sum}\\*\\* \\|`, "m"),
    );
  });
});

describe("the page of other environments", () => {
  const dev = loadEnvironment("dev");

  test.each([[...PIPELINES], ...PIPELINES.map((pipeline) => [pipeline])].map((each) => [each.join(), each]))(
    "is whole where there is one with %s",
    (_, pipelines) => {
      const page = costsPage([{ ...dev, pipelines: pipelines as Pipeline[] }]);
      expect(page).not.toMatch(/NaN|Infinity|undefined/);
      expect(page.includes("## How many workers")).toBe(pipelines.includes("manifests"));
    },
  );

  test("is whole where nothing is said to come", () => {
    expect(costsPage([loadEnvironment("local")])).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe("pages that repeat figures of the model", () => {
  const prod = { ...loadEnvironment("prod"), pipelines: ["manifests" as const] };
  const month = (what: string) => expectedCosts(prod).find((cost) => cost.what === what)?.dollars ?? 0;

  test("have those of the audit", () => {
    const [, rounds] = /^\| Lambda: `lake-audit` \| ([\d.]+) \|/m.exec(read("audit.md")) ?? [];
    const [, puts] = /^\| S3: rows of manifests \| ([\d.]+) \|/m.exec(read("audit.md")) ?? [];
    const [, gets] = /^\| S3: reads of the merge \| ([\d.]+) \|/m.exec(read("audit.md")) ?? [];
    expect(Number(rounds)).toBeCloseTo(month("Lambda: lake-audit"), 2);
    expect(Number(puts) + Number(gets)).toBeCloseTo(month("S3: rows of the audit"), 1);
  });

  test("have those of the reconciler", () => {
    const [, listings, reads] =
      /listings (\d+), reads at most (\d+) USD a month/.exec(read("manifests-reconciler.md")) ?? [];
    expect(Number(listings)).toBe(Math.round(month("S3: listings of manifests-reconciler")));
    expect(Number(reads)).toBe(Math.round(month("DynamoDB: reads of manifests-reconciler")));
  });
});
