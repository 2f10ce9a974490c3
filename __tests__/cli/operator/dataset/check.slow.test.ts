import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Checkout } from "../../../support/checkout";

const checkout = new Checkout();
afterAll(() => checkout.remove());

describe("tributary dataset check", () => {
  test.each([
    ["npx tributary dataset check", "6 datasets, no problem\n"],
    ["npx tributary dataset check customers", "1 dataset, no problem\n"],
    ["npx tributary dataset check local/samples/events --json", '{\n  "datasets": 1,\n  "problems": []\n}\n'],
  ])("finds nothing: %s", async (command, stdout) => {
    expect(await checkout.run(command)).toMatchObject({ code: 0, stdout });
  });

  test("says what names can be checked", async () => {
    expect(await checkout.run("npx tributary dataset check nope")).toMatchObject({
      code: 2,
      stderr:
        "error: NAME: expected one of clicks, customers, ml_events, smoke_ledger, smoke_manifests, smoke_uploads, " +
        'or a folder with a dataset.json, got "nope"\n',
    });
  });
});

describe("a declaration with problems", () => {
  const orders = checkout.path("datasets", "orders");
  const customers = JSON.parse(readFileSync(checkout.path("datasets", "customers", "dataset.json"), "utf8"));
  const document = { ...customers, name: "orders", pipeline: "stream", prefix: "input/customers/2026/" };
  const problem =
    'datasets/orders/dataset.json:7:3: pipeline: expected one of uploads, manifests, ledger, got "stream"';
  beforeAll(() => {
    mkdirSync(orders);
    writeFileSync(`${orders}/dataset.json`, JSON.stringify(document, undefined, 2));
  });

  test("is told by the check", async () => {
    const { code, stdout } = await checkout.run("npx tributary dataset check");
    expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringContaining(`${problem}\n`) });
  });

  test("stops a synthesis, a deploy and a try before they begin", async () => {
    for (const [command, code] of [
      ["npm run --silent synth -- --environment dev", 1],
      ["npm run --silent deploy -- --environment dev --prepare", 1],
      ["npm run --silent try -- orders local/samples/customers/may.csv", 2],
    ] as const) {
      const outcome = await checkout.run(command);
      expect(outcome).toMatchObject({ code, stderr: expect.stringContaining(problem) });
      expect(outcome.stderr).not.toContain("    at ");
    }
  });
});
