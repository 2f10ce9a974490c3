import { PIPELINES, type Pipeline } from "../../../environments/schema/pipelines";
import { teamDatasets } from "../../inputs/files";
import type { Upload } from "../../inputs/uploads";
import type { Step } from "../../steps";
import type { Accounts, FileAccounts, RowCounts } from "../accounts";
import type { FailedQuery, QueryResult } from "../athena";
import { accountsOf, type PipelineFigures, type Results, reportOf } from "../results";
import { type FunctionLog, type JobRunLog, readFunctionLogs, readJobLogs } from "./job-logs";
import { type Commit, commitsOf } from "./progress";

/** What a run leaves behind in memory, however it ended. */
export interface RunRecord {
  readonly began: Date;
  readonly seconds: number;
  /** Words after `npm start`. */
  readonly words: readonly string[];
  readonly steps: readonly Step[];
  /** Of the pipelines that were accounted for. */
  readonly results: Results;
  readonly answers: readonly (QueryResult | FailedQuery)[];
  /** Files of the user that no dataset takes. */
  readonly untaken: readonly string[];
  /** Error that ended the run. @default - none did */
  readonly failure?: string;
  /** Signal that ended the run before its end. @default - none did */
  readonly interruption?: string;
  /** Folder of the run. */
  readonly output: string;
}

/** All that a page tells about a run; the numbers are those of its summary on the terminal. */
export interface RunSummary
  extends Pick<RunRecord, "began" | "seconds" | "words" | "steps" | "answers" | "untaken"> {
  readonly end: RunEnd;
  readonly pipelines: readonly PipelineSummary[];
  /** Each row that was lost or duplicated, in words. */
  readonly problems: readonly string[];
  readonly functions: readonly FunctionLog[];
}

/** How a run ended. `whole`: each row of each file is accounted for. */
export type RunEnd =
  | { readonly kind: "whole" | "unaccounted" | "unanswered" }
  | { readonly kind: "failed" | "interrupted"; readonly reason: string };

export interface PipelineSummary {
  readonly pipeline: Pipeline;
  /** @default - the run ended before its files were accounted for */
  readonly figures?: PipelineFigures;
  readonly datasets: readonly DatasetSummary[];
  readonly runs: readonly JobRunLog[];
  readonly commits: readonly Commit[];
}

export interface DatasetSummary {
  readonly name: string;
  /** Format and prefix of its declaration. */
  readonly format: string;
  readonly prefix: string;
  readonly counts: RowCounts;
  /** Those that are worth a look first. */
  readonly files: readonly FileSummary[];
  readonly letters: Accounts["letters"];
  readonly firstRows: Accounts["firstRows"];
}

export interface FileSummary {
  readonly key: string;
  readonly version: string;
  readonly size: number;
  /** @default - nothing is to come of it: it was replaced, or has the content of the version before */
  readonly counts?: FileAccounts;
}

/** Gathers what a page tells: the run's figures, and what its folder has of logs. */
export function summaryOf(record: RunRecord): RunSummary {
  const { began, seconds, words, steps, answers, untaken, results, output } = record;
  const { pipelines } = reportOf(seconds, steps, results);
  return {
    began,
    seconds,
    words,
    steps,
    answers,
    untaken,
    end: endOf(record),
    pipelines: PIPELINES.flatMap((pipeline) => {
      const runs = readJobLogs(output, pipeline);
      const [figures, result] = [pipelines[pipeline], results[pipeline]];
      if (figures === undefined && runs.length === 0) return [];
      const commits = commitsOf(pipeline, runs, began);
      const datasets = Object.entries(result?.accounts ?? {}).map(([name, accounts]) =>
        datasetOf(name, accounts, figures?.datasets[name] ?? accounts, result?.uploads ?? []),
      );
      return [{ pipeline, datasets, runs, commits, ...(figures === undefined ? {} : { figures }) }];
    }),
    problems: accountsOf(results).flatMap(([, { problems }]) => problems),
    functions: readFunctionLogs(output),
  };
}

function endOf({ failure, interruption, results, answers }: RunRecord): RunEnd {
  if (interruption !== undefined) return { kind: "interrupted", reason: interruption };
  if (failure !== undefined) return { kind: "failed", reason: failure };
  const isWhole = accountsOf(results).every(([, { lost, duplicated }]) => lost + duplicated === 0);
  if (!isWhole) return { kind: "unaccounted" };
  return { kind: answers.every((answer) => "rows" in answer) ? "whole" : "unanswered" };
}

function datasetOf(
  name: string,
  accounts: Accounts,
  counts: RowCounts,
  uploads: readonly Upload[],
): DatasetSummary {
  const declared = teamDatasets().find((dataset) => dataset.name === name);
  const files = uploads.filter(({ dataset }) => dataset === name).map((upload) => fileOf(upload, accounts));
  return {
    name,
    format: declared?.format.kind.toUpperCase() ?? "",
    prefix: declared?.prefix ?? "",
    counts,
    files: files.sort(
      (one, other) =>
        urgency(other) - urgency(one) || (one.key < other.key ? -1 : Number(one.key > other.key)),
    ),
    letters: accounts.letters,
    firstRows: accounts.firstRows,
  };
}

function fileOf({ key, version, size }: Upload, { byFile }: Accounts): FileSummary {
  const counts = byFile[`${key} ${version}`];
  return { key, version, size, ...(counts === undefined ? {} : { counts }) };
}

/** What deserves a look: lost and duplicated rows, then files that were quarantined whole, then dead letters. */
function urgency({ counts }: FileSummary): number {
  if (counts === undefined) return 0;
  if (counts.lost + counts.duplicated > 0) return 3;
  if (counts.quarantined > 0) return 2;
  return counts.deadLetters > 0 ? 1 : 0;
}
