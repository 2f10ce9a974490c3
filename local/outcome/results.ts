import { relative } from "node:path";
import {
  type BucketName,
  bucketName,
  type Environment,
  ledgerBatchJobName,
  RAW_JSON_PREFIX,
} from "../../environments/schema";
import { print, visible } from "../../setup/terminal";
import { LEDGER_STEP } from "../pipelines/ledger";
import { MANIFESTS_STEP } from "../pipelines/manifests";
import { UPLOADS_STEP } from "../pipelines/uploads";
import { round, type Step } from "../steps";
import type { Accounts, LedgerAccounts, ManifestsAccounts, RowCounts } from "./accounts";
import type { QueryResult } from "./athena";

/** The figures of a run, as `--report` writes them. */
export interface Report {
  /** Seconds of the whole run, set-up included. */
  readonly seconds: number;
  readonly steps: readonly Step[];
  readonly pipelines: {
    readonly uploads: PipelineFigures;
    readonly manifests: ManifestsFigures;
    readonly ledger: LedgerFigures;
  };
}

export interface PipelineFigures extends RowCounts {
  readonly runs: number;
  /** Seconds from the upload's end to the end of the last job run. */
  readonly seconds: number;
}

/** Figures of the manifests pipeline, whose files are versions of objects. */
export interface ManifestsFigures extends PipelineFigures {
  /** Manifests that list files. */
  readonly manifests: number;
  /** Versions that were quarantined whole. */
  readonly quarantined: number;
}

/** Figures of the ledger pipeline, whose files are versions of objects, too. */
export interface LedgerFigures extends PipelineFigures {
  readonly batches: number;
  /** Versions that were quarantined whole. */
  readonly quarantined: number;
}

/** Accounts of the rows of all pipelines. */
export interface AllAccounts {
  readonly uploads: Accounts;
  readonly manifests: ManifestsAccounts;
  readonly ledger: LedgerAccounts;
}

export function reportOf(
  seconds: number,
  steps: readonly Step[],
  { uploads, manifests, ledger }: AllAccounts,
  runs: Readonly<Record<keyof AllAccounts, number>>,
): Report {
  const figures = (accounts: Accounts, ofRuns: number, step: string): PipelineFigures => {
    const { files, rowsIn, rowsOut, deadLetters, lost, duplicated } = accounts;
    const own = steps.find(({ name }) => name === step)?.seconds ?? 0;
    return { files, rowsIn, rowsOut, deadLetters, lost, duplicated, runs: ofRuns, seconds: own };
  };
  return {
    seconds: round(seconds),
    steps,
    pipelines: {
      uploads: figures(uploads, runs.uploads, UPLOADS_STEP),
      manifests: {
        ...figures(manifests, runs.manifests, MANIFESTS_STEP),
        manifests: manifests.manifests,
        quarantined: manifests.quarantined,
      },
      ledger: {
        ...figures(ledger, runs.ledger, LEDGER_STEP),
        batches: ledger.batches,
        quarantined: ledger.quarantined,
      },
    },
  };
}

export function showResults(
  report: Report,
  accounts: AllAccounts,
  answers: readonly QueryResult[],
  output: string,
): void {
  const all = [accounts.uploads, accounts.manifests, accounts.ledger];
  say("", figuresTable(report));
  const wholeFiles = all.flatMap((one) => one.wholeFiles);
  if (wholeFiles.length > 0)
    say(
      "quarantined whole, each line counted as a dead letter:",
      wholeFiles.map((file) => `  ${visible(file)}`).join("\n"),
    );
  for (const [name, { firstRows }] of [
    ["customers", accounts.uploads],
    ["clicks", accounts.manifests],
    ["ml_events", accounts.ledger],
  ] as const) {
    if (firstRows.length > 0) say(`first rows of ${name}:`, table(firstRows));
  }
  for (const { sql, rows } of answers) say(sql, table(rows));
  say("where it is, while the platform is up:", list(all.flatMap(({ places }) => places)));
  say("what stays:", list(whatStays(relative(process.cwd(), output))));
  say("what to try next:", list(NEXT));
  say(`${verdict(all)} after ${report.seconds.toFixed(1)} s`);
}

/** Formats one pipeline a row; a figure that it lacks stays empty. */
function figuresTable({ pipelines }: Report): string {
  const heads: Readonly<Record<keyof (ManifestsFigures & LedgerFigures), string>> = {
    files: "files",
    rowsIn: "rows in",
    rowsOut: "rows out",
    deadLetters: "dead letters",
    lost: "lost",
    duplicated: "duplicated",
    runs: "job runs",
    seconds: "seconds",
    manifests: "manifests",
    batches: "batches",
    quarantined: "quarantined",
  };
  const keys = Object.keys(heads) as (keyof typeof heads)[];
  const rows = Object.entries(pipelines).map(
    ([name, figures]: [string, Partial<Record<keyof typeof heads, number>>]) => [
      name,
      ...keys.map((key) => (key === "seconds" ? (figures[key] ?? 0).toFixed(1) : String(figures[key] ?? ""))),
    ],
  );
  return table([["pipeline", ...Object.values(heads)], ...rows]);
}

/** Folders and logs of a run, by their content. */
function whatStays(output: string): [string, string][] {
  return [
    ["outputs", `${output}/curated/`],
    ["dead letters", `${output}/quarantine/`],
    ["manifests", `${output}/manifests/`],
    ["logs", `${output}/ (deploy.log, job.log, stream.log, ledger.log, functions.log, aws/)`],
  ];
}

const NEXT = [
  ["npm start -- --keep", "leave the platform up and use it"],
  ["npm start -- --input <folder>", "upload your own CSV, NDJSON and JSON files"],
  ["npm run generate -- ndjson --help", "make NDJSON files in any number"],
  ["npm run try -- customers FILE", "parse and transform one file, without any cloud"],
] as const;

function verdict(all: readonly Accounts[]): string {
  const [lost, duplicated] = [sum(all.map((one) => one.lost)), sum(all.map((one) => one.duplicated))];
  if (lost + duplicated === 0) return "every row is accounted for: 0 lost, 0 duplicated";
  const problems = all.flatMap((one) => one.problems).map((problem) => `  ${visible(problem)}`);
  return `${lost} rows lost, ${duplicated} duplicated:\n${problems.join("\n")}\n`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** Prints the addresses and variables that a client of the running platform needs. */
export function showHowToReach(environment: Environment, variables: Readonly<Record<string, string>>): void {
  const bucket = (name: BucketName) => `s3://${bucketName(environment, name)}/`;
  say(
    "the platform is up. Buckets:",
    list([
      ["upload CSV to", `${bucket("raw")}input/customers/`],
      ["upload NDJSON to", `${bucket("raw")}input/clicks/`],
      ["upload raw JSON to", `${bucket("raw")}${RAW_JSON_PREFIX}2026/week08/`],
      ["manifests", bucket("manifests")],
      ["outputs", bucket("curated")],
      ["dead letters", bucket("quarantine")],
    ]),
  );
  const exports = Object.entries(variables).map(([name, value]) => `  export ${name}=${value}`);
  say("variables that any AWS client needs, for another shell:", exports.join("\n"));
  say(
    "with these, this shows how the pipelines are, and starts the one of raw JSON:",
    list([
      ["manifests", "npx tributary status --environment local"],
      ["ledger", "npx tributary ledger status --environment local"],
      ["start", `aws glue start-job-run --job-name ${ledgerBatchJobName(environment)}`],
    ]),
  );
  say("Ctrl-C stops it");
}

function say(...parts: readonly string[]): void {
  print(`${parts.join("\n")}\n`);
}

/** Formats names and values, one pair a line, the values aligned. */
function list(entries: readonly (readonly [string, string])[]): string {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, text]) => `  ${name.padEnd(width)}  ${visible(text)}`).join("\n");
}

/**
 * Formats columns padded to their widest cell; the first row is the head. Lines are cut to the terminal, if
 * there is one.
 */
export function table(rows: readonly (readonly string[])[], width = process.stdout.columns): string {
  const shown = rows.map((row) => row.map(visible));
  const widths = (shown[0] ?? []).map((_, column) =>
    Math.max(...shown.map((row) => (row[column] ?? "").length)),
  );
  const cells = (row: readonly string[]) =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
  const [head = [], ...rest] = shown;
  const rule = widths.map((size) => "─".repeat(size)).join("  ");
  return [cells(head), rule, ...rest.map(cells)].map((row) => cut(`  ${row.trimEnd()}`, width)).join("\n");
}

function cut(line: string, width: number | undefined): string {
  return width === undefined || line.length <= width ? line : `${line.slice(0, width - 1)}…`;
}
