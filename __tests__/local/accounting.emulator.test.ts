import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { ROOT } from "../../cli/setup/paths";
import { ensurePython } from "../../cli/setup/python";
import { bucketName, loadEnvironment } from "../../environments";
import { type Accounts, accountForUploads } from "../../local/accounts";
import { type LocalAws, startLocalAws } from "../../local/aws";

jest.setTimeout(30_000);

type Files = Readonly<Record<string, string>>;

const HEADER = "id,name,email,date,amount,status";
const GOOD = `${HEADER}\n1,A,a@b.de,01-04-2025,1,x\n2,B,b@b.de,01-04-2025,2,x\n2,B,b@b.de,01-04-2025,2,x\n`;
const BAD = `${HEADER.toUpperCase()}\n3,"C\nC",c@b.de,01-04-2025,1,x\n4,D\n5\n`;
const WHOLE = "no,header,of,ours\n1,2,3,4\n";
const INPUT: Files = { "good.csv": GOOD, "in a folder/bad.csv": BAD, "whole.csv": WHOLE };
const NONE: Files = {};

let folder: string;
let python: string;
let aws: LocalAws;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tributary-test-"));
  ({ python } = await ensurePython("run", () => undefined));
  aws = await startLocalAws({ folder: join(folder, "aws"), report: () => undefined });
}, 120_000);

afterAll(async () => {
  await aws?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test.each<[string, Files, Partial<Accounts>]>([
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
])("counts the files themselves %s", async (_, published, expected) => {
  expect(await accountsOf(published)).toMatchObject({ files: 3, ...expected });
});

test("says which file lost or gained what, and which was quarantined whole", async () => {
  const { problems, wholeFiles } = await accountsOf({ ...INPUT, "good.csv": GOOD.replace("\n1,", "\n9,") });
  expect(problems).toEqual([
    "good.csv: 1 rows lost, the first '1'",
    "good.csv: 1 rows duplicated or foreign, the first '9'",
  ]);
  expect(wholeFiles).toEqual(["whole.csv: header-mismatch"]);
});

let number = 0;

/** The accounts of `INPUT` where `published` is what was processed. */
async function accountsOf(published: Files): Promise<Accounts> {
  number += 1;
  const environment = { ...loadEnvironment("local"), name: `case${number}` };
  const [input, output] = [join(folder, `${number}`, "in"), join(folder, `${number}`, "out")];
  for (const [file, text] of Object.entries(INPUT)) {
    mkdirSync(dirname(join(input, file)), { recursive: true });
    writeFileSync(join(input, file), text);
  }
  const [curated, quarantine] = [bucketName(environment, "curated"), bucketName(environment, "quarantine")];
  await makeBuckets(curated, quarantine);
  const variables = { PATH: process.env["PATH"], ...aws.environment };
  execFileSync(python, [join(__dirname, "publish.py")], {
    env: { ...variables, PYTHONPATH: join(ROOT, "glue") },
    input: JSON.stringify({ curated, quarantine, files: published }),
  });
  const uploads = Object.keys(INPUT).map((file) => ({
    ...{ bucket: bucketName(environment, "raw"), key: `input/customers/${file}`, version: "v1", file },
    ...{ path: join(input, file), fingerprint: "" },
  }));
  const { signal } = new AbortController();
  return accountForUploads({ environment, input, uploads, output, signal, python, variables });
}

async function makeBuckets(...names: readonly string[]): Promise<void> {
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const s3 = new S3Client({ endpoint: aws.endpoint, region: "us-east-1", credentials, forcePathStyle: true });
  for (const Bucket of names) await s3.send(new CreateBucketCommand({ Bucket }));
  s3.destroy();
}

function without(file: string): Files {
  return Object.fromEntries(Object.entries(INPUT).filter(([name]) => name !== file));
}
