import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Pipeline } from "../../../environments/schema/pipelines";

/** What a run of a job logged. */
export interface JobRunLog {
  readonly job: string;
  readonly id: string;
  readonly state: string;
  /** Message of a run that failed. */
  readonly message: string;
  readonly lines: readonly LogLine[];
}

/** A line of a log: an event with its fields, or text alone. */
export interface LogLine {
  /** When it was written, in ISO 8601. */
  readonly time?: string;
  readonly event?: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** The line where it is no event. */
  readonly text?: string;
}

/** What the invocations of a function logged. */
export interface FunctionLog {
  readonly name: string;
  readonly invocations: number;
  /** Longest invocation, in milliseconds. */
  readonly longest: number;
  /** Lines about errors and warnings. */
  readonly complaints: readonly string[];
}

/** File with the logs of a pipeline's jobs. */
const JOB_LOGS: Readonly<Record<Pipeline, string>> = {
  uploads: "job.log",
  manifests: "stream.log",
  ledger: "ledger.log",
};

const FUNCTIONS_LOG = "functions.log";

const HEAD = /^== (\S+) ?(\S*) ?(\S*) ?(.*)$/;

/** Reads what the jobs of a pipeline logged; nothing where the run ended before its logs were saved. */
export function readJobLogs(folder: string, pipeline: Pipeline): JobRunLog[] {
  return sectionsOf(join(folder, JOB_LOGS[pipeline])).map(([[job, id, state, message], lines]) => ({
    job,
    id,
    state,
    message,
    lines: lines.map(parseLine),
  }));
}

/** Reads what functions logged, those alone that were invoked. */
export function readFunctionLogs(folder: string): FunctionLog[] {
  const all = sectionsOf(join(folder, FUNCTIONS_LOG)).map(([[name], lines]) => {
    const durations = lines.flatMap((line) => /^REPORT .*\tDuration: ([\d.]+) ms/.exec(line)?.[1] ?? []);
    return {
      name,
      invocations: durations.length,
      longest: durations.reduce((longest, each) => Math.max(longest, Number(each)), 0),
      complaints: lines.filter((line) => /"level":"(error|warn)"|\berror\b/i.test(line)).map(withoutQuotes),
    };
  });
  return all.filter(({ invocations, complaints }) => invocations + complaints.length > 0);
}

type Head = readonly [string, string, string, string];

/** Parts of a log, each with the words of its head. */
function sectionsOf(file: string): [Head, string[]][] {
  const sections: [Head, string[]][] = [];
  for (const line of existsSync(file) ? readFileSync(file, "utf8").split("\n") : []) {
    const [, first = "", second = "", third = "", rest = ""] = HEAD.exec(line) ?? [];
    if (first !== "") sections.push([[first, second, third, rest], []]);
    else if (line.trim() !== "") sections.at(-1)?.[1].push(line);
  }
  return sections;
}

function parseLine(line: string): LogLine {
  try {
    const { time, event, ...fields } = JSON.parse(line);
    if (typeof time === "string" && typeof event === "string") return { time, event, fields };
  } catch {
    // Not an event: a traceback, or a line of a library.
  }
  return { fields: {}, text: line };
}

/** The message and fields of a function's line; the line itself where it is no JSON. */
function withoutQuotes(line: string): string {
  try {
    const { message = "", timestamp: _, level: __, ...fields } = JSON.parse(line);
    return `${message}: ${wordsOf(fields)}`;
  } catch {
    return line;
  }
}

/** Fields as words, `name=value`. */
export function wordsOf(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");
}
