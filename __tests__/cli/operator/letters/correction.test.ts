import { describe, expect, test } from "@jest/globals";
import {
  bodyOf,
  correctionsOf,
  formProblem,
  identityOf,
  type Line,
  lineOf,
} from "../../../../cli/operator/letters/correction";
import type { Dataset } from "../../../../datasets/schema/datasets";
import { declaredDatasets } from "../../../../datasets/schema/datasets";

const DECLARED = declaredDatasets();
const GIVEN = { by: "somebody", at: "2026-12-01T00:00:00Z" };
const CSV = {
  kind: "csv",
  delimiter: ",",
  header: true,
  encoding: "windows-1252",
  skipLines: 0,
  lineEnd: "lf",
} as const;

function dataset(name: "clicks" | "customers" | "ml_events", format?: Dataset["format"]): Dataset {
  const declared = DECLARED.find((each) => each.name === name);
  if (declared === undefined) throw new Error(name);
  return format === undefined ? declared : { ...declared, format };
}

function line(number: number, given: Partial<Line> = {}): Line {
  const identity = { bucket: "raw", key: "input/clicks/2026-01-31-a.ndjson", version: "v1", line: number };
  return { ...identity, letters: "dead-letters/x", text: `{"n":${number}}`, ...given };
}

describe("corrections", () => {
  test("are the same for the same lines in any order and of any text", () => {
    const of = (...lines: Line[]) =>
      correctionsOf(
        lines.map((each) => ({ ...each, dataset: dataset("clicks") })),
        GIVEN,
      );
    const [one] = of(line(10), line(9));
    const [other] = of(line(9), line(10, { text: "{}" }));
    expect(one?.id).toBe(other?.id);
    expect(one?.lines.map((each) => each.line)).toEqual([9, 10]);
    expect(of(line(9))[0]?.id).not.toBe(one?.id);
  });

  test("are of one date and one header each, and of so many lines at most", () => {
    const clicks = [line(1), line(1, { key: "input/clicks/2026-02-01-a.ndjson" })];
    const customers = ["a\n", "b\n"].map((header) => line(1, { key: `input/customers/${header}`, header }));
    const many = Array.from({ length: 10_001 }, (_, index) => line(index + 2));
    const all = [
      ...[...clicks, ...many].map((each) => ({ ...each, dataset: dataset("clicks") })),
      ...customers.map((each) => ({ ...each, dataset: dataset("customers") })),
    ];
    expect(
      correctionsOf(all, GIVEN).map(({ dataset: name, lines, header }) => [name, lines.length, header]),
    ).toEqual([
      ["clicks", 10_000, undefined],
      ["clicks", 2, undefined],
      ["clicks", 1, undefined],
      ["customers", 1, "a\n"],
      ["customers", 1, "b\n"],
    ]);
  });
});

describe("corrections of JSON", () => {
  test("know apart what stands on one line", () => {
    const lines = [line(1, { offset: 19 }), line(1, { offset: 0 })];
    const [all] = correctionsOf(
      lines.map((each) => ({ ...each, dataset: dataset("clicks") })),
      GIVEN,
    );
    const [one] = correctionsOf([{ ...line(1, { offset: 0 }), dataset: dataset("clicks") }], GIVEN);
    expect(all?.lines.map(({ offset }) => offset)).toEqual([0, 19]);
    expect(one?.id).not.toBe(all?.id);
    expect(new Set(lines.map((each) => JSON.stringify(identityOf(each)))).size).toBe(2);
  });

  test("have a document each, which takes nothing along where it is broken", () => {
    const of = dataset("ml_events", { kind: "json", form: "document" });
    const made = correctionsOf(
      [line(1), line(1, { key: "raw-json-data/b" })].map((each) => ({ ...each, dataset: of })),
      GIVEN,
    );
    expect(made.map(({ lines }) => lines.length)).toEqual([1, 1]);
  });
});

test("corrections of CSV without a header have rows of one number of fields each", () => {
  const of = dataset("customers", { ...CSV, header: false });
  const made = correctionsOf(
    [line(1, { fields: 2 }), line(2, { fields: 3 }), line(3, { fields: 2 })].map((each) => ({
      ...each,
      dataset: of,
    })),
    GIVEN,
  );
  expect(made.map(({ lines }) => lines.map((each) => each.line))).toEqual([[1, 3], [2]]);
});

describe("the file of a correction", () => {
  test.each([
    ["lines", { kind: "ndjson" }, '{"n":1}\n{"n":2}\n'],
    ["an array", { kind: "json", form: "detect" }, '[\n{"n":1},\n{"n":2}\n]\n'],
    ["documents", { kind: "json", form: "document" }, '{"n":1}\n{"n":2}\n'],
  ] as const)("has its records as %s", (_, format, body) => {
    expect(
      bodyOf({ lines: [line(1), line(2)] }, dataset("clicks", format as Dataset["format"])).toString(),
    ).toBe(body);
  });

  test("has rows of CSV below their header, in their encoding", () => {
    const { text: _, ...bytes } = line(2, { base64: Buffer.from([0x81]).toString("base64") });
    const lines = [line(1, { text: "1,grün" }), bytes];
    const body = bodyOf({ header: "Zähler\n", lines }, dataset("customers", CSV));
    expect(body.toString("latin1")).toBe("Zähler\n1,grün\n\x81\n");
  });
});

test("a dead letter becomes text where its encoding tells it, else bytes", () => {
  const letter = {
    ...line(1),
    pipeline: "uploads",
    dataset: "customers",
    reason: "",
    message: "",
    writtenAt: "",
  } as const;
  const { text: _, ...without } = letter;
  const of = (given: object, encoding: "utf-8" | "windows-1252" = "windows-1252") =>
    lineOf({ ...without, ...given }, { header: "a\n", encoding });
  const bytes = (...values: number[]) => ({ base64: Buffer.from(values).toString("base64") });
  expect(of(bytes(0xfc))).toMatchObject({ text: "ü", header: "a\n" });
  expect(of(bytes(0x81))).toMatchObject(bytes(0x81));
  // bytes that are UTF-8 by chance are two characters of windows-1252, and stay so
  expect(of({ text: "ü" })).toMatchObject({ text: "Ã¼" });
  expect(of({ text: "\u0041\u0341" })).toMatchObject(bytes(0x41, 0xcd, 0x81));
  expect(of({ text: "ü" }, "utf-8")).toMatchObject({ text: "ü" });
  expect(lineOf({ ...without, base64: "/w==" }, undefined)).toMatchObject({ base64: "/w==" });
});

test.each([
  ["clicks", undefined, { text: '{"a":1}\r' }, undefined],
  ["clicks", undefined, { text: " " }, /no JSON object/],
  ["clicks", undefined, { text: "{" }, /no JSON object/],
  ["clicks", undefined, { text: "{}\n{}" }, /more than one line/],
  // of one line two rows; a file that begins as one of another format is quarantined with all its lines
  ["clicks", undefined, { text: "{}{}" }, /no JSON object/],
  ["clicks", undefined, { text: "<html>" }, /no JSON object/],
  ["clicks", undefined, { text: "{\0}\0" }, /no JSON object/],
  ["clicks", undefined, { text: undefined, base64: "/w==" }, /no UTF-8/],
  ["clicks", undefined, { text: "\ud800" }, /half a character/],
  ["ml_events", undefined, { text: "{" }, /no JSON object/],
  ["ml_events", undefined, { text: "[{},{}]" }, /no JSON object/],
  ["ml_events", undefined, { text: "null" }, /no JSON object/],
  ["ml_events", undefined, { text: "{\n}" }, undefined],
  ["ml_events", { kind: "json", form: "lines" }, { text: "{\n}" }, /more than one line/],
  ["ml_events", { kind: "json", form: "detect", records: ["Records"] }, {}, /inside of documents/],
  ["ml_events", { kind: "parquet" }, {}, /files of parquet are not made here/],
  ["customers", CSV, { text: "1" }, /no header/],
  ["customers", CSV, { text: "1", header: "a" }, /its header is not the beginning/],
  ["customers", CSV, { text: "1", header: "a\n2\n" }, /its header is not the beginning/],
  ["customers", CSV, { text: "漢", header: "a\n" }, /not of windows-1252/],
  ["customers", CSV, { text: "1\n2", header: "a\n" }, /exactly one row/],
  ["customers", CSV, { text: "1", header: "a\n" }, undefined],
  ["customers", CSV, { text: undefined, base64: "gQ==", header: "a\n" }, undefined],
  // its first row would give all others the number of fields
  [
    "customers",
    { ...CSV, header: false },
    { text: "1,2,3", fields: 2 },
    /has 3 fields, and rows of its file have 2/,
  ],
  ["customers", { ...CSV, header: false }, { text: "1,2" }, /an unknown number/],
  ["customers", { ...CSV, header: false }, { text: "1,2", fields: 2 }, undefined],
] as const)(
  "a line of %s as %j with %j is told from what no file can hold",
  (name, format, given, problem) => {
    const { text, ...others } = { ...line(1), ...given };
    const asked = text === undefined ? others : { ...others, text };
    const found = formProblem(asked, dataset(name, format as Dataset["format"] | undefined));
    if (problem === undefined) expect(found).toBeUndefined();
    else expect(found).toMatch(problem);
  },
);
