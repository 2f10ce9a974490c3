/** Keys that are inputs: the same ones that the lister finds (glue/tributary/lister/folders.py). */
export interface WantedKeys {
  /** Prefix of the raw JSON files, e.g. `raw-json-data/`. */
  prefix: string;
  /** First year of the weekly folders. */
  startYear: number;
}

const HISTORY = "all_historical_files/";
const WEEK = /^(\d{4})\/week(?:0?[1-9]|[1-4]\d|5[0-3])\//;

/**
 * Returns whether a key is in the history or in a weekly folder of a wanted year, and is no folder marker.
 */
export function isWanted({ prefix, startYear }: WantedKeys, key: string): boolean {
  if (!key.startsWith(prefix) || key.endsWith("/")) return false;
  const rest = key.slice(prefix.length);
  return rest.startsWith(HISTORY) || Number(WEEK.exec(rest)?.[1] ?? -1) >= startYear;
}
