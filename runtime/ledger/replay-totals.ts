import type { Replayed } from "./operator-protocol";

/** Sums over replayed batches. */
export type ReplayTotals = Pick<Replayed, "batches" | "files" | "rows" | "inputBytes">;

export const NOTHING_REPLAYED: ReplayTotals = { batches: 0, files: 0, rows: 0, inputBytes: 0 };

export function addTotals(one: ReplayTotals, other: ReplayTotals): ReplayTotals {
  return {
    batches: one.batches + other.batches,
    files: one.files + other.files,
    rows: one.rows + other.rows,
    inputBytes: one.inputBytes + other.inputBytes,
  };
}
