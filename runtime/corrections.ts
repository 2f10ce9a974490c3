/** Folder below a dataset's prefix for files of corrected lines; `Source.is_correction` in Python knows it, and the ledger. */
export const CORRECTIONS = "tributary-corrections/";

/** Returns whether a key is of a file of corrected lines, whose size and share of rejects are no sign of a broken file. */
export function isCorrection(key: string): boolean {
  return key.includes(`/${CORRECTIONS}`);
}
