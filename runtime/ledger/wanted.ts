/** Which keys are inputs: those that the lister finds, too (glue/tributary/lister/folders.py). */
export interface WantedKeys {
  /** What the keys of raw JSON files begin with, e.g. `raw-json-data/`. */
  prefix: string;
  /** First year of the weekly folders. */
  startYear: number;
}

const HISTORY = "all_historical_files/";
const WEEK = /^(\d{4})\/week(?:0?[1-9]|[1-4]\d|5[0-3])\//;

/** Whether a key is below the history or below a weekly folder of a wanted year, and no folder's marker. */
export function isWanted({ prefix, startYear }: WantedKeys, key: string): boolean {
  if (!key.startsWith(prefix) || key.endsWith("/")) return false;
  const rest = key.slice(prefix.length);
  return rest.startsWith(HISTORY) || Number(WEEK.exec(rest)?.[1] ?? -1) >= startYear;
}
