import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { oldestPriceDate, oldPricesWarning } from "../../../runtime/prices/age";
import { allPrices, PRICES } from "../../../runtime/prices/table";
import { ROOT } from "../../../setup/paths";

describe("the price table", () => {
  test.each(allPrices().map((price) => [`${price.service}: ${price.what}`, price] as const))(
    "has figure, day and source of %s",
    (_, { dollars, per, unit, date, source }) => {
      expect(dollars).toBeGreaterThan(0);
      expect(per).toBeGreaterThanOrEqual(1);
      expect(unit).not.toBe("");
      expect(new Date(date).toISOString().slice(0, 10)).toBe(date);
      expect(new URL(source).protocol).toMatch(/^https?:$/);
    },
  );

  test("names each thing once", () => {
    const names = allPrices().map(({ service, what }) => `${service} ${what}`);
    expect(new Set(names).size).toBe(names.length);
  });

  test("is what the descriptions of settings say", () => {
    const settings = ["storage", "network", "documentation"].map((file) =>
      readFileSync(join(ROOT, "environments", "schema", `${file}.ts`), "utf8"),
    );
    const endpoint = (PRICES.interfaceEndpoint.dollars * 730).toFixed(2);
    const [storage, network, documentation] = settings;
    expect(storage).toContain(`${PRICES.dataEvent.dollars.toFixed(2)} USD for each 100,000 events`);
    expect(documentation).toContain(`${PRICES.dataEvent.dollars.toFixed(2)} USD for each 100,000 events`);
    expect(network).toContain(`about ${endpoint} USD a month for each service and zone`);
  });
});

describe("prices that were not looked at", () => {
  const daysLater = (days: number) => new Date(Date.parse(oldestPriceDate()) + days * 86_400_000);

  test("for half a year are fine", () => {
    expect(oldPricesWarning(daysLater(180))).toBeUndefined();
  });

  test("for longer warn in a line", () => {
    expect(oldPricesWarning(daysLater(181))).toBe(
      `prices of ${oldestPriceDate()} are 181 days old: compare runtime/prices/table.ts with its sources`,
    );
  });
});
