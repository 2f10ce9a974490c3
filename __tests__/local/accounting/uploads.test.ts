import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, expect, test } from "@jest/globals";
import type { Accounts } from "../../../local/outcome/accounts";
import { PYTHONPATH } from "../../../setup/paths";
import { ensurePython } from "../../../setup/python";

type Files = Readonly<Record<string, string>>;

const HEADER = "id,name,email,date,amount,status";
const GOOD = `${HEADER}\n1,A,a@b.de,01-04-2025,1,x\n2,B,b@b.de,01-04-2025,2,x\n2,B,b@b.de,01-04-2025,2,x\n`;
const BAD = `${HEADER.toUpperCase()}\n3,"C\nC",c@b.de,01-04-2025,1,x\n4,D\n5\n`;
const WHOLE = "no,header,of,ours\n1,2,3,4\n";
const INPUT: Files = { "good.csv": GOOD, "in a folder/bad.csv": BAD, "whole.csv": WHOLE };
const NONE: Files = {};

const CASES: readonly (readonly [name: string, published: Files, expected: Partial<Accounts>])[] = [
  ["of what is complete", INPUT, { lost: 0, duplicated: 0, problems: [] }],
  ["without one file's output", without("good.csv"), { lost: 3, duplicated: 0, rowsOut: 1 }],
  ["without a file that has dead letters", without("in a folder/bad.csv"), { lost: 3, deadLetters: 2 }],
  ["without a file to be quarantined", without("whole.csv"), { lost: 1, duplicated: 0 }],
  ["without anything", NONE, { lost: 7, duplicated: 0, rowsIn: 7, rowsOut: 0, deadLetters: 0 }],
  [
    "with a row too many",
    { ...INPUT, "good.csv": `${GOOD}1,A,,,,\n` },
    { lost: 0, duplicated: 1, rowsOut: 5 },
  ],
  [
    "with a row too few",
    { ...INPUT, "good.csv": GOOD.slice(0, -28) },
    { lost: 1, duplicated: 0, rowsOut: 3 },
  ],
  [
    "with an altered row",
    { ...INPUT, "good.csv": GOOD.replace("\n1,", "\n9,") },
    { lost: 1, duplicated: 1, rowsOut: 4 },
  ],
  [
    "without a dead letter",
    { ...INPUT, "in a folder/bad.csv": BAD.slice(0, -2) },
    { lost: 1, duplicated: 0, deadLetters: 3 },
  ],
  [
    "with a dead letter of another line",
    { ...INPUT, "in a folder/bad.csv": BAD.replace("5\n", "\n5\n") },
    { lost: 1, duplicated: 1 },
  ],
  [
    "with a quarantined copy of other bytes",
    { ...INPUT, "whole.csv": "no,header\n" },
    { lost: 2, duplicated: 0 },
  ],
  ["with output of a file that nobody gave", { ...INPUT, "other.csv": GOOD }, { lost: 0, duplicated: 3 }],
  [
    "with dead letters of a file that nobody gave",
    { ...INPUT, "other.csv": BAD },
    { lost: 0, duplicated: 3 },
  ],
];

let counted: readonly Accounts[];

beforeAll(async () => {
  const { python } = await ensurePython("run", () => undefined);
  const out = execFileSync(python, [join(__dirname, "count_uploads.py")], {
    env: { ...process.env, PYTHONPATH },
    input: JSON.stringify({ input: INPUT, published: CASES.map(([, published]) => published) }),
    encoding: "utf8",
  });
  counted = JSON.parse(out);
});

test.each(CASES.map(([name, , expected], index) => [name, expected, index] as const))(
  "counts the files themselves %s",
  (_, expected, index) => {
    expect(counted[index]).toMatchObject({ files: 3, ...expected });
  },
);

test("says which file lost or gained what, and which was quarantined whole", () => {
  const altered = CASES.findIndex(([name]) => name === "with an altered row");
  expect(counted[altered]).toMatchObject({
    problems: [
      "input/customers/good.csv: 1 rows lost, the first '1'",
      "input/customers/good.csv: 1 rows duplicated or foreign, the first '9'",
    ],
    wholeFiles: ["input/customers/whole.csv: header-mismatch"],
  });
});

function without(file: string): Files {
  return Object.fromEntries(Object.entries(INPUT).filter(([name]) => name !== file));
}
