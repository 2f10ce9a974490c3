import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import {
  type DatedDataset,
  datasetsOf,
  datedDatasetsOfFunctions,
  declaredDatasets,
  outermostPrefixes,
} from "../../datasets/schema/datasets";
import { SMOKE_DATASETS, SMOKE_PREFIXES } from "../../runtime/smoke";
import { PYTHONPATH, ROOT } from "../../setup/paths";
import { ensurePython } from "../../setup/python";
import { dataset } from "../support/dataset";
import { outcomeOf } from "../support/outcome";

describe("the declared datasets", () => {
  test.each([
    ["uploads", ["customers", "smoke_uploads"]],
    ["manifests", ["clicks", "smoke_manifests"]],
    ["ledger", ["ml_events", "smoke_ledger"]],
  ] as const)("of the pipeline %s are chosen by it", (pipeline, names) => {
    expect(datasetsOf(pipeline).map(({ name }) => name)).toEqual(names);
  });

  test("have the versions that the jobs write into files", async () => {
    const { python } = await ensurePython("run", () => {});
    const program =
      "import json; from tributary.datasets import declared_datasets; print(json.dumps({d.name: d.version for d in declared_datasets()}))";
    const { stdout } = await outcomeOf([python, "-c", program], ROOT, { PYTHONPATH });
    const versions = declaredDatasets().map(({ name, version }) => [name, version]);
    expect(JSON.parse(stdout)).toEqual(Object.fromEntries(versions));
  });

  test("have those of smoke tests under the prefixes that go by their names", () => {
    const all = declaredDatasets();
    const prefixes = Object.entries(SMOKE_DATASETS).map(([pipeline, dataset]) => [
      pipeline,
      all.find(({ name }) => name === dataset)?.prefix,
    ]);
    expect(Object.fromEntries(prefixes)).toEqual(SMOKE_PREFIXES);
    const migration = join(ROOT, "runtime", "ledger", "migrations", "sql", "0005-smoke-tests.sql");
    expect(readFileSync(migration, "utf8")).toContain(`starts_with(s3_key, '${SMOKE_PREFIXES.ledger}')`);
  });
});

test("the outermost prefixes leave out those that lie within another, and no other that begins alike", () => {
  const prefixes = ["raw/", "raw/history/smoke_ledger/", "input/orders/", "input/orders_eu/"];
  expect(outermostPrefixes(prefixes.map((prefix) => ({ prefix })))).toEqual([
    "raw/",
    "input/orders/",
    "input/orders_eu/",
  ]);
});

describe("the dated datasets of a function", () => {
  test.each<[string, object, object | null]>([
    ["as declared", { size: { megabytes: 1.1, tolerancePercent: 5 } }, { bytes: 1_100_000, tolerance: 0.05 }],
    ["10 % more or less", { size: { megabytes: 2 } }, { bytes: 2_000_000, tolerance: 0.1 }],
    ["of any kind", {}, null],
  ])("have files of a size %s", (_, size, expected) => {
    const clicks = dataset({ pipeline: "manifests", dates: { from: "2020-01-01" }, ...size }) as DatedDataset;
    expect(datedDatasetsOfFunctions([clicks])).toEqual([
      { name: "events", prefix: "input/events/", from: "2020-01-01", size: expected },
    ]);
  });
});
