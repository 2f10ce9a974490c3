/** What runs of AWS Glue cost at list price. */
import type { JobRun } from "@aws-sdk/client-glue";
import { WORKERS } from "../glue-workers";
import { PRICES, type Price } from "./table";

/** Data processing units that a worker is billed for, by its type. */
export const DPUS: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries(WORKERS).map(([type, { dpus }]) => [type, dpus]),
);

/** Seconds that a run is billed for at least. */
export const LEAST_RUN_SECONDS = 60;

/** Data processing units of a run; undefined where Glue names neither workers nor capacity. */
export function dpusOf({
  WorkerType,
  NumberOfWorkers,
  MaxCapacity,
}: Pick<JobRun, "WorkerType" | "NumberOfWorkers" | "MaxCapacity">): number | undefined {
  const weight = WorkerType === undefined ? undefined : DPUS[WorkerType];
  return weight === undefined || NumberOfWorkers === undefined ? MaxCapacity : weight * NumberOfWorkers;
}

/** Price of a DPU hour of runs of a class. */
export function hourPrice(executionClass: string | undefined): Price {
  return executionClass === "FLEX" ? PRICES.glueFlexHour : PRICES.glueHour;
}

/** Cost in dollars of so many DPU seconds of runs of a class, STANDARD where none is named. */
export function costOf(dpuSeconds: number, executionClass?: string): number {
  return (dpuSeconds / 3_600) * hourPrice(executionClass).dollars;
}

/** Cost in dollars, to the cent, of so many hours with all workers busy. */
export function costOfHours(
  hours: number,
  { type, workers, executionClass }: { type: string; workers: number; executionClass?: string | undefined },
): number {
  const dollars = costOf((DPUS[type] ?? 0) * workers * hours * 3_600, executionClass);
  return Math.round(dollars * 100) / 100;
}
