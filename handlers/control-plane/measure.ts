import { type EmbeddedMetric, emitMetrics } from "../../runtime/aws/embedded-metrics";
import { PRICES } from "../../runtime/prices/table";
import { type Hour, lastSixtyMinutes, readHours } from "./counts/hours";
import type { Run } from "./job/run";
import { oldestClaim } from "./open-files";
import type { ControlPlane } from "./plane";

/**
 * Measures what no single event shows: how long files wait, and the volume and cost of the last 60 minutes.
 */
export async function measure(plane: ControlPlane, newest: Run | undefined): Promise<void> {
  const now = plane.clock.now();
  const [oldest, hours] = await Promise.all([oldestClaim(plane.tracking), readHours(plane.metrics, now)]);
  emitMetrics(plane.emf, [...waiting(oldest, hours, now), ...rates(hours, newest, now)]);
}

/**
 * `SecondsWithoutParquet`: 0 while no file waits, else the time since the last Parquet object or since the
 * oldest waiting file was claimed, whichever is later: after a quiet weekend the first file is not two days
 * late.
 */
export function waiting(oldest: Date | undefined, hours: readonly Hour[], now: Date): EmbeddedMetric[] {
  const since = (time: number) => Math.max(0, now.getTime() - time) / 1_000;
  const newest = Math.max(...hours.map(({ newestAt }) => newestAt.getTime()), 0);
  const oldestSeconds = oldest ? since(oldest.getTime()) : 0;
  return [
    { name: "OldestOpenSeconds", value: oldestSeconds, unit: "Seconds" },
    { name: "SecondsWithoutParquet", value: Math.min(oldestSeconds, since(newest)), unit: "Seconds" },
  ];
}

/**
 * `CostPerGigabyte`: dollars for an hour of the current workers, divided by the gigabytes (10^9) of the last
 * hour.
 */
export function rates(hours: readonly Hour[], newest: Run | undefined, now: Date): EmbeddedMetric[] {
  const { files, inputBytes } = lastSixtyMinutes(hours, now);
  const dpus = newest?.endedAt === undefined ? newest?.dpus : undefined;
  const cost =
    dpus === undefined || inputBytes === 0 ? [] : [(dpus * PRICES.glueHour.dollars * 1e9) / inputBytes];
  return [
    { name: "FilesPerHour", value: files, unit: "Count" },
    { name: "CostPerGigabyte", value: cost, unit: "None" },
  ];
}
