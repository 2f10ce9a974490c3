import type { Receipt } from "../../../runtime/manifests/manifests";

/** Kinds of values that a manifest is compared by with earlier ones. */
export const OBSERVED = ["rejects", "size", "latency"] as const;
export type Observed = (typeof OBSERVED)[number];

/** Values of a manifest, by kind; absent where there is nothing to measure. */
export type Observations = Readonly<Partial<Record<Observed, number>>>;

/** Count, sum and sum of squares, from which mean and deviation follow. They add up over hours. */
export interface Sample {
  count: number;
  sum: number;
  squares: number;
}

/**
 * Measures a manifest: rejected lines of all lines; megabytes (10^6) a file; mean seconds from upload to
 * Parquet.
 */
export function observe(receipt: Receipt): Observations {
  const { rows, dead_letters, input_bytes, files } = receipt;
  const lines = rows + dead_letters;
  const latencies = latenciesOf(receipt);
  return {
    ...(lines > 0 ? { rejects: dead_letters / lines } : {}),
    ...(files > 0 ? { size: input_bytes / files / 1e6 } : {}),
    ...(latencies.length > 0 ? { latency: meanOf(latencies) } : {}),
  };
}

/** Seconds from upload to Parquet; none for a manifest that is done again, for its files are from before. */
export function latenciesOf({ generation, latency_seconds }: Receipt): readonly number[] {
  return generation > 0 ? [] : latency_seconds;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
