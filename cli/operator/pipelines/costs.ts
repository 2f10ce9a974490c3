import { paginateGetJobRuns } from "@aws-sdk/client-glue";
import {
  type Environment,
  ledgerBatchJobName,
  ledgerListerJobName,
  type Pipeline,
  uploadsJobName,
} from "../../../environments/schema";
import { DAY_MS } from "../../../runtime/clock";
import { compareUtf8 } from "../../../runtime/manifests/manifests";
import { HOUR_ROWS, LEDGER_HOUR_ROWS } from "../../../runtime/manifests/metric-rows";
import { costOf, dpusOf } from "../../../runtime/prices/glue";
import { explained, wordsOf } from "../command/errors";
import { EXIT, type ExitCode } from "../command/exit-codes";
import { warnOfOldPrices } from "../command/old-prices";
import type { Operator } from "../command/operator";
import { runStateOf } from "../command/runs";
import { bytes, dollars, duration, table } from "../command/tables";
import { dateOf, datesFrom, readHours, readRunRows } from "../manifests/costs";
import { type Narrowed, wantedPipelines } from "./narrowed";

export interface CostsOptions extends Narrowed {
  /** Days to look back, today included. */
  readonly days: number;
}

/** Use of a run on a day. */
export interface RunRow {
  readonly date: string;
  readonly run: string;
  readonly state: string;
  readonly seconds: number;
  readonly dpuSeconds: number;
  readonly dollars: number;
  readonly workers: number;
  readonly workerType: string;
}

/** What a pipeline read on a day, by dataset. */
interface Work {
  readonly date: string;
  readonly dataset: string;
  readonly files: number;
  readonly inputBytes: number;
}

interface Day {
  readonly date: string;
  readonly pipeline: Pipeline;
  /** Of a dataset: its share of the runs', by the bytes read. */
  readonly dollars: number;
  readonly dpuSeconds: number;
  /** Absent where the pipeline does not count. */
  readonly files?: number;
  readonly inputBytes?: number;
  /** Cost of a billion bytes; absent on a day without input. */
  readonly dollarsPerGigabyte?: number;
  readonly runs: readonly RunRow[];
}

/** Jobs of a pipeline whose runs Glue tells; the streaming job's are in the metrics table, by day. */
const JOBS: Readonly<Record<Pipeline, readonly ((environment: Environment) => string)[]>> = {
  uploads: [uploadsJobName],
  manifests: [],
  ledger: [ledgerListerJobName, ledgerBatchJobName],
};
/** Kind of rows with what a pipeline read; uploads have none. */
const WORK_ROWS: Readonly<Partial<Record<Pipeline, string>>> = {
  manifests: HOUR_ROWS,
  ledger: LEDGER_HOUR_ROWS,
};
const RUNS_A_PAGE = 200;

/**
 * Shows what the runs of jobs cost on each of the last days, and what they did for that. A pipeline that cannot be read
 * is said to be so, and hides no other.
 */
export async function costs(operator: Operator, options: CostsOptions): Promise<ExitCode> {
  const { environment, now, terminal } = operator;
  const { days, dataset } = options;
  warnOfOldPrices(terminal, now);
  const dates = datesFrom(new Date(now.getTime() - (days - 1) * DAY_MS), now);
  const wanted = wantedPipelines(environment, options);
  const read = wanted.map((pipeline) => readDays(operator, pipeline, dates, dataset));
  const answers = await Promise.allSettled(read);
  const found = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
  const newestFirst = found.toSorted((one, other) => compareUtf8(other.date, one.date));
  terminal.show(
    newestFirst,
    newestFirst.length > 0 ? textOf(newestFirst) : `no run and no file in ${days} days`,
  );
  for (const [index, answer] of answers.entries()) {
    if (answer.status === "fulfilled") continue;
    terminal.warn(`${wanted[index]}: ${wordsOf(explained(answer.reason, environment))}`);
  }
  if (dataset !== undefined && wanted.includes("uploads")) {
    terminal.warn("uploads: what a run read is not counted by dataset; shown are runs with all their files");
  }
  if (answers.some(({ status }) => status === "rejected")) return EXIT.failed;
  return newestFirst.length > 0 ? EXIT.ok : EXIT.nothing;
}

async function readDays(
  operator: Operator,
  pipeline: Pipeline,
  dates: readonly string[],
  dataset: string | undefined,
): Promise<Day[]> {
  const [runs, work] = await Promise.all([
    pipeline === "manifests"
      ? Promise.all(dates.map((date) => readRunRows(operator, date)))
      : Promise.all(
          JOBS[pipeline].map((nameOf) => runsSince(operator, nameOf(operator.environment), dates[0])),
        ),
    readWork(operator, pipeline, dates),
  ]);
  return dates.flatMap((date) => {
    const ofDay = runs.flat().filter((run) => run.date === date);
    const read = work?.filter((each) => each.date === date);
    const day = dayOf(pipeline, date, ofDay, read, dataset);
    return ofDay.length > 0 || (day.files ?? 0) > 0 ? [day] : [];
  });
}

function dayOf(
  pipeline: Pipeline,
  date: string,
  runs: readonly RunRow[],
  work: readonly Work[] | undefined,
  dataset: string | undefined,
): Day {
  const own = work?.filter((each) => dataset === undefined || each.dataset === dataset);
  const [inputBytes, all] = [sum(own ?? [], "inputBytes"), sum(work ?? [], "inputBytes")];
  const share = dataset === undefined || work === undefined ? 1 : all === 0 ? 0 : inputBytes / all;
  const cost = sum(runs, "dollars") * share;
  return {
    date,
    pipeline,
    dollars: cost,
    dpuSeconds: sum(runs, "dpuSeconds") * share,
    ...(own && { files: sum(own, "files"), inputBytes }),
    ...(inputBytes > 0 && { dollarsPerGigabyte: cost / (inputBytes / 1e9) }),
    runs,
  };
}

/** Runs of a job that started on that date or later, the newest first; each counts on the day of its start. */
async function runsSince(
  { aws, now }: Operator,
  JobName: string,
  first: string | undefined,
): Promise<RunRow[]> {
  const rows: RunRow[] = [];
  const pages = paginateGetJobRuns({ client: aws.glue, pageSize: RUNS_A_PAGE }, { JobName });
  for await (const { JobRuns = [] } of pages) {
    for (const run of JobRuns) {
      const { id, state, seconds, workers = 0, workerType = "" } = runStateOf(run, now);
      const date = dateOf(run.StartedOn ?? now);
      if (first !== undefined && date < first) return rows;
      const dpuSeconds = run.DPUSeconds ?? (dpusOf(run) ?? 0) * seconds;
      rows.push({
        date,
        run: id,
        state,
        seconds,
        dpuSeconds,
        dollars: costOf(dpuSeconds, run.ExecutionClass),
        workers,
        workerType,
      });
    }
  }
  return rows;
}

async function readWork(
  operator: Operator,
  pipeline: Pipeline,
  dates: readonly string[],
): Promise<Work[] | undefined> {
  const kind = WORK_ROWS[pipeline];
  if (kind === undefined) return undefined;
  const hours = await Promise.all(dates.map((date) => readHours(operator, date, kind)));
  return hours.flat().map(({ hour, ...work }) => ({ ...work, date: hour.slice(0, 10) }));
}

function sum<Name extends string>(rows: readonly Readonly<Record<Name, number>>[], name: Name): number {
  return rows.reduce((total, row) => total + row[name], 0);
}

function textOf(days: readonly Day[]): string {
  const byDay = table<Day>(
    [
      { head: "date", cell: ({ date }) => date },
      { head: "pipeline", cell: ({ pipeline }) => pipeline },
      { head: "runs cost", cell: (day) => dollars(day.dollars) },
      { head: "DPU hours", cell: ({ dpuSeconds }) => (dpuSeconds / 3600).toFixed(2) },
      { head: "files", cell: ({ files }) => files },
      { head: "read", cell: ({ inputBytes }) => (inputBytes === undefined ? undefined : bytes(inputBytes)) },
      { head: "$/GB", cell: ({ dollarsPerGigabyte }) => dollarsPerGigabyte?.toFixed(4) },
    ],
    days,
  );
  const byRun = table(
    [
      { head: "date", cell: ({ date }) => date },
      { head: "pipeline", cell: ({ pipeline }) => pipeline },
      { head: "run", cell: ({ run }) => run },
      { head: "state", cell: ({ state }) => state },
      { head: "time that day", cell: ({ seconds }) => duration(seconds) },
      { head: "workers", cell: ({ workers, workerType }) => `${workers} × ${workerType}` },
      { head: "cost", cell: (row) => dollars(row.dollars) },
    ],
    days.flatMap(({ pipeline, runs }) => runs.map((run) => ({ pipeline, ...run }))),
  );
  return `${byDay}\n\n${byRun}`;
}
