import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { standingCosts, standingCostsText } from "../../cli/standing-costs";
import { type Environment, loadEnvironment, type Pipeline } from "../../environments/schema";
import { ROOT } from "../../setup/paths";

const COSTS = readFileSync(join(ROOT, "docs", "costs.md"), "utf8");

const [FLOOR = "", PIPELINE_COSTS = ""] = COSTS.split("## The manifests pipeline\n");

/** Dollars of a month in the first columns of the row that begins so. */
function figuresOf(row: string, text: string): number[] {
  const line = text.split("\n").find((each) => each.startsWith(`| ${row}`)) ?? "";
  const figures = line.match(/^\|[^|]+((?:\| [\d,]+ )+)\|/)?.[1] ?? "";
  return [...figures.matchAll(/[\d,]+/g)].map(([figure]) => Number(figure.replaceAll(",", "")));
}

function monthOf(environment: Environment, what: string): number {
  const found = standingCosts(environment).find((cost) => cost.what === what);
  return 730 * (found?.dollarsPerHour ?? Number.NaN);
}

describe("what an environment costs without files", () => {
  const [dev, prod] = [loadEnvironment("dev"), loadEnvironment("prod")];

  test.each([
    ["Glue: manifests-stream", "Glue: `manifests-stream`"],
    ["RDS: db.m7g.large with a standby", "RDS: `db.m7g.large` with a standby"],
    ["RDS: storage", "RDS: storage"],
    ["VPC: interface endpoints", "VPC: interface endpoints"],
    ["Glue: ledger-batch, without work", "Glue: `ledger-batch`, with nothing to do"],
    ["Glue: ledger-lister, nothing new", "Glue: `ledger-lister`, with nothing new"],
  ])("has for %s in prod the month that docs/costs.md has", (what, row) => {
    const [figure = 0] = figuresOf(row, PIPELINE_COSTS);
    expect(figure).toBeGreaterThan(0);
    expect(Math.abs(monthOf(prod, what) - figure)).toBeLessThanOrEqual(1);
  });

  test("has for the streaming job the floor that docs/costs.md has in dev and prod", () => {
    const months = [dev, prod].map((each) => Math.round(monthOf(each, "Glue: manifests-stream")));
    expect(figuresOf("Glue: `manifests-stream`", FLOOR)).toEqual(months);
  });

  test("has in dev what docs/costs.md says of it", () => {
    expect(Math.round(monthOf(dev, "Glue: manifests-stream"))).toBe(161);
    expect(COSTS).toContain("two workers G.025X are half a DPU: 161 USD a month");
    expect(Math.round(monthOf(dev, "RDS: db.t4g.micro"))).toBe(12);
    expect(COSTS).toContain("(`db.t4g.micro` 12, 20 GB at 0.115)");
  });

  test.each<[string, Environment, string[]]>([
    ["the one gateway of dev", dev, ["VPC: NAT gateways"]],
    [
      "no rounds of a job that starts by hand",
      { ...prod, ledger: { ...prod.ledger, scheduled: false } },
      ["VPC: interface endpoints"],
    ],
    [
      "no server that exists already",
      {
        ...dev,
        ledger: { ...dev.ledger, postgres: { ...dev.ledger.postgres, server: "existing" } },
        network: { ...dev.network, egress: "endpoints" },
      },
      [],
    ],
  ])("counts %s", (_, environment, after) => {
    const servers = environment.ledger.postgres.server === "managed" ? ["RDS: ", "RDS: storage"] : [];
    const found = standingCosts(environment).map(({ what }) => what);
    expect(found).toHaveLength(1 + servers.length + after.length);
    expect(found).toEqual(expect.arrayContaining(after));
  });

  test.each<[Pipeline[], string[]]>([
    [["uploads"], []],
    [["manifests"], ["Glue: manifests-stream"]],
    [["ledger"], ["RDS: db.t4g.micro", "RDS: storage", "VPC: NAT gateways"]],
  ])("is in dev with %j alone that of %j", (pipelines, expected) => {
    const environment = { ...dev, pipelines };
    expect(standingCosts(environment).map(({ what }) => what)).toEqual(expected);
    expect(standingCostsText(environment).includes("tributary manifests stop")).toBe(
      pipelines.includes("manifests"),
    );
    if (expected.length === 0) {
      expect(standingCostsText(environment)).toBe("nothing that costs by the hour runs without files");
    }
  });

  test("has no endpoint that only an absent pipeline calls", () => {
    const arithmeticOf = (environment: Environment) =>
      standingCosts(environment).find(({ what }) => what === "VPC: interface endpoints")?.arithmetic;
    expect(arithmeticOf(prod)).toBe("8 services × 3 zones × 0.01 × 24");
    expect(arithmeticOf({ ...prod, pipelines: ["ledger"] })).toBe("7 services × 3 zones × 0.01 × 24");
  });

  test("is told with what it comes to a day, its arithmetic and how to end it", () => {
    const text = standingCostsText(dev);
    expect(text).toMatch(
      /Glue: manifests-stream +\$5\.28 +2 workers G\.025X = 0\.5 DPU × 0\.44 × 24 +tributary manifests stop\n/,
    );
    expect(text).toMatch(/VPC: NAT gateways +\$1\.08 /);
    expect(text).toMatch(/^\$6\.82 a day by the list prices/m);
    expect(text).toMatch(/until npx tributary manifests stop --environment dev$/);
  });

  test("is left open for a server whose price is not known here", () => {
    const postgres = { ...dev.ledger.postgres, instanceClass: "db.r8g.large" };
    const text = standingCostsText({ ...dev, ledger: { ...dev.ledger, postgres } });
    expect(text).toMatch(/RDS: db\.r8g\.large +- +see aws\.amazon\.com\/rds\/postgresql\/pricing/);
  });
});
