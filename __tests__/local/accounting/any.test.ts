import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeAll, expect, test } from "@jest/globals";
import type { Accounts, FileAccounts } from "../../../local/outcome/accounts";
import { PYTHONPATH, ROOT } from "../../../setup/paths";
import { ensurePython } from "../../../setup/python";

interface Case {
  readonly format: object;
  readonly columns?: readonly object[] | undefined;
  readonly transform?: string;
  readonly outputColumns?: readonly object[];
  /** Contents of the file; without them one of the matrix of formats and pipelines. */
  readonly versions?: readonly string[];
  readonly damage?: string;
}

type Expected = Partial<Accounts>;

const COLUMNS = [
  { name: "id", type: "bigint", required: true },
  { name: "name", type: "string" },
];

const of = (format: object, text: string | Buffer, further: Partial<Case> = {}): Case => ({
  format,
  columns: COLUMNS,
  versions: [Buffer.from(text).toString("base64")],
  ...further,
});
const csv = (options: object, text: string | Buffer, further?: Partial<Case>) =>
  of({ kind: "csv", ...options }, text, further);
const json = (options: object, text: string, further?: Partial<Case>) =>
  of({ kind: "json", ...options }, text, further);
const ndjson = (text: string, further?: Partial<Case>) => of({ kind: "ndjson" }, text, further);

const LINES = '{"id":1,"name":"a"}\n\n{"id":"x"}\n{"id":2,"name":{"b": 1}}\n{"id"\n{"id":3}\n';
const TEXT_ONLY = { columns: undefined };
const SQL = {
  transform: "SELECT line, id * 2 AS twice FROM input",
  outputColumns: [{ name: "twice", type: "bigint" }],
};
const counts = (rowsOut: number, deadLetters: number): Expected => ({
  rowsIn: rowsOut + deadLetters,
  rowsOut,
  deadLetters,
});

const CASES: readonly (readonly [name: string, given: Case, expected: Expected])[] = [
  ["lines", ndjson(LINES), counts(3, 2)],
  ["lines of exact texts", ndjson(LINES, TEXT_ONLY), counts(4, 1)],
  ["lines that SQL makes rows of", ndjson(LINES, SQL), counts(3, 2)],
  ["several objects on a line", ndjson('{"id":1} {"id":"}{"}{"id":2}\n{"id":3}, {"id":4}\n'), counts(2, 2)],
  ["lines of UTF-16", of({ kind: "ndjson" }, Buffer.from(`\ufeff${LINES}`, "utf16le")), counts(3, 2)],
  ["a compressed file under any name", of({ kind: "ndjson" }, gzipSync(LINES)), counts(3, 2)],
  ["a row that is lost", ndjson(LINES, { damage: "without_a_row" }), { lost: 1 }],
  ["a row twice", ndjson(LINES, { damage: "with_a_row_twice" }), { duplicated: 1 }],
  ["another row", ndjson(LINES, { damage: "with_another_row" }), { lost: 1, duplicated: 1 }],
  [
    "another row of texts",
    ndjson(LINES, { ...TEXT_ONLY, damage: "with_another_row" }),
    { lost: 1, duplicated: 1 },
  ],
  ["a row of SQL that is lost", ndjson(LINES, { ...SQL, damage: "without_a_row" }), { lost: 1 }],
  ["a dead letter that is lost", ndjson(LINES, { damage: "without_a_letter" }), { lost: 1 }],
  [
    "a dead letter of another place",
    ndjson(LINES, { damage: "with_a_letter_of_another_place" }),
    { lost: 1, duplicated: 1 },
  ],
  [
    "a dead letter of other bytes",
    ndjson(LINES, { damage: "with_a_letter_of_other_bytes" }),
    { lost: 1, duplicated: 1 },
  ],
  ["an array", json({}, '[{"id":1}, 3,{"id":2,"name":"é"}]'), counts(2, 1)],
  ["an array that is not closed", json({}, '[{"id":1}, {"id":2,'), counts(1, 1)],
  ["documents", json({}, '{"id":1,\n"name":"}\\""}\n{"id":2}\n'), counts(2, 0)],
  ["documents one of which is broken", json({}, '{"id":1,\n"name":"a"}{"id":\n}{"id":3}'), counts(2, 1)],
  ["lines in a JSON file", json({}, LINES), counts(3, 2)],
  [
    "records inside, with what is around",
    json(
      { records: ["Records"], around: ["name"] },
      '{"name":"a","Records":[{"id":1},{"id":"x"}]}{"name":"b"}',
    ),
    counts(1, 2),
  ],
  [
    "attribute values",
    of(
      { kind: "ndjson", attributeValues: "dynamodb" },
      '{"id":{"N":"1"},"name":{"S":"a"}}\n{"id":{"Q":1}}\n',
    ),
    counts(1, 1),
  ],
  ["CSV", csv({}, 'id,name\n1,"a\n""b"""\nx,c\n2,d,e\n\n3,\n'), counts(2, 2)],
  ["CSV of exact texts", csv({}, "id,name\n1,\n2,d,e\n", TEXT_ONLY), counts(1, 1)],
  [
    "CSV of another dialect",
    csv(
      { delimiter: ";", escape: "\\", comment: "#", nulls: ["-"], skipLines: 2 },
      "title\n\nID ; Näme\n# 1\n1;a\\;b\n2;-\nID ; Näme\nx;y\n",
      { columns: [COLUMNS[0] ?? {}, { name: "name", header: "näme", type: "string" }] },
    ),
    counts(2, 1),
  ],
  [
    "CSV without a header",
    csv({ header: false }, "a,1\nb,x\n", {
      columns: [
        { name: "id", position: 2, type: "bigint" },
        { name: "name", position: 1, type: "string" },
      ],
    }),
    counts(1, 1),
  ],
  ["CSV with line ends of CR", csv({ lineEnd: "cr" }, "id,name\r1,a\r2,b,c\r"), counts(1, 1)],
  [
    "CSV of windows-1252",
    csv({ encoding: "windows-1252" }, Buffer.from("id,name\n1,\xe9\nx,\xe9\n2,\x81\n", "latin1")),
    counts(1, 2),
  ],
  ["CSV with Excel's line", csv({ delimiter: ";" }, "sep=;\nid;name\n1;a\nx;b\n"), counts(1, 1)],
  [
    "a file that is quarantined whole",
    csv({}, "no,header\n1,2\n"),
    {
      quarantined: 1,
      rowsIn: 2,
      rowsOut: 0,
      deadLetters: 2,
      wholeFiles: ["input/any/2026-01-30-a: header-mismatch"],
    },
  ],
  [
    "a file that others replace",
    versionsOf('{"id":1}\n{\n', '{"id":2}\n{"id":3}\n', "{\n"),
    { files: 3, quarantined: 1, wholeFiles: ["input/any/2026-01-30-a: too-many-rejected"] },
  ],
  ["a file that comes again", versionsOf('{"id":1}\n{\n', '{"id":1}\n{\n'), { files: 2 }],
  ["a file without rows", csv({}, "id,name\n"), counts(0, 0)],
  ...["avro", "csv", "json", "ndjson", "orc", "parquet"].flatMap(matrixCases),
  ...fieldCases(),
];

/** Lines, version by version. */
function versionsOf(...texts: readonly string[]): Case {
  return { ...ndjson(""), versions: texts.map((text) => Buffer.from(text).toString("base64")) };
}

/** A file of a format with rows and dead letters, and what is told of it when these are damaged. */
function matrixCases(kind: string): [string, Case, Expected][] {
  const damages: readonly (readonly [string, Expected])[] = [
    ["", { lost: 0, duplicated: 0 }],
    ["without_a_row", { lost: 1 }],
    ["with_another_row", { lost: 1, duplicated: 1 }],
    ["without_a_letter", { lost: 1 }],
    ["with_a_letter_of_another_place", { lost: 1, duplicated: 1 }],
    ["with_a_letter_of_other_bytes", { lost: 1, duplicated: 1 }],
  ];
  return damages.map(([damage, expected]) => [
    `a file of ${kind} ${damage.replaceAll("_", " ")}`,
    { format: { kind }, damage },
    expected,
  ]);
}

/** Files like those that others report: whatever becomes of their records, each is told. */
function fieldCases(): [string, Case, Expected][] {
  const folder = join(ROOT, "glue", "tests", "field_cases");
  return readdirSync(folder).map((name): [string, Case, Expected] => {
    const [, kind = ""] = /\.([a-z]+)/.exec(name) ?? [];
    const content = readFileSync(join(folder, name)).toString("base64");
    return [name, { format: { kind }, versions: [content] }, {}];
  });
}

interface Counted {
  readonly upload: Accounts;
  readonly batch: Accounts;
  /** Dead letters of the batches. */
  readonly letters: Accounts["letters"];
}

let counted: readonly Counted[];

beforeAll(async () => {
  const { python } = await ensurePython("run", () => undefined);
  const out = execFileSync(python, [join(__dirname, "count_any.py")], {
    env: { ...process.env, PYTHONPATH },
    input: JSON.stringify(CASES.map(([, given]) => given)),
    encoding: "utf8",
  });
  counted = JSON.parse(out);
});

test.each(CASES.map(([name, , expected], index) => [name, expected, index] as const))(
  "counts %s",
  (_, expected, index) => {
    const { upload, batch } = counted[index] ?? {};
    for (const accounts of [upload, batch]) {
      const { rowsIn = 0, rowsOut = 0, deadLetters = 0, lost = 0, duplicated = 0 } = accounts ?? {};
      expect(accounts).toMatchObject({ files: 1, lost: 0, duplicated: 0, ...expected });
      expect(rowsIn - lost).toBe(rowsOut + deadLetters - duplicated);
    }
  },
);

test.each(CASES.map(([name], index) => [name, index] as const))(
  "tells of each file and reason what it counts in all: %s",
  (_, index) => {
    const { upload, batch, letters = [] } = counted[index] ?? {};
    for (const accounts of [upload, batch]) {
      const files = Object.values(accounts?.byFile ?? {});
      const sum = (name: keyof FileAccounts) =>
        files.reduce((total, counts) => total + Number(counts[name]), 0);
      for (const name of ["rowsIn", "deadLetters", "quarantined"] as const)
        expect([name, sum(name)]).toEqual([name, accounts?.[name]]);
      if (files.every(({ rowsOut }) => rowsOut !== undefined)) expect(sum("rowsOut")).toBe(accounts?.rowsOut);
    }
    const files = Object.values(batch?.byFile ?? {});
    const whole = files.filter(({ reason }) => reason).reduce((sum, each) => sum + each.deadLetters, 0);
    expect(letters.reduce((sum, { count }) => sum + count, whole)).toBe(batch?.deadLetters);
    for (const { count, first } of letters) expect(first.length).toBe(Math.min(count, 20));
  },
);
