import { expect, test } from "@jest/globals";
import { differences, type Found } from "../../../../cli/operator/smoke/checks";
import { fileOf } from "../../../../cli/operator/smoke/sent";

const SENT = fileOf("ledger", "smoke-a", "2026-01-31");
const WHOLE: Found = {
  status: "partial",
  rows: SENT.rows.map(({ number, text }) => ({ number: String(number), text })),
  deadLetters: [SENT.broken],
};
const [FIRST = { number: "", text: "" }, ...OTHERS] = WHOLE.rows;

test.each<[string, Partial<Found>, string[]]>([
  ["what was sent", {}, []],
  ["a dropped row", { rows: OTHERS }, ["ledger: table smoke_ledger: row 1: expected once, got 0"]],
  [
    "a doubled row",
    { rows: [FIRST, ...WHOLE.rows] },
    ["ledger: table smoke_ledger: row 1: expected once, got 2"],
  ],
  [
    "a changed text",
    { rows: [{ ...FIRST, text: "1.1" }, ...OTHERS] },
    ['ledger: table smoke_ledger: row 1: expected "1.10", got "1.1"'],
  ],
  [
    "a row that nobody sent",
    { rows: [...WHOLE.rows, { number: "4", text: "" }] },
    ["ledger: table smoke_ledger: row 4: expected no such row, got 1"],
  ],
  ["a lost dead letter", { deadLetters: [] }, ["ledger: dead letters: expected 1, got 0"]],
  [
    "another dead letter",
    { deadLetters: [{ line: 3, text: SENT.broken.text }] },
    [
      'ledger: dead letter: expected {"line":4,"text":"{\\"label\\":\\"smoke-a\\",\\"number\\":"}, got {"line":3,"text":"{\\"label\\":\\"smoke-a\\",\\"number\\":"}',
    ],
  ],
  [
    "another status",
    { status: "succeeded" },
    ['ledger: status of the file: expected partial, got "succeeded"'],
  ],
  [
    "another status with its reason",
    { status: "quarantined", reason: "broken-gzip: no end" },
    ['ledger: status of the file: expected partial, got "quarantined": broken-gzip: no end'],
  ],
])("tells %s", (_, found, problems) => {
  expect(differences(SENT, { ...WHOLE, ...found }, "partial")).toEqual(problems);
});
