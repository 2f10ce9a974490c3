/** List prices of AWS Glue in us-east-1 and most regions, in US dollars. */
import type { JobRun } from "@aws-sdk/client-glue";

/** Data processing units that a worker is billed for. */
export const DPUS: Readonly<Record<string, number>> = {
  "G.025X": 0.25,
  "G.1X": 1,
  "G.2X": 2,
  "G.4X": 4,
  "G.8X": 8,
};

export const DOLLARS_PER_DPU_HOUR = 0.44;

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
  return (dpuSeconds / 3_600) * DOLLARS_PER_DPU_HOUR;
}
