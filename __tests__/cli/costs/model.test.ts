import { describe, expect, test } from "@jest/globals";
import { priced, sum } from "../../../cli/costs/model/amount";
import { type Cost, total } from "../../../cli/costs/model/cost";
import { expectedCosts } from "../../../cli/costs/model/expected";
import { ledgerCosts } from "../../../cli/costs/model/ledger";
import { filesPerManifest, sweepsOf } from "../../../cli/costs/model/manifests-load";
import { keptBehind } from "../../../cli/costs/model/storage";
import { type Environment, loadEnvironment, type Pipeline } from "../../../environments/schema";
import { PRICES } from "../../../runtime/prices/table";

const [dev, prod] = [loadEnvironment("dev"), loadEnvironment("prod")];
const alone = (environment: Environment, ...pipelines: Pipeline[]) => ({ ...environment, pipelines });

/** Dollars by what they are for, in cents. */
function months(costs: readonly Cost[]): Record<string, number | undefined> {
  return Object.fromEntries(
    costs.map(({ what, dollars }) => [what, dollars && Math.round(dollars * 100) / 100]),
  );
}

describe("an amount", () => {
  test("has its arithmetic from the same figures", () => {
    expect(priced(PRICES.queueRequest, [146e6, "sends"])).toEqual({
      dollars: expect.closeTo(58.4),
      text: "146 M sends × 0.40 a million",
    });
    const both = sum(
      priced(PRICES.key, [1, "key"]),
      priced(PRICES.functionTime, 43_800, [2, "s"], [0.25, "GB"]),
    );
    expect(both.text).toBe("1 key × 1.00 + 43,800 × 2 s × 0.25 GB × 0.0000133334");
  });

  test("of storage fills the dearer tiers first", () => {
    // 51,200 at 0.023, 424,700 at 0.022; then 36,100 more at 0.022 and 149,200 at 0.021
    expect(keptBehind(0, 475_900).dollars).toBeCloseTo(1177.6 + 9343.4, 2);
    expect(keptBehind(475_900, 185_300).dollars).toBeCloseTo(794.2 + 3133.2, 2);
  });
});

describe("manifests at 200,000 files and 700 GB an hour", () => {
  const costs = expectedCosts(alone(prod, "manifests")).filter(({ pipeline }) => pipeline === "manifests");

  test.each<[string, number]>([
    ["Glue: manifests-stream", 963.6],
    // 146 M files: sends, and receives and deletes of ten each
    ["SQS: manifests-inputs", 70.08],
    // 521,429 manifests of 280 files, four requests each
    ["SQS: manifests-ready", 0.83],
    ["Lambda: manifests-builder", 3.58],
    ["Lambda: control-plane", 3.88],
    // it never rests: 730 h × 0.5 GB
    ["Lambda: manifests-reconciler", 17.52],
    ["DynamoDB: writes to the tracking table", 182.5],
    ["DynamoDB: writes to its index", 182.5],
    // 144 M rows of 0.75 KB × (0.25 + 0.20)
    ["DynamoDB: storage and backups", 48.6],
    ["S3: uploads", 730],
    ["S3: reads", 58.4],
    ["S3: manifests, receipts, Parquet", 8.45],
    ["S3: storage of a month's input", 10_521.12],
    ["S3: moves to Intelligent-Tiering", 1460],
    ["CloudTrail: data events", 292],
    ["CloudWatch: alarms", 1.7],
  ])("cost for %s %d USD a month", (what, dollars) => {
    expect(months(costs)[what]).toBeCloseTo(dollars, 1);
  });

  test("keep the reconciler busy: four pages a second for a month, and no more", () => {
    const { together, isBusy, warm } = sweepsOf(prod);
    expect(isBusy).toBe(true);
    expect(together.pages).toBeCloseTo(730 * 3600 * 4, -1);
    // a date of 4,800 pages comes round after 20 hours
    expect(warm.objects).toBeCloseTo((13 * 4.8e6 * 730) / 20, -6);
  });

  test("fill a manifest, and fewer files what a poller gathers", () => {
    expect(filesPerManifest(prod)).toBe(280);
    const usage = { ...prod.usage, manifests: { filesPerHour: 120_000, megabytesPerHour: 1 } };
    // 33.3 files a second × 30 s ÷ 5 pollers
    expect(filesPerManifest({ ...prod, usage })).toBe(200);
    expect(filesPerManifest(dev)).toBe(1);
  });
});

describe("what is paid without a file", () => {
  const standing = (environment: Environment) => expectedCosts(environment).filter(({ by }) => by === "time");

  test.each<[string, Environment, number]>([
    ["VPC: interface endpoints", prod, 175.2],
    ["VPC: interface endpoints", alone(prod, "uploads"), 131.4],
    ["VPC: interface endpoints", alone(prod, "ledger"), 153.3],
    ["VPC: NAT gateways", dev, 32.85],
    ["VPC: their addresses", dev, 3.65],
    ["Glue: manifests-stream", dev, 160.6],
    ["RDS: db.m7g.large with a standby", prod, 245.28],
    ["RDS: storage", prod, 23],
    ["RDS: backups", prod, 4.75],
    ["RDS: db.t4g.micro", dev, 11.68],
    ["Glue: ledger-batch, with nothing to do", prod, 42.83],
    ["Glue: ledger-lister, with nothing new", prod, 0.89],
  ])("has %s", (what, environment, dollars) => {
    expect(months(standing(environment))[what]).toBeCloseTo(dollars, 1);
  });

  test.each<[string, Environment, readonly string[]]>([
    [
      "no rounds of a job that starts by hand",
      dev,
      ["Glue: ledger-batch, with nothing to do", "Glue: ledger-lister, with nothing new"],
    ],
    [
      "no server that exists already",
      { ...dev, ledger: { ...dev.ledger, postgres: { ...dev.ledger.postgres, server: "existing" } } },
      ["RDS: db.t4g.micro", "RDS: storage", "RDS: backups", "Secrets Manager: the server's secret"],
    ],
    [
      "nothing of the VPC where nothing runs there",
      alone(dev, "manifests"),
      ["VPC: NAT gateways", "VPC: their addresses", "KMS: key of flow logs"],
    ],
  ])("has %s", (_, environment, absent) => {
    const found = Object.keys(months(standing(environment)));
    expect(found.filter((what) => absent.includes(what))).toEqual([]);
  });

  test("is left open for a server whose price is not known", () => {
    const postgres = { ...dev.ledger.postgres, instanceClass: "db.r8g.large" };
    const costs = standing({ ...dev, ledger: { ...dev.ledger, postgres } });
    expect(costs.find(({ what }) => what === "RDS: db.r8g.large")).toMatchObject({
      dollars: undefined,
      arithmetic: "no price in the table",
    });
  });

  test("is all that is paid where nothing comes", () => {
    const none = { filesPerHour: 0, megabytesPerHour: 0 };
    const usage = { hoursPerMonth: 730, uploads: none, manifests: none, ledger: none };
    const costs = expectedCosts({ ...prod, usage });
    expect(costs.filter(({ by }) => by === "storage")).toEqual([]);
    expect(total(costs.filter(({ by }) => by === "files"))).toBe(0);
  });
});

describe("a million files of the ledger", () => {
  const costs = ledgerCosts(prod, { files: 1e6 });

  test("cost about 11 USD with the move", () => {
    expect(months(costs)).toEqual({
      "S3: uploads": 5,
      "S3: reads": 0.4,
      "S3: move to the processed prefix": 5,
      "S3: staging, Parquet": 0.03,
      "SQS: ledger-inputs": 0.48,
      "Glue: ledger-batch": 0.37,
    });
  });

  test("cost tags in the place of copies", () => {
    const ledger = { ...prod.ledger, batch: { ...prod.ledger.batch, archive: "tag" as const } };
    const tagged = months(ledgerCosts({ ...prod, ledger }, { files: 1e6 }));
    expect(tagged["S3: tags of processed files"]).toBe(6);
    expect(tagged).not.toHaveProperty("S3: move to the processed prefix");
  });
});

describe("uploads", () => {
  const job = (uploads: Environment["usage"]["uploads"]) =>
    months(expectedCosts({ ...prod, pipelines: ["uploads"], usage: { ...prod.usage, uploads } }))[
      "Glue: uploads-job"
    ];

  test.each<[string, Environment["usage"]["uploads"], number]>([
    // 730 × (1 − e^(−10 × 60 ÷ 3600)) h × 2 DPU × 0.44
    ["keep a run up for a minute each", { filesPerHour: 10, megabytesPerHour: 500 }, 98.62],
    ["that trickle keep it up for good", { filesPerHour: 3600, megabytesPerHour: 3600 }, 642.4],
    // 730 × 1,000 GB ÷ 20 MB/s ÷ 4 cores a DPU × 0.44
    ["beyond its workers cost what their work takes", { filesPerHour: 1000, megabytesPerHour: 1e6 }, 1115.28],
  ])("%s", (_, usage, dollars) => {
    expect(job(usage)).toBeCloseTo(dollars, 1);
  });

  test("cost less on spare capacity", () => {
    const workers = { ...prod.uploads.workers, executionClass: "FLEX" as const };
    const flexible = { ...alone(prod, "uploads"), uploads: { ...prod.uploads, workers } };
    const usage = { ...prod.usage, uploads: { filesPerHour: 10, megabytesPerHour: 500 } };
    expect(months(expectedCosts({ ...flexible, usage }))["Glue: uploads-job"]).toBeCloseTo(
      (98.62 * 0.29) / 0.44,
      1,
    );
  });
});
