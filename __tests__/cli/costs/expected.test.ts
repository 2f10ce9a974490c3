import { describe, expect, jest, test } from "@jest/globals";
import { total } from "../../../cli/costs/model/cost";
import { expectedCosts } from "../../../cli/costs/model/expected";
import { Terminal } from "../../../cli/operator/command/terminal";
import { showExpectedCosts } from "../../../cli/operator/pipelines/expected-costs";
import { operatorProgram } from "../../../cli/operator/program";
import { loadEnvironment } from "../../../environments/schema";
import { oldestPriceDate } from "../../../runtime/prices/age";

const COMMAND = "npx tributary costs --expected --environment prod";
const prod = loadEnvironment("prod");

function shown(json: boolean, days = 0): { readonly text: string; readonly warnings: string } {
  const [out, errors]: string[][] = [[], []];
  const screen = (to: string[] | undefined) => ({
    writable: true,
    write: (text: string) => (to?.push(text) ?? 0) > 0,
  });
  const now = new Date(Date.parse(oldestPriceDate()) + days * 86_400_000);
  const terminal = new Terminal(json, screen(out), screen(errors));
  expect(showExpectedCosts(terminal, { environment: "prod" }, now)).toBe(0);
  return { text: (out ?? []).join(""), warnings: (errors ?? []).join("") };
}

describe("tributary costs --expected", () => {
  test("shows totals by stack and pipeline, then each cost with its arithmetic", () => {
    const { text, warnings } = shown(false);
    const costs = expectedCosts(prod);
    const sum = total(costs).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
    expect(text).toMatch(/^prod\n\na month +shared +uploads +manifests +ledger +together\n/);
    expect(text).toMatch(/^network +\$176\.20 +\$0\.00 +\$0\.00 +\$0\.00 +\$176\.20$/m);
    expect(text).toMatch(new RegExp(`^together +.* \\$${sum.replaceAll(/[.,]/g, "\\$&")}$`, "m"));
    expect(text).toMatch(
      /^compute +manifests +\$963\.60 +Glue: manifests-stream +3 workers G\.1X = 3 DPU × 730 h × 0\.44$/m,
    );
    expect(warnings).toBe("");
  });

  test("gives the same as JSON", () => {
    const data = JSON.parse(shown(true).text);
    expect(data).toMatchObject({ environment: "prod", usage: prod.usage });
    expect(data.dollarsPerMonth).toBeCloseTo(total(expectedCosts(prod)));
    expect(data.costs).toHaveLength(expectedCosts(prod).length);
  });

  test.each([
    [180, ""],
    [181, expect.stringMatching(/^prices of .* are 181 days old: .*\n$/)],
  ])("of prices that are %d days old warns rightly", (days, warnings) => {
    expect(shown(true, days).warnings).toEqual(warnings);
  });

  test("needs no account", async () => {
    const written: string[] = [];
    const write = jest.spyOn(process.stdout, "write").mockImplementation((text) => {
      written.push(String(text));
      return true;
    });
    try {
      const codes: number[] = [];
      const words = [...COMMAND.split(" ").slice(2), "--json"];
      await operatorProgram((code) => codes.push(code)).parseAsync(words, { from: "user" });
      expect(codes).toEqual([0]);
    } finally {
      write.mockRestore();
    }
    expect(JSON.parse(written.join("")).environment).toBe("prod");
  });
});
