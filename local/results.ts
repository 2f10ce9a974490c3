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
    ...Object.values(pipeline).map(String),
  ]);
  const heads = ["files", "rows in", "rows out", "dead letters", "lost", "duplicated", "job runs", "seconds"];
  say("", table([["pipeline", ...heads], ...figures]));
  if (accounts.wholeFiles.length > 0)
    say("quarantined whole:", accounts.wholeFiles.map((file) => `  ${file}`).join("\n"));
  say("first rows of the output:", table(accounts.firstRows));
  say(query.sql, table(query.rows));
  say("where it is:", accounts.places.map(([name, place]) => `  ${name.padEnd(13)} ${place}`).join("\n"));
  say("copies of all outputs and the logs:", `  ${output}`);
  say("what to try next:", NEXT);
  say(`${verdict(accounts)} after ${report.seconds.toFixed(1)} s`);
}

const NEXT = [
  "  npm start -- --keep                                   leave the platform up and use it",
  "  npm start -- --input <folder>                         upload your own CSV files",
  "  npm run try -- customers local/samples/customers/broken-lines.csv   the same transform without any cloud",
].join("\n");

function verdict({ lost, duplicated, problems }: Accounts): string {
  if (lost + duplicated === 0) return "every row is accounted for: 0 lost, 0 duplicated";
  return `${lost} rows lost, ${duplicated} duplicated:\n${problems.map((problem) => `  ${problem}`).join("\n")}\n`;
}

/** Prints what a client of the running platform needs. */
export function showHowToReach(environment: Environment, variables: Readonly<Record<string, string>>): void {
  const buckets = (["raw", "curated", "quarantine"] as const).map(
    (name) => `  s3://${bucketName(environment, name)}`,
  );
  say("buckets:", buckets.join("\n"));
  const exports = Object.entries(variables).map(([name, value]) => `  export ${name}=${value}`);
  say("variables for any AWS client:", exports.join("\n"));
  say("the platform is up; Ctrl-C stops it");
}

function say(...parts: readonly string[]): void {
  process.stdout.write(`${parts.join("\n")}\n\n`);
}

/** Columns padded to their widest cell; the first row is the head. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  const cells = (row: readonly string[]) =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
  const [head = [], ...rest] = rows;
  const rule = widths.map((width) => "─".repeat(width)).join("  ");
  return [cells(head), rule, ...rest.map(cells)].map((row) => `  ${row.trimEnd()}`).join("\n");
}
