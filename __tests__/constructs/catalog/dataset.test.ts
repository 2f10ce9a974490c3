import { describe, expect, test } from "@jest/globals";
import {
  declaredDatasets,
  declaredTextDatasets,
  type TextDataset,
  textDatasetsVariable,
} from "../../../constructs/catalog/dataset";

const CLICKS: TextDataset = {
  name: "clicks",
  description: "Clicks.",
  prefix: "input/clicks/",
  values: "text",
  dates: { from: "2020-01-01" },
  outputs: { parquet: { compression: "snappy" } },
};

describe("the declared datasets", () => {
  test("are typed or text, each of them one", () => {
    expect(declaredDatasets().map(({ name }) => name)).toEqual(["customers", "ml_events"]);
    expect(declaredTextDatasets().map(({ name }) => name)).toEqual(["clicks"]);
  });
});

describe("the text datasets of a function", () => {
  test.each<[string, TextDataset["size"], object | null]>([
    ["as declared", { megabytes: 1.1, tolerancePercent: 5 }, { bytes: 1_100_000, tolerance: 0.05 }],
    ["3.5 MB, 10 % more or less, where nothing is said", undefined, { bytes: 3_500_000, tolerance: 0.1 }],
    ["any", "any", null],
  ])("have files of a size %s", (_, size, expected) => {
    const dataset = size === undefined ? CLICKS : { ...CLICKS, size };
    expect(JSON.parse(textDatasetsVariable([dataset]))).toEqual([
      { name: "clicks", prefix: "input/clicks/", from: "2020-01-01", size: expected },
    ]);
  });
});
