import { describe, expect, test } from "@jest/globals";
import { changesOf } from "../../datasets/schema/changes";
import { dataset } from "../support/dataset";

const ID = { name: "id", type: "bigint" };
const NOTE = { name: "note", type: "string" };
const YEAR = { name: "year", type: "string" };
const LEDGER = { pipeline: "ledger", partitions: ["year"], sort: "id" };

const BEFORE = dataset({ columns: [ID, NOTE] });
const STANDING = { columns: [ID, NOTE], partitionKeys: [], declaration: BEFORE };
const REPLAY = "declare a dataset with another name for it, and replay the files there";

describe("a change of a dataset", () => {
  test("is none where what is declared stands, beside what was found at run time", () => {
    const columns = [...STANDING.columns, { name: "found", type: "string" }];
    expect(changesOf(BEFORE, { ...STANDING, columns })).toEqual({ added: [], refused: [] });
  });

  test("is an addition where there is no table, or a column more", () => {
    expect(changesOf(BEFORE, undefined)).toEqual({ added: ["the table"], refused: [] });
    expect(changesOf(dataset({ columns: [ID, NOTE, YEAR] }), STANDING)).toEqual({
      added: ["the column year (string)"],
      refused: [],
    });
  });

  test("may be an undeclared column that is declared with the type that it has", () => {
    const columns = [...STANDING.columns, YEAR];
    expect(changesOf(dataset({ columns: [ID, NOTE, YEAR] }), { ...STANDING, columns })).toEqual({
      added: [],
      refused: [],
    });
  });

  test("is no other type of a column", () => {
    const retyped = dataset({ columns: [{ ...ID, type: "string" }, NOTE] });
    expect(changesOf(retyped, STANDING).refused).toEqual([
      "the column id is bigint, and would be string: give the column another name, and replay the files whose rows should have it",
    ]);
  });

  test("is no other type of a column that was found at run time, which can be freed", () => {
    const columns = [...STANDING.columns, YEAR];
    const typed = dataset({ columns: [ID, NOTE, { ...YEAR, type: "int" }] });
    expect(changesOf(typed, { ...STANDING, columns }).refused).toEqual([
      "the column year is string, and would be int: it holds undeclared values: give the column another name, or free " +
        "this one by tributary columns drop --dataset events --column year",
    ]);
  });

  test("is no column less", () => {
    expect(changesOf(dataset({ columns: [ID] }), STANDING).refused).toEqual([
      `the column note would get no more values: keep it declared, or ${REPLAY}`,
    ]);
  });

  test("is no other partition, and no other pipeline, which partitions otherwise", () => {
    const byYear = dataset({ ...LEDGER, columns: [ID, NOTE, YEAR] });
    expect(changesOf(byYear, STANDING).refused).toEqual([
      `partitions are none, and would be year: ${REPLAY}`,
    ]);
    const dated = dataset({ pipeline: "manifests", columns: [ID, NOTE], dates: { from: "2020-01-01" } });
    expect(changesOf(dated, STANDING).refused).toEqual([`partitions are none, and would be date: ${REPLAY}`]);
  });
});
