import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeAll, expect, test } from "@jest/globals";
import type { Accounts } from "../../../local/outcome/accounts";
import { PYTHONPATH } from "../../../setup/paths";
import { ensurePython } from "../../../setup/python";

const FILE = "2026-01-31-a.ndjson";
const TEXT = '{"id":1.10,"name":"A","on":true,"none":null,"deep":{"x":1}}\n\n{"id":2\n{"id":3,"name":"C"}\n';
const FIRST = { id: "1.10", name: "A", on: "true", deep: '{"x":1}' };
const LAST = { id: "3", name: "C" };
const PADDING = " ".repeat(1000);

type Row = readonly [file: string, version: string, line: number, content: unknown, date?: string];

interface Case {
  readonly uploads: readonly {
    file: string;
    version: string;
    text?: string;
    base64?: string;
    awaited?: boolean;
  }[];
  readonly rows?: readonly Row[];
  readonly letters?: readonly Row[];
  readonly whole?: readonly (readonly [string, string, string])[];
}

const ONE = [{ file: FILE, version: "v1", text: TEXT }];
const ROWS: readonly Row[] = [
  [FILE, "v1", 1, FIRST],
  [FILE, "v1", 4, LAST],
];
const LETTERS: readonly Row[] = [[FILE, "v1", 3, '{"id":2']];
const WHOLE = { rows: ROWS, letters: LETTERS };
const OTHER = '{"id":7,"name":"a line that is long enough"}\n';
const OTHER_ROW = { id: "7", name: "a line that is long enough" };
const NAMELESS = "a.ndjson";
const BROKEN = '{"id":1,"id":2}\n{"id":"\\ud800"}\n{"id":"a text that is long enough"\n';

const CASES: readonly (readonly [name: string, given: Case, expected: Partial<Accounts>])[] = [
  ["what is complete", { uploads: ONE, ...WHOLE }, { rowsIn: 3, rowsOut: 2, deadLetters: 1, problems: [] }],
  ["nothing published", { uploads: ONE }, { rowsIn: 3, lost: 3, rowsOut: 0 }],
  ["a row too few", { uploads: ONE, rows: ROWS.slice(1), letters: LETTERS }, { lost: 1 }],
  ["a row twice", { uploads: ONE, rows: [...ROWS, ...ROWS.slice(1)], letters: LETTERS }, { duplicated: 1 }],
  [
    "a line as row and as dead letter",
    { uploads: ONE, rows: ROWS, letters: [...LETTERS, [FILE, "v1", 4, '{"id":3,"name":"C"}']] },
    { duplicated: 1 },
  ],
  ["a dead letter too few", { uploads: ONE, rows: ROWS }, { lost: 1 }],
  [
    "a number that was altered",
    { uploads: ONE, rows: [[FILE, "v1", 1, { ...FIRST, id: "1.1" }], ...ROWS.slice(1)], letters: LETTERS },
    { lost: 1, duplicated: 1 },
  ],
  [
    "a key that was lost",
    {
      uploads: ONE,
      rows: [[FILE, "v1", 1, { id: "1.10", name: "A", on: "true" }], ...ROWS.slice(1)],
      letters: LETTERS,
    },
    { lost: 1, duplicated: 1 },
  ],
  [
    "a dead letter of other bytes",
    { uploads: ONE, rows: ROWS, letters: [[FILE, "v1", 3, "{}"]] },
    { lost: 1, duplicated: 1 },
  ],
  [
    "a dead letter without its bytes",
    { uploads: ONE, rows: ROWS, letters: [[FILE, "v1", 3, ""]] },
    { lost: 1, duplicated: 1 },
  ],
  [
    "a row in the partition of another date",
    { uploads: ONE, rows: [[FILE, "v1", 1, FIRST, "2026-01-30"], ...ROWS.slice(1)], letters: LETTERS },
    { lost: 1, duplicated: 1 },
  ],
  [
    "rows of the wrong line",
    { uploads: ONE, rows: [...ROWS.slice(1), [FILE, "v1", 2, FIRST]], letters: LETTERS },
    { lost: 1, duplicated: 1 },
  ],
  ["rows of a file that nobody gave", { uploads: [], rows: ROWS }, { duplicated: 2, rowsOut: 2 }],
  [
    "a version that replaces another",
    {
      uploads: [...ONE, { file: FILE, version: "v2", text: OTHER }],
      rows: [...ROWS, [FILE, "v2", 1, OTHER_ROW]],
      letters: LETTERS,
    },
    { files: 2, rowsIn: 4, rowsOut: 3 },
  ],
  [
    "an older version that was never published",
    { uploads: [...ONE, { file: FILE, version: "v2", text: OTHER }], rows: [[FILE, "v2", 1, OTHER_ROW]] },
    { files: 2, rowsIn: 1, rowsOut: 1 },
  ],
  [
    "an older version that was never published, though it was waited for",
    {
      uploads: [
        { file: FILE, version: "v1", text: TEXT, awaited: true },
        { file: FILE, version: "v2", text: OTHER },
      ],
      rows: [[FILE, "v2", 1, OTHER_ROW]],
    },
    { rowsIn: 4, lost: 3 },
  ],
  [
    "a newest version that was never published",
    { uploads: [...ONE, { file: FILE, version: "v2", text: OTHER }], ...WHOLE },
    { rowsIn: 4, lost: 1 },
  ],
  [
    "an unchanged version",
    { uploads: [...ONE, { ...ONE[0], file: FILE, version: "v2" }], ...WHOLE },
    { rowsIn: 3, rowsOut: 2 },
  ],
  [
    "an unchanged version that was published again",
    {
      uploads: [...ONE, { ...ONE[0], file: FILE, version: "v2" }],
      rows: [...ROWS, ...ROWS.map(([file, , line, fields]) => [file, "v2", line, fields] as const)],
      letters: LETTERS,
    },
    { duplicated: 2 },
  ],
  [
    "a file without a date",
    { uploads: [{ file: NAMELESS, version: "v1", text: TEXT }], whole: [[NAMELESS, "v1", TEXT]] },
    { quarantined: 1, rowsIn: 3, deadLetters: 3, wholeFiles: [`input/clicks/${NAMELESS}: invalid`] },
  ],
  [
    "a file without a date that is nowhere",
    { uploads: [{ file: NAMELESS, version: "v1", text: TEXT }] },
    { quarantined: 0, lost: 3 },
  ],
  [
    "a quarantined file of other bytes",
    { uploads: [{ file: NAMELESS, version: "v1", text: TEXT }], whole: [[NAMELESS, "v1", "{}"]] },
    { quarantined: 0, lost: 3 },
  ],
  [
    "a good file that is quarantined",
    { uploads: ONE, whole: [[FILE, "v1", TEXT]] },
    { quarantined: 0, lost: 3 },
  ],
  [
    "a file of dead letters alone that is quarantined",
    { uploads: [{ file: FILE, version: "v1", text: BROKEN }], whole: [[FILE, "v1", BROKEN]] },
    { quarantined: 1, rowsIn: 3 },
  ],
  [
    "a file of the wrong size",
    { uploads: [{ file: FILE, version: "v1", text: TEXT + PADDING }], whole: [[FILE, "v1", TEXT + PADDING]] },
    { quarantined: 1, rowsIn: 3 },
  ],
  [
    "a compressed file",
    {
      uploads: [{ file: `${FILE}.gz`, version: "v1", base64: gzipSync(OTHER).toString("base64") }],
      rows: [[`${FILE}.gz`, "v1", 1, OTHER_ROW]],
    },
    { rowsIn: 1, rowsOut: 1 },
  ],
  [
    "a compressed file that is cut off",
    {
      uploads: [
        { file: `${FILE}.gz`, version: "v1", base64: gzipSync(OTHER).subarray(0, 30).toString("base64") },
      ],
      rows: [[`${FILE}.gz`, "v1", 1, OTHER_ROW]],
    },
    { quarantined: 0, lost: 1, duplicated: 1 },
  ],
];

let counted: readonly Accounts[];

beforeAll(async () => {
  const { python } = await ensurePython("run", () => undefined);
  const out = execFileSync(python, [join(__dirname, "count_manifests.py")], {
    env: { ...process.env, PYTHONPATH },
    input: JSON.stringify(CASES.map(([, given]) => given)),
    encoding: "utf8",
  });
  counted = JSON.parse(out);
});

test.each(CASES.map(([name, , expected], index) => [name, expected, index] as const))(
  "counts %s",
  (_, expected, index) => {
    expect(counted[index]).toMatchObject({ lost: 0, duplicated: 0, ...expected });
  },
);
