import { expect, test } from "@jest/globals";
import type { Accounts } from "../../../local/outcome/accounts";
import { queriesOf } from "../../../local/outcome/athena";
import { accountsOf, type Results, reportOf } from "../../../local/outcome/results";
import { UPLOADS_STEP } from "../../../local/pipelines/uploads";

const NONE = { problems: [], wholeFiles: [], firstRows: [], places: [], letters: [], byFile: {} };
const ORDERS = { files: 2, rowsIn: 5, rowsOut: 3, deadLetters: 1, quarantined: 0, lost: 1, duplicated: 0 };
const CUSTOMERS = { files: 1, rowsIn: 4, rowsOut: 4, deadLetters: 1, quarantined: 1, lost: 0, duplicated: 1 };
const EVENTS = { files: 3, rowsIn: 3, rowsOut: 3, deadLetters: 0, quarantined: 0, lost: 0, duplicated: 0 };
const accounts = (counts: typeof ORDERS, further = {}): Accounts => ({ ...NONE, ...counts, ...further });

const RESULTS: Results = {
  uploads: { accounts: { customers: accounts(CUSTOMERS), orders: accounts(ORDERS) }, uploads: [], runs: 2 },
  ledger: { accounts: { ml_events: accounts(EVENTS, { batches: 4 }) }, uploads: [], runs: 1 },
};

test("a report has the counts of each dataset, and their sums by pipeline", () => {
  const steps = [{ name: UPLOADS_STEP, began: 1, seconds: 1.5, detail: "", succeeded: true }];
  const { seconds, pipelines } = reportOf(12.34, steps, RESULTS);
  expect(seconds).toBe(12.3);
  expect(pipelines).toEqual({
    uploads: {
      files: 3,
      rowsIn: 9,
      rowsOut: 7,
      deadLetters: 2,
      quarantined: 1,
      lost: 1,
      duplicated: 1,
      runs: 2,
      seconds: 1.5,
      datasets: { customers: CUSTOMERS, orders: ORDERS },
    },
    ledger: {
      ...EVENTS,
      batches: 4,
      runs: 1,
      seconds: 0,
      datasets: { ml_events: { ...EVENTS, batches: 4 } },
    },
  });
});

test("tables are asked for of datasets with samples alone", () => {
  const names = accountsOf(RESULTS).map(([name]) => name);
  expect(names).toEqual(["customers", "orders", "ml_events"]);
  expect(queriesOf(names)).toEqual([
    expect.stringContaining("FROM customers"),
    expect.stringContaining("FROM ml_events"),
  ]);
  expect(queriesOf(["orders"])).toEqual([]);
});
