import { describe, expect, test } from "@jest/globals";
import { partitionProjection } from "../../../constructs/catalog/partition-projection";
import { dataset } from "../../support/dataset";

const column = (name: string) => ({ name, type: "string", comment: `the ${name}` });

const EVENTS = dataset({
  pipeline: "ledger",
  outputColumns: ["id", "year", "month", "day", "mode"].map(column),
  partitions: ["year", "month", "day", "mode"],
  partitionValues: { mode: ["train", "test"] },
});
const YEARS = { first: 2021, last: 2030 };

describe("the projection of a dataset's partitions", () => {
  test("takes years from the settings, months and days of two digits, and others by their declared values", () => {
    expect(partitionProjection(EVENTS, YEARS)).toEqual({
      "projection.enabled": "true",
      "projection.year.type": "integer",
      "projection.year.range": "2021,2030",
      "projection.month.type": "integer",
      "projection.month.range": "1,12",
      "projection.month.digits": "2",
      "projection.day.type": "integer",
      "projection.day.range": "1,31",
      "projection.day.digits": "2",
      "projection.mode.type": "enum",
      "projection.mode.values": "train,test",
    });
  });

  test("refuses a partition that could have any value", () => {
    expect(() => partitionProjection({ ...EVENTS, partitionValues: {} }, YEARS)).toThrow(
      "events/dataset.json: partitionValues.mode is required: expected a list of texts (of partitions only year, month and day do without)",
    );
  });
});
