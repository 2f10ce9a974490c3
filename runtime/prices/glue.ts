/** What runs of AWS Glue cost at list price. */
import type { JobRun } from "@aws-sdk/client-glue";
import { WORKERS } from "../glue-workers";
import { PRICES } from "./table";

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

/** Cost in dollars of so many DPU seconds. */
export function costOf(dpuSeconds: number): number {
  return (dpuSeconds / 3_600) * PRICES.glueHour.dollars;
}
