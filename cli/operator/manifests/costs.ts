import { paginateQuery } from "@aws-sdk/client-dynamodb";
import { metricsTableName } from "../../../environments/schema";
import type { Item } from "../../../runtime/aws/dynamo";
import { DAY_MS, HOUR_MS } from "../../../runtime/clock";
import { HOUR_ROWS, JOB_RUN_ROWS, parseHourRow } from "../../../runtime/manifests/metric-rows";
import type { Operator } from "../command/operator";
import type { RunRow } from "../pipelines/costs";

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

/** Reads what runs of the streaming job used on a date. */
export async function readRunRows(operator: Operator, date: string): Promise<RunRow[]> {
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

/** Reads the rows of a date's hours, of the streaming job or of that kind. */
export async function readHours(operator: Operator, date: string, kind = HOUR_ROWS): Promise<HourRate[]> {
  const rates: HourRate[] = [];
  for await (const item of rowsOf(operator, date, kind)) {
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

/** Dates of the days from one time to another. */
export function datesFrom(first: Date, last: Date): string[] {
  const dates: string[] = [];
  for (let day = Date.parse(dateOf(first)); day <= last.getTime(); day += DAY_MS) {
    dates.push(dateOf(new Date(day)));
  }
  return dates;
}

/** Date of a time in UTC. */
export function dateOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}

function hourOf(time: Date): string {
  return time.toISOString().slice(0, 13);
}
