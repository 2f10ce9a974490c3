import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, expect, test } from "@jest/globals";
import { Checkout } from "../support/checkout";
import { read } from "./pages";

const PAGE = "docs/your-own-data.md";

const checkout = new Checkout();
afterAll(() => checkout.remove());

test(`${PAGE} does to the letter what it says`, async () => {
  let stdout = "";
  for (const [, kind, block = ""] of read(PAGE).matchAll(/^```(\w+)\n(.*?)^```/gms)) {
    if (kind === "csv") writeFileSync(checkout.path("orders.csv"), block);
    else if (kind === "json")
      expect(readFileSync(checkout.path("datasets", "orders", "dataset.json"), "utf8")).toBe(block);
    else if (kind === "text") expect(stdout).toContain(block);
    else {
      const outcome = await checkout.run(block);
      expect(outcome).toMatchObject({ code: 0, stderr: "" });
      stdout = outcome.stdout;
    }
  }
  expect(await checkout.run("npx biome check datasets/orders")).toMatchObject({ code: 0 });
  const samples = "../.tributary/python/bin/python -m pytest -q tests/datasets/test_samples.py";
  const { code, stdout: shown } = await checkout.run(samples, "glue");
  expect({ code, shown }).toEqual({ code: 0, shown: expect.stringContaining("1 passed") });
});
