import { describe, expect, test } from "@jest/globals";
import { wantedBy } from "../../../runtime/ledger/wanted";

const WANTED = {
  prefixes: {
    orders: "input/orders/",
    ml_events: "raw-json-data/",
    smoke_ledger: "raw-json-data/all_historical_files/smoke_ledger/",
  },
  startYear: 2021,
};

describe("wantedBy", () => {
  test.each([
    ["ml_events", "raw-json-data/all_historical_files/a.json"],
    ["ml_events", "raw-json-data/all_historical_files/2019/deep/a"],
    ["ml_events", "raw-json-data/2021/week1/a.json"],
    ["ml_events", "raw-json-data/2026/week01/sub/a.json.gz"],
    ["ml_events", "raw-json-data/2026/week53/a.json"],
    ["ml_events", "raw-json-data/9999/week10/ü +%.json"],
    ["ml_events", "raw-json-data/2026/week54/a.json"],
    ["ml_events", "raw-json-data/2020/a.json"],
    ["ml_events", "raw-json-data/2020/week01"],
    ["ml_events", "raw-json-data/a.json"],
    ["smoke_ledger", "raw-json-data/all_historical_files/smoke_ledger/a.json"],
    ["orders", "input/orders/a.csv"],
    ["orders", "input/orders/2019/week05/a.csv.zst"],
  ])("gives %s the key %s, which is listed, too", (dataset, key) => {
    expect(wantedBy(WANTED, key)).toBe(dataset);
  });

  test.each([
    ["a folder's marker", "raw-json-data/2026/week01/"],
    ["the history's marker", "raw-json-data/all_historical_files/"],
    ["a week of a year before the first", "raw-json-data/2020/week53/a.json"],
    ["what was processed", "raw-json-data-processed/2026/week01/v/a.json"],
    ["processed orders", "input-processed/orders/v/a.csv"],
    ["another prefix", "input/2026/week01/a.json"],
  ])("leaves out %s", (_, key) => {
    expect(wantedBy(WANTED, key)).toBeUndefined();
  });
});
