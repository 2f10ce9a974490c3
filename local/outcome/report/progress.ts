import type { Pipeline } from "../../../environments/schema/pipelines";
import type { JobRunLog, LogLine } from "./job-logs";

/** A file, manifest or batch as a job committed it. */
export interface Commit {
  /** Seconds from the start of the run. */
  readonly at: number;
  readonly files: number;
  readonly rows: number;
  readonly deadLetters: number;
  /** Seconds that the job worked on it. */
  readonly seconds: number;
}

/** What was committed in a span of time. */
export interface Span {
  /** Its beginning, in seconds from the start of the run. */
  readonly from: number;
  readonly files: number;
  readonly rows: number;
  readonly deadLetters: number;
  /** Rows that were committed until its end. */
  readonly total: number;
}

/** Progress of a pipeline, in spans of one length. */
export interface Progress {
  /** Length of a span, in seconds. */
  readonly length: number;
  readonly spans: readonly Span[];
}

const SPANS = 40;
const NICE_SECONDS = [0.25, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];

/** Returns what the jobs of a pipeline committed, in the order of time. */
export function commitsOf(pipeline: Pipeline, runs: readonly JobRunLog[], began: Date): Commit[] {
  const wanted = pipeline === "uploads" ? "processed" : "committed";
  const events = runs.flatMap(({ lines }) => lines).filter(({ event }) => event === wanted);
  return events.map((line) => commitOf(pipeline, line, began)).sort((one, other) => one.at - other.at);
}

function commitOf(pipeline: Pipeline, { time = "", fields }: LogLine, began: Date): Commit {
  const number = (name: string) => Number(fields[name] ?? 0);
  const at = (Date.parse(time) - began.getTime()) / 1000;
  const counts =
    pipeline === "uploads"
      ? { files: 1, rows: number("output_count"), deadLetters: number("rejected_count") }
      : { files: number("files"), rows: number("rows"), deadLetters: number("dead_letters") };
  return { at, ...counts, seconds: number("seconds") };
}

/** Sums commits by spans of a round length, from the first commit's span to that of the last. */
export function progressOf(commits: readonly Commit[], from: number, to: number): Progress {
  const length = NICE_SECONDS.find((each) => (to - from) / each <= SPANS) ?? Math.ceil((to - from) / SPANS);
  const first = Math.floor(from / length);
  const count = Math.floor(to / length) - first + 1;
  const spans: Span[] = [];
  for (let index = 0; index < count; index++) {
    const own = commits.filter(({ at }) => Math.floor(at / length) === first + index);
    const sum = (name: "files" | "rows" | "deadLetters") =>
      own.reduce((total, commit) => total + commit[name], 0);
    const rows = sum("rows");
    const total = (spans.at(-1)?.total ?? 0) + rows;
    spans.push({
      from: (first + index) * length,
      files: sum("files"),
      rows,
      deadLetters: sum("deadLetters"),
      total,
    });
  }
  return { length, spans };
}
