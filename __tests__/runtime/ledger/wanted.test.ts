import { describe, expect, test } from "@jest/globals";
import { isWanted } from "../../../runtime/ledger/wanted";

const WANTED = { prefix: "raw-json-data/", startYear: 2021 };

describe("isWanted", () => {
  test.each([
    "all_historical_files/a.json",
    "all_historical_files/2019/deep/a",
    "2021/week1/a.json",
    "2026/week01/sub/a.json.gz",
    "2026/week53/a.json",
    "9999/week10/ü +%.json",
  ])("takes %s, which is listed, too", (key) => {
    expect(isWanted(WANTED, `raw-json-data/${key}`)).toBe(true);
  });

  test.each([
    ["a folder's marker", "raw-json-data/2026/week01/"],
    ["the history's marker", "raw-json-data/all_historical_files/"],
    ["a year before the first", "raw-json-data/2020/week53/a.json"],
    ["week 0", "raw-json-data/2026/week0/a.json"],
    ["week 00", "raw-json-data/2026/week00/a.json"],
    ["week 54", "raw-json-data/2026/week54/a.json"],
    ["week 001", "raw-json-data/2026/week001/a.json"],
    ["a year of other digits", "raw-json-data/２０２６/week01/a.json"],
    ["a file beside the weeks", "raw-json-data/2026/a.json"],
    ["a file beside the years", "raw-json-data/a.json"],
    ["the week's folder as a file", "raw-json-data/2026/week01"],
    ["what was processed", "raw-json-data-processed/2026/week01/v/a.json"],
    ["another prefix", "input/2026/week01/a.json"],
  ])("leaves out %s", (_, key) => {
    expect(isWanted(WANTED, key)).toBe(false);
  });
});
