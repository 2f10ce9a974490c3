import { relative } from "node:path";
import { type BucketName, bucketName, type Environment, ledgerBatchJobName } from "../../environments/schema";
import type { Pipeline } from "../../environments/schema/pipelines";
import { print, visible } from "../../setup/terminal";
import { teamDatasets } from "../inputs/files";
import { wayOut } from "../inputs/inputs";
import type { Upload } from "../inputs/uploads";
import { LEDGER_STEP } from "../pipelines/ledger";
import { MANIFESTS_STEP } from "../pipelines/manifests";
import { UPLOADS_STEP } from "../pipelines/uploads";
import { round, type Step } from "../steps";
import type { Accounts, PipelineAccounts, RowCounts } from "./accounts";
import type { FailedQuery, QueryResult } from "./athena";
import { PAGE } from "./report-file";

/** The figures of a run, as `--report` writes them. */
export interface Report {
  /** Seconds of the whole run, set-up included. */
  readonly seconds: number;
  readonly steps: readonly Step[];
  /** Pipelines that got files. */
  readonly pipelines: Readonly<Partial<Record<Pipeline, PipelineFigures>>>;
}

/** Figures of a pipeline over its datasets, and of each of them. */
export interface PipelineFigures extends RowCounts {
  readonly runs: number;
  /** Seconds from the first upload to the end of the last job run. */
  readonly seconds: number;
  readonly datasets: Readonly<Record<string, RowCounts>>;
}

/** What became of the files of a pipeline. */
export interface PipelineResult {
  readonly accounts: PipelineAccounts;
  /** Uploads in their order. */
  readonly uploads: readonly Upload[];
  readonly runs: number;
}

export type Results = Readonly<Partial<Record<Pipeline, PipelineResult>>>;

const SHOWN_PATHS = 10;

const STEPS: Readonly<Record<Pipeline, string>> = {
  uploads: UPLOADS_STEP,
  manifests: MANIFESTS_STEP,
  ledger: LEDGER_STEP,
};

export const COUNTS = [
  "files",
  "rowsIn",
  "rowsOut",
  "deadLetters",
  "quarantined",
  "lost",
  "duplicated",
  "manifests",
  "batches",
] as const satisfies readonly (keyof RowCounts)[];

export function reportOf(seconds: number, steps: readonly Step[], results: Results): Report {
  const figuresOf = ([pipeline, { accounts, runs }]: [Pipeline, PipelineResult]) => {
    const datasets = Object.entries(accounts).map(([name, each]) => [name, countsOf([each])] as const);
    const figures: PipelineFigures = {
      ...countsOf(Object.values(accounts)),
      runs,
      seconds: steps.find(({ name }) => name === STEPS[pipeline])?.seconds ?? 0,
      datasets: Object.fromEntries(datasets),
    };
    return [pipeline, figures] as const;
  };
  const pipelines = (Object.entries(results) as [Pipeline, PipelineResult][]).map(figuresOf);
  return { seconds: round(seconds), steps, pipelines: Object.fromEntries(pipelines) };
}

/** Sums each count that any of the accounts has. */
function countsOf(all: readonly Accounts[]): RowCounts {
  const names = COUNTS.filter((name) => all.some((each) => each[name] !== undefined));
  const sums = names.map((name) => [name, sum(all.map((each) => each[name] ?? 0))]);
  return Object.fromEntries(sums) as RowCounts;
}

/** Accounts of all datasets, with their names. */
export function accountsOf(results: Results): [string, Accounts][] {
  return Object.values(results).flatMap(({ accounts }) => Object.entries(accounts));
}

export function showResults(
  report: Report,
  results: Results,
  answers: readonly (QueryResult | FailedQuery)[],
  output: string,
): void {
  const accounts = accountsOf(results);
  const all = accounts.map(([, each]) => each);
  say("", figuresTable(report));
  const wholeFiles = all.flatMap((one) => one.wholeFiles);
  if (wholeFiles.length > 0)
    say(
      "quarantined whole, each line counted as a dead letter:",
      wholeFiles.map((file) => `  ${visible(file)}`).join("\n"),
    );
  for (const [name, { firstRows }] of accounts) {
    if (firstRows.length > 0) say(`first rows of ${name}:`, table(firstRows));
  }
  for (const answer of answers) {
    say(answer.sql, "rows" in answer ? table(answer.rows) : `  failed: ${answer.failure}`);
  }
  say("where it is, while the platform is up:", list(placesOf(results)));
  say("what stays:", list(whatStays(relative(process.cwd(), output))));
  say("what to try next:", list(NEXT));
  say(`${verdict(all)} after ${report.seconds.toFixed(1)} s`);
}

/** Returns the places of all outputs, each once; those of several datasets of a pipeline by a pattern. */
function placesOf(results: Results): [string, string][] {
  const places = Object.values(results).flatMap(({ accounts }) => {
    const all = Object.entries(accounts);
    return all.flatMap(([name, { places }]) =>
      places.map(([what, place]): [string, string] => [
        what,
        all.length > 1 ? place.replace(`/${name}/`, "/<dataset>/") : place,
      ]),
    );
  });
  return [...new Map(places.map((each) => [each.join(" "), each])).values()];
}

export const HEADS: Readonly<Record<(typeof COUNTS)[number], string>> = {
  files: "files",
  rowsIn: "rows in",
  rowsOut: "rows out",
  deadLetters: "dead letters",
  quarantined: "quarantined",
  lost: "lost",
  duplicated: "duplicated",
  manifests: "manifests",
  batches: "batches",
};

/** Formats a row for each pipeline, and below it one for each of its datasets; a figure that it lacks stays empty. */
function figuresTable({ pipelines }: Report): string {
  const cells = (counts: RowCounts) => COUNTS.map((name) => String(counts[name] ?? ""));
  const rows = Object.entries(pipelines).flatMap(([name, figures]) => [
    [name, ...cells(figures), String(figures.runs), figures.seconds.toFixed(1)],
    ...Object.entries(figures.datasets).map(([dataset, counts]) => [`  ${dataset}`, ...cells(counts)]),
  ]);
  const heads = COUNTS.map((name) => HEADS[name]);
  return table([["pipeline, dataset", ...heads, "job runs", "seconds"], ...rows]);
}

/** Folders and logs of a run, by their content. */
function whatStays(output: string): [string, string][] {
  return [
    ["a page about it", `${output}/${PAGE}`],
    ["outputs", `${output}/curated/`],
    ["dead letters", `${output}/quarantine/`],
    ["manifests", `${output}/manifests/`],
    ["logs", `${output}/ (deploy.log, job.log, stream.log, ledger.log, functions.log, aws/)`],
  ];
}

const NEXT = [
  ["npm start -- --keep", "leave the platform up and use it"],
  ["npm start -- --input <folder>", "upload your own files, of any declared dataset"],
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

/** Names files of the user that no dataset takes, the first ones where they are many. */
export function showUntaken(paths: readonly string[]): void {
  if (paths.length === 0) return;
  const more = paths.length - SHOWN_PATHS;
  const lines = [...paths.slice(0, SHOWN_PATHS).map(visible), ...(more > 0 ? [`and ${more} more`] : [])];
  say(`not uploaded, for no dataset takes them (${wayOut()}):`, lines.map((path) => `  ${path}`).join("\n"));
}

/** Prints the addresses and variables that a client of the running platform needs. */
export function showHowToReach(environment: Environment, variables: Readonly<Record<string, string>>): void {
  const bucket = (name: BucketName) => `s3://${bucketName(environment, name)}/`;
  say(
    "the platform is up. Buckets:",
    list([
      ...teamDatasets().map(({ name, prefix }): [string, string] => [
        `files of ${name}`,
        `${bucket("raw")}${prefix}`,
      ]),
      ["manifests", bucket("manifests")],
      ["outputs", bucket("curated")],
      ["dead letters", bucket("quarantine")],
    ]),
  );
  const exports = Object.entries(variables).map(([name, value]) => `  export ${name}=${value}`);
  say("variables that any AWS client needs, for another shell:", exports.join("\n"));
  say(
    "with these, this shows how the pipelines are, asks the tables, and starts the pipeline of raw JSON:",
    list([
      ["manifests", "npx tributary status --environment local"],
      ["ledger", "npx tributary ledger status --environment local"],
      ["tables", "npx tributary query 'SELECT * FROM customers LIMIT 10' --environment local"],
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
