import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { LARGEST_BYTES } from "../../local/outcome/report/page";
import type { Report } from "../../local/outcome/results";
import { PYTHONPATH } from "../../setup/paths";
import { ensurePython } from "../../setup/python";
import { Checkout } from "../support/checkout";
import { read } from "./pages";

const PAGE = "docs/your-own-data.md";
const MATRIX = join(__dirname, "..", "support", "matrix", "make_matrix.py");
/** A deploy takes minutes: so the page's brings files of every format through every pipeline beside the reader's. */
const START = /^npm start .*$/m;
const WITH_MATRIX = "$& --input new-versions --report report.json";

const checkout = new Checkout();
afterAll(() => checkout.remove());

test(`${PAGE} does to the letter what it says, while every format comes through every pipeline`, async () => {
  const { python } = await ensurePython("run", () => undefined);
  const folders = ["datasets", "my-files", "new-versions"].map((name) => checkout.path(name));
  const env = { ...process.env, PYTHONPATH };
  const matrix = JSON.parse(execFileSync(python, [MATRIX, ...folders], { env, encoding: "utf8" }));
  writeFileSync(checkout.path("my-files", "notes.txt"), "");
  let stdout = "";
  for (const [, kind, block = ""] of read(PAGE).matchAll(/^```(\w+)\n(.*?)^```/gms)) {
    if (kind === "csv") writeFileSync(checkout.path("orders.csv"), block);
    else if (kind === "json")
      expect(readFileSync(checkout.path("datasets", "orders", "dataset.json"), "utf8")).toBe(block);
    else if (kind === "text") expect(stdout).toContain(block.trimEnd());
    else {
      const outcome = await checkout.run(block.replace(START, WITH_MATRIX));
      expect(outcome).toMatchObject({ code: 0, stderr: "" });
      stdout = outcome.stdout;
    }
  }
  expect(stdout).toMatch(/^not uploaded, for no dataset takes them \(.*\):\n {2}notes\.txt$/m);
  const [, place = ""] = /^ {2}a page about it +(\S+)$/m.exec(stdout) ?? [];
  const page = readFileSync(checkout.path(place), "utf8");
  expect(page).toContain("<h1>Every row is accounted for</h1>");
  expect(page).toContain("SELECT country, count(*) AS orders, sum(cost_total) AS total FROM orders");
  expect(page).toContain("<code>notes.txt</code>");
  expect(Buffer.byteLength(page)).toBeLessThanOrEqual(LARGEST_BYTES);
  const { pipelines }: Report = JSON.parse(readFileSync(checkout.path("report.json"), "utf8"));
  const counts = Object.values(pipelines).flatMap(({ datasets }) => Object.entries(datasets));
  const orders = {
    files: 1,
    rowsIn: 12,
    rowsOut: 12,
    deadLetters: 0,
    quarantined: 0,
    lost: 0,
    duplicated: 0,
  };
  expect(Object.keys(matrix)).toHaveLength(18);
  expect(Object.fromEntries(counts)).toMatchObject({ ...matrix, orders });
  expect(counts).toHaveLength(19);
  expect(await checkout.run("npx biome check datasets/orders")).toMatchObject({ code: 0 });
  const samples = "../.tributary/python/bin/python -m pytest -q tests/datasets/test_samples.py";
  const { code, stdout: shown } = await checkout.run(samples, "glue");
  expect({ code, shown }).toEqual({ code: 0, shown: expect.stringContaining("1 passed") });
});
