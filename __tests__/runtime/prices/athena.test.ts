import { describe, expect, test } from "@jest/globals";
import { costOfQuery } from "../../../runtime/prices/athena";

const scanned = (DataScannedInBytes: number) => ({ DataScannedInBytes });

describe("the cost of a query", () => {
  // 5 dollars a TB are 0.000005 a MB
  test.each([
    ["a whole TB", scanned(1e12), 5],
    ["more than 12 MB, as 13", scanned(12_000_001), 0.000_065],
    ["less than 10 MB, as 10", scanned(1), 0.000_05],
    ["nothing, as 10 MB", {}, 0.000_05],
  ])("of %s", (_, Statistics, dollars) => {
    expect(costOfQuery({ Statistics })).toBeCloseTo(dollars, 12);
  });

  test.each([
    ["cancelled is what it scanned", { Status: { State: "CANCELLED" as const } }, 0.5],
    ["failed is nothing", { Status: { State: "FAILED" as const } }, 0],
    ["of DDL is nothing", { StatementType: "DDL" as const }, 0],
  ])("that %s", (_, query, dollars) => {
    expect(costOfQuery({ ...query, Statistics: scanned(1e11) })).toBe(dollars);
  });
});
