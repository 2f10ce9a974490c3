/** Rows `hour#<hh>#<dataset>` of the metrics table: the commits of each hour. */
import { type AttributeValue, QueryCommand } from "@aws-sdk/client-dynamodb";
import { HOUR_MS } from "../../../runtime/clock";
import type { Receipt } from "../../../runtime/manifests/manifests";
import { HOUR_ROWS, hourRowKey, type MetricKey, parseHourRow } from "../../../runtime/manifests/metric-rows";
import type { MetricsTable } from "../plane";
import { OBSERVED, type Observed, type Sample } from "./observations";

/** Sums over one dataset's manifests of one hour. */
export interface Hour {
  dataset: string;
  /** Start of the hour. */
  startedAt: Date;
  manifests: number;
  files: number;
  inputBytes: number;
  /** Time of the last commit. */
  newestAt: Date;
  samples: Readonly<Record<Observed, Sample>>;
}

/** Time at which the work on a manifest ended: the same for each event of one generation. */
export function committedAt({ started_at, seconds }: Receipt): Date {
  return new Date(Date.parse(started_at) + seconds * 1_000);
}

/** Keys of the row of the hour in which a manifest was committed. */
export function hourKey(receipt: Receipt): MetricKey {
  return hourRowKey(committedAt(receipt), receipt.dataset);
}

/** Keys of the row that marks a generation of a manifest as counted. */
export function manifestRowKey(receipt: Receipt): MetricKey {
  const { metric_date } = hourKey(receipt);
  return { metric_date, metric_type: `manifest#${receipt.id}#${receipt.generation}` };
}

/** Reads the hours that began within the last 24, of all datasets, the current one included. */
export async function readHours(metrics: MetricsTable, now: Date): Promise<Hour[]> {
  const from = now.getTime() - 24 * HOUR_MS;
  const dates = [...new Set([from, now.getTime()].map((time) => new Date(time).toISOString().slice(0, 10)))];
  const rows = (await Promise.all(dates.map((date) => readRows(metrics, date)))).flat();
  return rows.map(hourOf).filter(({ startedAt }) => startedAt.getTime() > from);
}

async function readRows(metrics: MetricsTable, date: string): Promise<Record<string, AttributeValue>[]> {
  const query = new QueryCommand({
    TableName: metrics.name,
    KeyConditionExpression: "metric_date = :date AND begins_with(metric_type, :hour)",
    ExpressionAttributeValues: { ":date": { S: date }, ":hour": { S: HOUR_ROWS } },
  });
  return (await metrics.client.send(query)).Items ?? [];
}

function hourOf(row: Record<string, AttributeValue>): Hour {
  const number = (name: string) => Number(row[name]?.N ?? 0);
  const { startedAt, dataset } = parseHourRow({
    metric_date: row["metric_date"]?.S ?? "",
    metric_type: row["metric_type"]?.S ?? "",
  });
  return {
    dataset,
    startedAt,
    manifests: number("manifests"),
    files: number("files"),
    inputBytes: number("input_bytes"),
    newestAt: new Date(row["newest_at"]?.S ?? startedAt),
    samples: Object.fromEntries(
      OBSERVED.map((name) => [
        name,
        {
          count: number(`${name}_count`),
          sum: number(`${name}_sum`),
          squares: number(`${name}_squares`),
        },
      ]),
    ) as Record<Observed, Sample>,
  };
}

/** Sums of the last 60 minutes: this hour, and the part of the one before that is not yet 60 minutes old. */
export function lastSixtyMinutes(hours: readonly Hour[], now: Date): { files: number; inputBytes: number } {
  const thisHour = Math.floor(now.getTime() / HOUR_MS) * HOUR_MS;
  const passed = (now.getTime() - thisHour) / HOUR_MS;
  let [files, inputBytes] = [0, 0];
  for (const hour of hours) {
    const age = (thisHour - hour.startedAt.getTime()) / HOUR_MS;
    const share = age === 0 ? 1 : age === 1 ? 1 - passed : 0;
    files += hour.files * share;
    inputBytes += hour.inputBytes * share;
  }
  return { files, inputBytes };
}
