import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Accounts, FileAccounts, ReasonLetters } from "../../../../local/outcome/accounts";
import type { RunRecord } from "../../../../local/outcome/report/summary";
import { MANIFESTS_STEP } from "../../../../local/pipelines/manifests";
import { UPLOADS_STEP } from "../../../../local/pipelines/uploads";

/** What a sender may write to be run, shown as markup, or read in another order. */
export const HOSTILE = [
  "<script>window.hit = 1</script>",
  "</script><script>window.hit = 2</script>",
  "</style><style>body{display:none}</style><!--",
  `"><img src=x onerror="window.hit = 3">`,
  "' onmouseover='window.hit = 4' x='",
  `<svg onload="window.hit = 5"><a href="javascript:window.hit = 6">x</a></svg>`,
  "<iframe src=https://example.com></iframe><link rel=stylesheet href=//example.com>",
  "\u202egpj.exe\u2066\u200b\u0007\u001b[31m",
  "&lt;b&gt; &amp;amp; $1 \\u0041 ]]> -->",
  "\ud800 lone, e\u0301\u0301\u0301 combined, 日本語, 😀",
] as const;

const BEGAN = new Date("2026-01-31T10:00:00Z");
const NONE = { problems: [], wholeFiles: [], firstRows: [], places: [] };

interface FileOptions extends Partial<FileAccounts> {
  readonly key: string;
}

function accounts(files: readonly FileOptions[], further: Partial<Accounts> = {}): Accounts {
  const byFile = Object.fromEntries(
    files.map(({ key, ...counts }) => [
      `${key} v1`,
      { rowsIn: 0, rowsOut: 0, deadLetters: 0, quarantined: 0, lost: 0, duplicated: 0, ...counts },
    ]),
  );
  const sum = (name: Exclude<keyof FileAccounts, "reason">) =>
    Object.values(byFile).reduce((total, counts) => total + counts[name], 0);
  return {
    ...NONE,
    files: files.length,
    rowsIn: sum("rowsIn"),
    rowsOut: sum("rowsOut"),
    deadLetters: sum("deadLetters"),
    quarantined: sum("quarantined"),
    lost: sum("lost"),
    duplicated: sum("duplicated"),
    letters: [],
    byFile,
    ...further,
  };
}

/** Uploads of a dataset, with `text` in their names. */
function uploads(dataset: string, files: readonly FileOptions[]) {
  return files.map(({ key }) => ({
    key,
    dataset,
    bucket: "raw",
    version: "v1",
    size: 1234,
    path: key,
    fingerprint: "",
  }));
}

function letters(count: number, text: (index: number) => string): ReasonLetters[] {
  const first = Array.from({ length: Math.min(count, 20) }, (_, index) => ({
    key: `input/customers/${text(index)}.csv`,
    version: "v1",
    line: index + 2,
    message: `expected 6 fields, found ${text(index)}`,
    text: text(index),
    bytes: text(index).length,
  }));
  return [{ reason: "wrong-field-count", count, first }];
}

function hostile(index: number): string {
  return HOSTILE[index % HOSTILE.length] ?? "";
}

/** Gives the record of a run with files of two pipelines, in whose every text of a sender stands what `text` returns. */
export function record(
  folder: string,
  { files = 12, text = hostile }: { files?: number; text?: (index: number) => string } = {},
): RunRecord {
  const customers: FileOptions[] = Array.from({ length: files }, (_, index) => ({
    key: `input/customers/${String(index).padStart(5, "0")}-${text(index)}.csv`,
    rowsIn: 10,
    rowsOut: index % 3 === 0 ? 8 : 10,
    deadLetters: index % 3 === 0 ? 2 : 0,
  }));
  const clicks: FileOptions[] = [
    {
      key: `input/clicks/2026-01-31-${text(1)}.ndjson`,
      rowsIn: 120_000,
      rowsOut: 119_000,
      deadLetters: 1000,
    },
    { key: "input/clicks/broken.ndjson", rowsIn: 7, deadLetters: 7, quarantined: 1, reason: "invalid-name" },
  ];
  writeLogs(folder, customers.length, text);
  return {
    began: BEGAN,
    seconds: 42.34,
    words: ["--query", text(0)],
    steps: [
      { name: "deploy of five stacks", began: 0, seconds: 20, detail: "346 resources", succeeded: true },
      { name: UPLOADS_STEP, began: 20, seconds: 12.6, detail: text(2), succeeded: true },
      { name: MANIFESTS_STEP, began: 21, seconds: 9.2, detail: "14 of 14 files", succeeded: true },
    ],
    results: {
      uploads: {
        accounts: {
          customers: accounts(customers, {
            letters: letters(customers.filter(({ deadLetters }) => deadLetters).length * 2, text),
            firstRows: [
              ["id", text(3)],
              ["1", text(4)],
            ],
          }),
        },
        uploads: uploads("customers", customers),
        runs: 1,
      },
      manifests: {
        accounts: { clicks: { ...accounts(clicks), manifests: 5 } },
        uploads: uploads("clicks", clicks),
        runs: 1,
      },
    },
    answers: [
      {
        sql: `SELECT '${text(0)}' AS name`,
        rows: [["name", "count"], ...HOSTILE.map((_, index) => [text(index), "12"])],
      },
    ],
    untaken: [text(5)],
    output: folder,
  };
}

/** Writes logs of a job run with an event for each file, and of a function. */
function writeLogs(folder: string, files: number, text: (index: number) => string): void {
  mkdirSync(folder, { recursive: true });
  const at = (seconds: number) => new Date(BEGAN.getTime() + seconds * 1000).toISOString();
  const events = Array.from({ length: files }, (_, index) => ({
    time: at(22 + index / 4),
    event: "processed",
    key: text(index),
    output_count: index % 3 === 0 ? 8 : 10,
    rejected_count: index % 3 === 0 ? 2 : 0,
    seconds: 0.5,
  }));
  const committed = { event: "committed", rows: 119_000, dead_letters: 1000, files: 1, seconds: 2 };
  const log = (name: string, head: string, ...lines: readonly (object | string)[]) =>
    writeFileSync(
      join(folder, name),
      `== ${head}\n${lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join("")}`,
    );
  log(
    "job.log",
    "tributary-local-uploads-job jr_1 SUCCEEDED",
    ...events,
    `Traceback ${text(0).replaceAll("\n", " ")}`,
  );
  log("stream.log", "tributary-local-manifests-stream jr_2 RUNNING", { time: at(27), ...committed });
  log(
    "functions.log",
    "tributary-local-uploads-trigger",
    "START RequestId: 1",
    `{"level":"error","message":${JSON.stringify(text(0))}}`,
    "REPORT RequestId: 1\tDuration: 694 ms\tBilled Duration: 694 ms",
  );
}
