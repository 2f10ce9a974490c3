import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeAll, expect, test } from "@jest/globals";
import type { Accounts } from "../../../local/outcome/accounts";
import { PYTHONPATH } from "../../../setup/paths";
import { ensurePython } from "../../../setup/python";

const FILE = "2026/week05/a.json";
const PARTITION = "year=2026/month=01/day=31/mode=train";
const GOOD =
  '{"id":"1","event_timestamp":1769861700,"MODE":"Train ","metadata":{"app_version":"1.10"},' +
  '"payload":{"transaction_id":7, "items":[{"sku":"A","quantity":2,"price":19.90}]},"appId":1.50}';
const ROW = {
  record_id: "1",
  event_time_utc: "2026-01-31T12:15:00Z",
  event_timestamp: "1769861700",
  ml_mode: "Train ",
  app_version: "1.10",
  transaction_id: "7",
  transaction_items: [{ sku: "A", quantity: 2, price: "19.90" }],
  metadata: '{"app_version":"1.10"}',
  payload: '{"transaction_id":7, "items":[{"sku":"A","quantity":2,"price":19.90}]}',
  app__id: "1.50",
};
const PLAIN = '{"id":"2","event_timestamp":"2026-01-31T13:15:00.5+01:00","MODE":"train"}';
const PLAIN_ROW = {
  record_id: "2",
  event_time_utc: "2026-01-31T12:15:00.500000Z",
  event_timestamp: "2026-01-31T13:15:00.5+01:00",
  ml_mode: "train",
};
const BROKEN = '{"id":"3"';
const TEXT = `${GOOD}\n\n${BROKEN}\n${PLAIN}\n`;

type Row = readonly [file: string, version: string, line: number, content: unknown, partition?: string];

interface Case {
  readonly uploads: readonly { file: string; version: string; text?: string; base64?: string }[];
  readonly rows?: readonly Row[];
  readonly letters?: readonly Row[];
  readonly whole?: readonly (readonly [string, string, string])[];
  readonly archived?: Readonly<Record<string, string>>;
  readonly left?: readonly (readonly [string, string])[];
  readonly names?: readonly string[];
}

const ONE = { uploads: [{ file: FILE, version: "v1", text: TEXT }] };
const ROWS: readonly Row[] = [
  [FILE, "v1", 1, ROW],
  [FILE, "v1", 4, PLAIN_ROW],
];
const LETTERS: readonly Row[] = [[FILE, "v1", 3, BROKEN]];
const WHOLE = { ...ONE, rows: ROWS, letters: LETTERS };
const CUT = gzipSync(TEXT).subarray(0, 60).toString("base64");
const ZIPPED = { uploads: [{ file: `${FILE}.gz`, version: "v1", base64: CUT }] };
const ARCHIVED = "raw-json-data-processed/2026/week05/v1/a.json";

/** A file of one record that is to be a dead letter, and is. */
function letter(text: string): Case {
  return { uploads: [{ file: FILE, version: "v1", text }], letters: [[FILE, "v1", 1, text]] };
}

const CASES: readonly (readonly [name: string, given: Case, expected: Partial<Accounts>])[] = [
  ["what is complete", WHOLE, { files: 1, rowsIn: 3, rowsOut: 2, deadLetters: 1, batches: 2, problems: [] }],
  ["nothing published", ONE, { rowsIn: 3, lost: 3 }],
  ["a row too few", { ...WHOLE, rows: ROWS.slice(1) }, { lost: 1 }],
  ["a row twice", { ...WHOLE, rows: [...ROWS, ...ROWS.slice(1)] }, { duplicated: 1 }],
  ["a dead letter too few", { ...WHOLE, letters: [] }, { lost: 1 }],
  [
    "a dead letter of other bytes",
    { ...WHOLE, letters: [[FILE, "v1", 3, "{}"]] },
    { lost: 1, duplicated: 1 },
  ],
  [
    "a good record as a dead letter",
    { ...WHOLE, rows: ROWS.slice(1), letters: [...LETTERS, [FILE, "v1", 1, GOOD]] },
    { lost: 1, duplicated: 1 },
  ],
  ...(
    [
      ["a number that was altered", { app__id: "1.5" }],
      ["a time that was altered", { event_time_utc: "2026-01-31T12:15:01Z" }],
      ["a price that was altered", { transaction_items: [{ sku: "A", quantity: 2, price: "19.91" }] }],
      ["a payload that was written anew", { payload: ROW.payload.replace(", ", ",") }],
      ["a value from nowhere", { user_agent: "curl" }],
      ["an undeclared key that was lost", { app__id: null }],
    ] as const
  ).map(([name, fields]): [string, Case, Partial<Accounts>] => [
    name,
    { ...WHOLE, rows: [[FILE, "v1", 1, { ...ROW, ...fields }], ...ROWS.slice(1)] },
    { lost: 1, duplicated: 1 },
  ]),
  [
    "a row in another partition",
    { ...WHOLE, rows: [[FILE, "v1", 1, ROW, PARTITION.replace("31", "30")], ...ROWS.slice(1)] },
    { lost: 1, duplicated: 1 },
  ],
  ["rows of a file that nobody gave", { uploads: [], rows: ROWS }, { duplicated: 2, rowsOut: 2 }],
  ["an object that no batch gives", { ...WHOLE, names: ["rows.parquet"] }, { duplicated: 1 }],
  [
    "each version of a key",
    {
      uploads: [...ONE.uploads, { file: FILE, version: "v2", text: PLAIN }],
      rows: [...ROWS, [FILE, "v2", 1, PLAIN_ROW]],
      letters: LETTERS,
    },
    { files: 2, rowsIn: 4, rowsOut: 3 },
  ],
  ["an archived file that is missing", { ...WHOLE, archived: { [ARCHIVED]: "" } }, { lost: 3 }],
  ["a file that is left in raw", { ...WHOLE, left: [[FILE, "v1"]] }, { duplicated: 3 }],
  ["a file in raw that nobody gave", { ...WHOLE, left: [[FILE, "v9"]] }, { duplicated: 1 }],
  [
    "a pretty-printed document",
    {
      uploads: [{ file: FILE, version: "v1", text: `\n${PLAIN.replaceAll(",", ",\n")}\n` }],
      rows: [[FILE, "v1", 1, PLAIN_ROW]],
    },
    { rowsIn: 1, rowsOut: 1 },
  ],
  [
    "the elements of an array",
    {
      uploads: [{ file: FILE, version: "v1", text: `[\n${GOOD} ,\n3, ${PLAIN}\n]` }],
      rows: [
        [FILE, "v1", 1, ROW],
        [FILE, "v1", 3, PLAIN_ROW],
      ],
      letters: [[FILE, "v1", 2, "3"]],
    },
    { rowsIn: 3, rowsOut: 2, deadLetters: 1 },
  ],
  ...["1,]", "1,,2]", '1,{"a":', "1] x", '1,"'].map((rest): [string, Case, Partial<Accounts>] => [
    `an array that ends in ${rest}`,
    {
      uploads: [{ file: FILE, version: "v1", text: `[${rest}` }],
      letters: [
        [FILE, "v1", 1, "1"],
        [FILE, "v1", 2, rest.slice(2).trim()],
      ],
    },
    { rowsIn: 2, deadLetters: 2 },
  ]),
  ["an empty array", { uploads: [{ file: FILE, version: "v1", text: " [ ] " }] }, { rowsIn: 0 }],
  ["a file of nothing", { uploads: [{ file: FILE, version: "v1", text: " \n" }] }, { rowsIn: 0 }],
  ["no time", letter('{"id":"1","MODE":"train"}'), { deadLetters: 1 }],
  [
    "a time without an offset",
    letter('{"id":"1","event_timestamp":"2026-01-31T13:15:00","MODE":"train"}'),
    { deadLetters: 1 },
  ],
  ["a year before all", letter(PLAIN.replace("2026", "2020")), { deadLetters: 1 }],
  ["a mode that is none", letter(PLAIN.replace("train", "trial")), { deadLetters: 1 }],
  ["no id", letter(PLAIN.replace('"2"', "null")), { deadLetters: 1 }],
  ["a key twice", letter(PLAIN.replace("}", ',"id":"2"}')), { deadLetters: 1 }],
  ["metadata that are no object", letter(PLAIN.replace("}", ',"metadata":"x"}')), { deadLetters: 1 }],
  [
    "a quantity that is no integer",
    letter(PLAIN.replace("}", ',"payload":{"items":[{"quantity":1.5}]}}')),
    { deadLetters: 1 },
  ],
  [
    "a price of three decimals",
    letter(PLAIN.replace("}", ',"payload":{"items":[{"price":1.505}]}}')),
    { deadLetters: 1 },
  ],
  [
    "a compressed file that is cut off",
    { ...ZIPPED, whole: [[`${FILE}.gz`, "v1", CUT]] },
    { quarantined: 1, wholeFiles: [`raw-json-data/${FILE}.gz: broken-gzip`] },
  ],
  [
    "a good file that is quarantined",
    { ...ONE, whole: [[FILE, "v1", Buffer.from(TEXT).toString("base64")]], left: [[FILE, "v1"]] },
    { quarantined: 0, lost: 3, duplicated: 3 },
  ],
  [
    "a file of dead letters alone that is quarantined",
    {
      uploads: [{ file: FILE, version: "v1", text: BROKEN }],
      whole: [[FILE, "v1", Buffer.from(BROKEN).toString("base64")]],
      left: [[FILE, "v1"]],
    },
    { quarantined: 1, rowsIn: 1 },
  ],
  ["such a file that is nowhere", ZIPPED, { quarantined: 0, lost: 1 }],
];

let counted: readonly Accounts[];

beforeAll(async () => {
  const { python } = await ensurePython("run", () => undefined);
  const out = execFileSync(python, [join(__dirname, "count_ledger.py")], {
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
