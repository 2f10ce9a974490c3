import { paginateQuery } from "@aws-sdk/client-dynamodb";
import { metricsTableName } from "../../../environments/schema";
import type { Item } from "../../../runtime/aws/dynamo";
import { DAY_MS, HOUR_MS } from "../../../runtime/clock";
import { HOUR_ROWS, JOB_RUN_ROWS, parseHourRow } from "../../../runtime/manifests/metric-rows";
import { EXIT, type ExitCode } from "../command/exit-codes";
import type { Operator } from "../command/operator";
import { bytes, dollars, duration, table } from "../command/tables";

/** Figures of what was published in an hour, by the metrics table. */
export interface HourRate {
  /** `2026-01-31T09`, UTC. */
  readonly hour: string;
  readonly dataset: string;
  readonly manifests: number;
  readonly files: number;
  readonly rows: number;
  readonly deadLetters: number;
  readonly inputBytes: number;
  readonly outputBytes: number;
}

/** Cost of the streaming job's runs; an active run counts up to the last minute. */
export interface Cost {
  readonly todayDollars: number;
  readonly monthDollars: number;
  /** First day that is counted: the table keeps 30 days, and a month may have 31. */
  readonly monthSince: string;
}

export interface CostsOptions {
  /** Days to look back, today included. */
  readonly days: number;
}

interface RunRow {
  readonly date: string;
  readonly run: string;
  readonly state: string;
  readonly seconds: number;
  readonly dpuSeconds: number;
  readonly dollars: number;
  readonly workers: number;
  readonly workerType: string;
}

interface Day {
  readonly date: string;
  readonly dollars: number;
  readonly dpuSeconds: number;
  readonly files: number;
  readonly inputBytes: number;
  /** Cost of a billion bytes; absent on a day without input. */
  readonly dollarsPerGigabyte?: number;
  readonly runs: readonly RunRow[];
}

/** Shows what the streaming job cost on each of the last days, and what it did for that. */
export async function costs(operator: Operator, { days }: CostsOptions): Promise<ExitCode> {
  const first = new Date(operator.now.getTime() - (days - 1) * DAY_MS);
  const found = await Promise.all(datesFrom(first, operator.now).map((date) => readDay(operator, date)));
  const used = found.filter(({ runs, files }) => runs.length > 0 || files > 0).reverse();
  operator.terminal.show(used, used.length > 0 ? textOf(used) : `no run and no file in ${days} days`);
  return used.length > 0 ? EXIT.ok : EXIT.nothing;
}

export async function costSoFar(operator: Operator): Promise<Cost> {
  const today = dateOf(operator.now);
  const first = new Date(`${today.slice(0, 8)}01T00:00:00Z`);
  const oldest = new Date(Math.max(first.getTime(), operator.now.getTime() - 29 * DAY_MS));
  const dates = datesFrom(oldest, operator.now);
  const runs = (await Promise.all(dates.map((date) => readRunRows(operator, date)))).flat();
  return {
    todayDollars: sum(
      runs.filter(({ date }) => date === today),
      "dollars",
    ),
    monthDollars: sum(runs, "dollars"),
    monthSince: dateOf(oldest),
  };
}

/** Reads what was published in the last whole hour and in this one so far. */
export async function readRates(operator: Operator): Promise<HourRate[]> {
  const hours = [new Date(operator.now.getTime() - HOUR_MS), operator.now].map(hourOf);
  const dates = [...new Set(hours.map((hour) => hour.slice(0, 10)))];
  const rates = (await Promise.all(dates.map((date) => readHours(operator, date)))).flat();
  return rates.filter(({ hour }) => hours.includes(hour));
}

async function readDay(operator: Operator, date: string): Promise<Day> {
  const [runs, hours] = await Promise.all([readRunRows(operator, date), readHours(operator, date)]);
  const [cost, inputBytes] = [sum(runs, "dollars"), sum(hours, "inputBytes")];
  return {
    date,
    dollars: cost,
    dpuSeconds: sum(runs, "dpuSeconds"),
    files: sum(hours, "files"),
    inputBytes,
    ...(inputBytes === 0 ? {} : { dollarsPerGigabyte: cost / (inputBytes / 1e9) }),
    runs,
  };
}

async function readRunRows(operator: Operator, date: string): Promise<RunRow[]> {
  const rows: RunRow[] = [];
  for await (const item of rowsOf(operator, date, JOB_RUN_ROWS)) {
    rows.push({
      date,
      run: text(item, "metric_type").slice(JOB_RUN_ROWS.length),
      state: text(item, "state"),
      seconds: number(item, "execution_time_seconds"),
      dpuSeconds: number(item, "dpu_seconds"),
      dollars: number(item, "estimated_cost_usd"),
      workers: number(item, "number_of_workers"),
      workerType: text(item, "worker_type"),
    });
  }
  return rows;
}

async function readHours(operator: Operator, date: string): Promise<HourRate[]> {
  const rates: HourRate[] = [];
  for await (const item of rowsOf(operator, date, HOUR_ROWS)) {
    const { startedAt, dataset } = parseHourRow({
      metric_date: date,
      metric_type: text(item, "metric_type"),
    });
    rates.push({
      hour: hourOf(startedAt),
      dataset,
      manifests: number(item, "manifests"),
      files: number(item, "files"),
      rows: number(item, "rows"),
      deadLetters: number(item, "dead_letters"),
      inputBytes: number(item, "input_bytes"),
      outputBytes: number(item, "output_bytes"),
    });
  }
  return rates;
}

async function* rowsOf({ aws, environment }: Operator, date: string, kind: string): AsyncGenerator<Item> {
  const query = {
    TableName: metricsTableName(environment),
    KeyConditionExpression: "metric_date = :date AND begins_with(metric_type, :kind)",
    ExpressionAttributeValues: { ":date": { S: date }, ":kind": { S: kind } },
  };
  for await (const { Items = [] } of paginateQuery({ client: aws.dynamo }, query)) yield* Items;
}

function text(item: Item, name: string): string {
  return item[name]?.S ?? "";
}

function number(item: Item, name: string): number {
  return Number(item[name]?.N ?? 0);
}

function sum<Name extends string>(rows: readonly Readonly<Record<Name, number>>[], name: Name): number {
  return rows.reduce((total, row) => total + row[name], 0);
}

function datesFrom(first: Date, last: Date): string[] {
  const dates: string[] = [];
  for (let day = Date.parse(dateOf(first)); day <= last.getTime(); day += DAY_MS) {
    dates.push(dateOf(new Date(day)));
  }
  return dates;
}

function dateOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}

function hourOf(time: Date): string {
  return time.toISOString().slice(0, 13);
}

function textOf(days: readonly Day[]): string {
  const byDay = table(
    [
      { head: "date", cell: ({ date }) => date },
      { head: "cost", cell: (day) => dollars(day.dollars) },
      { head: "DPU hours", cell: ({ dpuSeconds }) => (dpuSeconds / 3600).toFixed(2) },
      { head: "files", cell: ({ files }) => files },
      { head: "read", cell: ({ inputBytes }) => bytes(inputBytes) },
      { head: "$/GB", cell: ({ dollarsPerGigabyte }) => dollarsPerGigabyte?.toFixed(4) },
    ],
    days,
  );
  const byRun = table(
    [
      { head: "date", cell: ({ date }) => date },
      { head: "run", cell: ({ run }) => run },
      { head: "state", cell: ({ state }) => state },
      { head: "time that day", cell: ({ seconds }) => duration(seconds) },
      { head: "workers", cell: ({ workers, workerType }) => `${workers} × ${workerType}` },
      { head: "cost", cell: (row) => dollars(row.dollars) },
    ],
    days.flatMap(({ runs }) => runs),
  );
  return `${byDay}\n\n${byRun}`;
}
