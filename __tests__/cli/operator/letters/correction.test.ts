import { describe, expect, test } from "@jest/globals";
import {
  bodyOf,
  correctionsOf,
  formProblem,
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
  const of = (bytes: number[]) =>
    lineOf({ ...without, base64: Buffer.from(bytes).toString("base64") }, dataset("customers", CSV), "a\n");
  expect(of([0xfc])).toMatchObject({ text: "ü", header: "a\n" });
  expect(lineOf({ ...without, base64: "/w==" }, dataset("clicks"), undefined)).toMatchObject({
    base64: "/w==",
  });
});

test.each([
  ["clicks", undefined, { text: "{" }, undefined],
  ["clicks", undefined, { text: " " }, /empty/],
  ["clicks", undefined, { text: "{}\n{}" }, /more than one line/],
  ["clicks", undefined, { text: "\ud800" }, /half a character/],
  ["ml_events", undefined, { text: "{" }, /no JSON/],
  ["ml_events", undefined, { text: "{\n}" }, undefined],
  ["ml_events", { kind: "json", form: "lines" }, { text: "{\n}" }, /more than one line/],
  ["ml_events", { kind: "json", form: "detect", records: ["Records"] }, {}, /inside of documents/],
  ["ml_events", { kind: "parquet" }, {}, /files of parquet are not made here/],
  ["customers", CSV, { text: "1" }, /no header/],
  ["customers", CSV, { text: "漢", header: "a\n" }, /not of windows-1252/],
  ["customers", CSV, { text: "1\n2", header: "a\n" }, /exactly one row/],
  ["customers", CSV, { text: "1", header: "a\n" }, undefined],
] as const)(
  "a line of %s as %j with %j is told from what no file can hold",
  (name, format, given, problem) => {
    const found = formProblem(line(1, given), dataset(name, format as Dataset["format"] | undefined));
    if (problem === undefined) expect(found).toBeUndefined();
    else expect(found).toMatch(problem);
  },
);
