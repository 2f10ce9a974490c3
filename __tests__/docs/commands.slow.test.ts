import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ROOT } from "../../setup/paths";
import { Checkout } from "../support/checkout";

/** For commands that leave the project's files as they are. */
const untouched = new Checkout();
afterAll(() => untouched.remove());

let checkout: Checkout;
/** Gives each test of a group a copy of its own. */
function eachInItsCopy(): void {
  beforeEach(() => {
    checkout = new Checkout();
  });
  afterEach(() => checkout.remove());
}

const CHECKERS = ["checkov", "moto", "policy-sentry", "zizmor", "cyclonedx-bom"];

const SUPPLIERS = {
  name: "suppliers",
  owner: "purchasing",
  classification: "internal",
  pipeline: "uploads",
  description: "Who delivers.",
  prefix: "input/suppliers/",
  format: { kind: "csv", delimiter: "," },
  columns: ["id", "country"].map((name) => ({ name, type: "string", comment: "As it stood" })),
  outputColumns: ["id", "country"].map((name) => ({ name, type: "string", comment: "As it stood" })),
  outputs: { parquet: { compression: "snappy" }, csv: false },
};

describe("npm run try", () => {
  test.each([
    ["npm run try -- customers local/samples/customers/april.csv", "rows in 10, rows out 10, dead letters 0"],
    [
      "npm run try -- customers local/samples/customers/broken-lines.csv",
      "line 3: wrong-field-count: expected 6 fields, found 3",
    ],
    ["npm run try -- customers local/samples/customers/may.csv --json", '"invalid email": 1'],
    [
      "npm run try -- ml_events local/samples/ml_events/raw-json-data/2026/week05/events.json",
      "rows in 5, rows out 3, dead letters 2",
    ],
    [
      "npm run try -- local/samples/events local/samples/events/2026-02-03-broken-lines.ndjson",
      'line 4: bad-value: the column "amount" has "9.999", which is no decimal(12,2)',
    ],
  ])("shows what comes of a file: %s", async (line, shown) => {
    const { code, stdout } = await untouched.run(line);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining(shown) });
  });

  test("writes the outputs", async () => {
    const line = "npm run try -- customers local/samples/customers/*.csv --out out";
    expect(await untouched.run(line)).toMatchObject({ code: 0 });
    for (const name of ["april.parquet", "april.csv", "broken-lines.dead-letters.ndjson"]) {
      expect(existsSync(untouched.path("out", name))).toBe(true);
    }
  });
});

describe("npm run generate", () => {
  test.each([
    ["npm run generate -- ndjson --help", "--dirty SHARE"],
    [
      "npm run generate -- ndjson --count 2 --size 3.5MB --seed 1 --dirty 0.01 --out DIR",
      "2 files in DIR: 7.0 MB",
    ],
  ])("writes files: %s", async (line, shown) => {
    const { code, stdout } = await untouched.run(line);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining(shown) });
  });
});

describe("a new dataset", () => {
  eachInItsCopy();
  beforeEach(() => {
    const folder = checkout.path("datasets", "suppliers");
    mkdirSync(folder);
    writeFileSync(join(folder, "dataset.json"), JSON.stringify(SUPPLIERS));
    writeFileSync(join(folder, "transform.sql"), "SELECT line, id, upper(country) AS country FROM input");
  });

  test("is known to npm run try", async () => {
    writeFileSync(checkout.path("a.csv"), "id,country\n1,nl\n");
    const { code, stdout } = await checkout.run("npm run try -- suppliers a.csv --json");
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('"country": "NL"') });
  });

  test("has a table in the catalog", async () => {
    expect(await checkout.run("npm run synth -- --environment dev")).toMatchObject({ code: 0 });
    const stack = readFileSync(checkout.path("cdktf.out", "stacks", "dev-storage", "cdk.tf.json"), "utf8");
    const tables = Object.values<{ name: string }>(JSON.parse(stack).resource.aws_glue_catalog_table);
    expect(tables.map(({ name }) => name)).toContain("suppliers");
  });
});

describe("a new environment", () => {
  eachInItsCopy();
  test("is one file and one line", async () => {
    const dev = readFileSync(checkout.path("environments", "dev.ts"), "utf8");
    const files = checkout.path("environments", "files.ts");
    writeFileSync(checkout.path("environments", "qa.ts"), dev.replace("const dev:", "const qa:"));
    writeFileSync(files, `${readFileSync(files, "utf8")}export { qa } from "./qa";\n`);
    const { stdout } = await checkout.run("npx cdktf list", ".", { CI: "true" });
    expect(stdout.match(/^qa-\w+/gm)).toHaveLength(5);
    expect(await checkout.run("npm run docs")).toMatchObject({ code: 0 });
    expect(readFileSync(checkout.path("docs", "environments.md"), "utf8")).toMatch(/^\| setting .* qa \|/m);
  });
});

describe("npm run fix", () => {
  eachInItsCopy();
  test("repairs the format of TypeScript and Python", async () => {
    const good = ["environments/schema/names.ts", "local/process/supervisor.py"].map((file) =>
      checkout.path(file),
    );
    const texts = good.map((file) => readFileSync(file, "utf8"));
    good.forEach((file, index) => {
      writeFileSync(file, `\n\n\n${texts[index]}\n\n`);
    });
    expect(await checkout.run("npm run fix")).toMatchObject({ code: 0 });
    expect(good.map((file) => readFileSync(file, "utf8"))).toEqual(texts);
  });
});

describe("npm run test:unit", () => {
  eachInItsCopy();
  beforeEach(() => {
    for (const folder of ["__tests__", "glue/tests"]) {
      for (const entry of readdirSync(checkout.path(folder))) {
        // what jest itself asks for
        if (entry !== "support") rmSync(checkout.path(folder, entry), { recursive: true });
      }
    }
    writeFileSync(
      checkout.path("glue", "tests", "test_one.py"),
      "def test_one() -> None:\n    assert True\n",
    );
  });

  test.each([
    ["passes when all pass", "test('one', () => {})", 0, "2 passed, 0 failed"],
    ["fails when one fails", "test('one', () => { throw new Error('bad') })", 1, "1 passed, 1 failed"],
    ["fails when one is skipped", "test.skip('one', () => {})", 1, "1 passed, 1 failed"],
  ])("%s", async (_, source, code, last) => {
    writeFileSync(checkout.path("__tests__", "one.test.ts"), source);
    const outcome = await checkout.run("npm run test:unit");
    expect(outcome).toMatchObject({ code });
    expect(outcome.stdout.trimEnd().split("\n").at(-1)).toBe(last);
  });
});

describe("npx jest -u", () => {
  eachInItsCopy();
  test("renews the snapshots of the stacks", async () => {
    const name = ["__tests__", "stacks", "__snapshots__", "snapshots.test.ts.snap"];
    const snapshots = checkout.path(...name);
    writeFileSync(snapshots, readFileSync(snapshots, "utf8").replaceAll("enable_dns_support", "changed"));
    const line = "npx jest -u __tests__/stacks/snapshots.test.ts __tests__/stacks/stateful-addresses.test.ts";
    expect(await checkout.run(line)).toMatchObject({ code: 0 });
    expect(readFileSync(snapshots, "utf8")).toBe(readFileSync(join(ROOT, ...name), "utf8"));
  });
});

describe("the locks of the Python packages", () => {
  eachInItsCopy();
  test("are what their commands make of what is asked for", async () => {
    const pip = ".tributary/python/bin/python -m pip install --quiet --target tools uv==0.13.9";
    expect(await checkout.run(pip)).toMatchObject({ code: 0 });
    const PATH = `${checkout.path("tools", "bin")}:${process.env["PATH"]}`;
    for (const line of [
      "uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --extra local pyproject.toml -o requirements.lock",
      "uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --extra local --extra dev pyproject.toml -o requirements-dev.lock",
    ]) {
      expect(await checkout.run(line, "glue", { PATH })).toMatchObject({ code: 0 });
    }
    const checker =
      "uv pip compile --universal --python-version 3.11 --generate-hashes --no-header checkov.in -o checkov.lock";
    for (const name of CHECKERS) {
      const line = checker.replaceAll("checkov", name);
      expect(await checkout.run(line, "setup/checkers", { PATH })).toMatchObject({ code: 0 });
    }
    writeFileSync(checkout.path("glue", "wheels.json"), "[]");
    expect(await checkout.run("npm run pin-wheels")).toMatchObject({ code: 0 });
    for (const file of [
      ...["requirements.lock", "requirements-dev.lock", "wheels.json"].map((each) => join("glue", each)),
      ...CHECKERS.map((each) => join("setup", "checkers", `${each}.lock`)),
    ]) {
      expect(pins(checkout.path(file))).toEqual(pins(join(ROOT, file)));
    }
  });
});

describe("tributary", () => {
  test.each(["npx tributary --help", "npm exec tributary -- --help"])("answers to %s", async (line) => {
    const { code, stdout } = await untouched.run(line);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^Usage: tributary /) });
  });
});

describe("npm run bench", () => {
  test("lists the benches", async () => {
    const { code, stdout } = await untouched.run("npm run bench -- --help");
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^ {2}csv {2}MB\/s/m) });
  });

  test("gives its rows as JSON with machine, versions and sample beside them", async () => {
    const { code, stdout } = await untouched.run(
      "npm run --silent bench -- csv --rows 500 --runs 1 --big 1 --json",
    );
    expect(code).toBe(0);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ bench: "csv", rowsAgree: true, sample: { rows: 500, runs: 1 } });
    expect(report.rows.map(({ engine }: { engine: string }) => engine)).toContain("tributary, a big file");
    expect(Object.keys(report.versions)).toEqual(["duckdb", "pyarrow", "pyspark", "python"]);
  });
});

describe("npm run fuzz", () => {
  test("finds no difference", async () => {
    const { code, stdout } = await untouched.run("npm run fuzz -- --minutes 0.05");
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/lines\/s: no difference$/m) });
  });
});

describe("npm run bench -- manifests", () => {
  test("tells where the time of a manifest goes, from S3 to S3", async () => {
    const { code, stdout } = await untouched.run(
      "npm run --silent bench -- manifests --megabytes 7 --slots 2 --without-spark --json",
    );
    expect(code).toBe(0);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ bench: "manifest", sample: { megabytes: 7, files: 2 } });
    expect(report.rows).toEqual([
      expect.objectContaining({ engine: "tributary", slots: 2, manifests: 2, isWhole: true }),
    ]);
  });
});

describe("npm run bench -- ndjson", () => {
  const SMALL = "npm run --silent bench -- ndjson --megabytes 1 --runs 1";

  test("tells of every engine how fast it was and what it changed", async () => {
    const { code, stdout } = await untouched.run(`${SMALL} --shapes nested,dirty --cores 1 --json`);
    expect(code).toBe(0);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({
      bench: "ndjson",
      sample: { megabytes: { nested: 1, dirty: 1 }, runs: 1 },
    });
    expect(Object.keys(report.versions)).toEqual([
      "duckdb",
      "pyarrow",
      "polars",
      "msgspec",
      "pyspark",
      "python",
    ]);
    expect(report.spark).toMatchObject({ master: "local[cores]", "spark.driver.memory": "4g" });
    const told = report.rows.map((row: Record<string, unknown>) => [
      `${row["shape"]}: ${row["engine"]}`,
      row["failure"] === null ? row["exact"] : "failed",
    ]);
    expect(Object.fromEntries(told)).toEqual({
      "nested: tributary, parse alone": null,
      "nested: tributary, text": true,
      "nested: tributary, typed": true,
      "nested: Spark, cold": false,
      "nested: Spark, warm": false,
      "nested: DuckDB": false,
      "nested: DuckDB, all VARCHAR": false,
      "nested: polars": false,
      "nested: polars, all String": false,
      "nested: msgspec, pyarrow": true,
      "dirty: tributary, parse alone": null,
      "dirty: tributary, text": true,
      "dirty: tributary, typed": true,
      "dirty: Spark, warm": "failed",
      "dirty: DuckDB": false,
      "dirty: DuckDB, all VARCHAR": false,
      "dirty: polars": "failed",
      "dirty: polars, all String": "failed",
      "dirty: msgspec, pyarrow": false,
    });
    for (const row of report.rows.filter(({ failure }: { failure: unknown }) => failure === null)) {
      expect((row.megabytesPerSecond * row.seconds) / row.megabytes).toBeCloseTo(1);
      expect(row.peakMegabytes).toBeGreaterThan(20);
    }
    expect(report.required.map(({ measured }: { measured: unknown }) => typeof measured)).toEqual(
      Array(5).fill("number"),
    );
  });

  test("takes each shape on two cores, and says which figures are required", async () => {
    const { code, stdout } = await untouched.run(`${SMALL} --engines text --cores 2`);
    expect(code).toBe(0);
    expect(stdout.match(/^\w\S* +tributary, text +2 .* yes$/gm)).toHaveLength(8);
    expect(stdout.match(/^required: .* measured None: not measured$/gm)).toHaveLength(5);
  });
});

/** Package versions of a lock, without hashes (a release may get further files), or the whole list of wheels. */
function pins(file: string): string[] {
  const text = readFileSync(file, "utf8");
  return file.endsWith(".json") ? text.split("\n") : (text.match(/^[\w.-]+==[^\\]+/gm) ?? []);
}
