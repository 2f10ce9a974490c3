import { relative } from "node:path";
import { bucketName, type Environment } from "../environments";
import type { Accounts } from "./accounts";
import type { QueryResult } from "./athena";
import { round, type Step } from "./steps";

/** The figures of a run, as `--report` writes them. */
export interface Report {
  /** Seconds of the whole run, set-up included. */
  readonly seconds: number;
  readonly steps: readonly Step[];
  readonly pipelines: Readonly<Record<string, PipelineFigures>>;
}

export interface PipelineFigures {
  readonly files: number;
  readonly rowsIn: number;
  readonly rowsOut: number;
  readonly deadLetters: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly runs: number;
  /** From the upload's end to the end of the last job run. */
  readonly seconds: number;
}

export function reportOf(seconds: number, steps: readonly Step[], accounts: Accounts, runs: number): Report {
  const { files, rowsIn, rowsOut, deadLetters, lost, duplicated } = accounts;
  const own = steps.find((step) => step.name === "CSV pipeline")?.seconds ?? 0;
  return {
    seconds: round(seconds),
    steps,
    pipelines: { csv: { files, rowsIn, rowsOut, deadLetters, lost, duplicated, runs, seconds: own } },
  };
}

export function showResults(report: Report, accounts: Accounts, query: QueryResult, output: string): void {
  const figures = Object.entries(report.pipelines).map(([name, pipeline]) => [
    name,
    ...Object.entries(pipeline).map(([key, value]) => (key === "seconds" ? value.toFixed(1) : String(value))),
  ]);
  const heads = ["files", "rows in", "rows out", "dead letters", "lost", "duplicated", "job runs", "seconds"];
  say("", table([["pipeline", ...heads], ...figures]));
  if (accounts.wholeFiles.length > 0)
    say(
      "quarantined whole, each line counted as a dead letter:",
      accounts.wholeFiles.map((file) => `  ${file}`).join("\n"),
    );
  if (accounts.firstRows.length > 0) say("first rows of the output:", table(accounts.firstRows));
  say(query.sql, table(query.rows));
  say("where it is, while the platform is up:", list(accounts.places));
  say("what stays:", list(whatStays(relative(process.cwd(), output))));
  say("what to try next:", list(NEXT));
  say(`${verdict(accounts)} after ${report.seconds.toFixed(1)} s`);
}

/** Folders and logs of a run, by their content. */
function whatStays(output: string): [string, string][] {
  return [
    ["outputs", `${output}/curated/`],
    ["dead letters", `${output}/quarantine/`],
    ["logs", `${output}/ (deploy.log, job.log, functions.log, aws/emulator.log)`],
  ];
}

const NEXT = [
  ["npm start -- --keep", "leave the platform up and use it"],
  ["npm start -- --input <folder>", "upload your own CSV files"],
  ["npm run try -- customers FILE", "parse and transform one file, without any cloud"],
] as const;

function verdict({ lost, duplicated, problems }: Accounts): string {
  if (lost + duplicated === 0) return "every row is accounted for: 0 lost, 0 duplicated";
  return `${lost} rows lost, ${duplicated} duplicated:\n${problems.map((problem) => `  ${problem}`).join("\n")}\n`;
}

/** Prints what a client of the running platform needs. */
export function showHowToReach(environment: Environment, variables: Readonly<Record<string, string>>): void {
  const bucket = (name: "raw" | "curated" | "quarantine") => `s3://${bucketName(environment, name)}/`;
  say(
    "the platform is up. Buckets:",
    list([
      ["upload to", `${bucket("raw")}input/customers/`],
      ["outputs", bucket("curated")],
      ["dead letters", bucket("quarantine")],
    ]),
  );
  const exports = Object.entries(variables).map(([name, value]) => `  export ${name}=${value}`);
  say("variables that any AWS client needs, for another shell:", exports.join("\n"));
  say("Ctrl-C stops it");
}

function say(...parts: readonly string[]): void {
  process.stdout.write(`${parts.join("\n")}\n\n`);
}

/** Names and what they stand for, one a line, the latter below each other. */
function list(entries: readonly (readonly [string, string])[]): string {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`).join("\n");
}

/** Columns padded to their widest cell; the first row is the head. Lines are cut to the terminal, if there is one. */
export function table(rows: readonly (readonly string[])[], width = process.stdout.columns): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  const cells = (row: readonly string[]) =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
  const [head = [], ...rest] = rows;
  const rule = widths.map((size) => "─".repeat(size)).join("  ");
  return [cells(head), rule, ...rest.map(cells)].map((row) => cut(`  ${row.trimEnd()}`, width)).join("\n");
}

function cut(line: string, width: number | undefined): string {
  return width === undefined || line.length <= width ? line : `${line.slice(0, width - 1)}…`;
}
