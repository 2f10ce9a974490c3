/** Keys that are inputs: the same ones that the lister finds (glue/tributary/lister/inputs.py). */
export interface WantedKeys {
  /** Prefix of each dataset of the ledger pipeline, by its name. */
  prefixes: Readonly<Record<string, string>>;
  /** First year of the weekly folders. */
  startYear: number;
}

/** Weekly folders below the prefix that has them (`RAW_JSON_PREFIX` of environments/schema). */
const WEEK = /^raw-json-data\/(\d{4})\/week(?:0?[1-9]|[1-4]\d|5[0-3])\//;

/**
 * Returns the dataset with the longest prefix of a key; undefined where the key is of none, is a folder's marker, or lies
 * in a week before the first year.
 */
export function wantedBy({ prefixes, startYear }: WantedKeys, key: string): string | undefined {
  if (key.endsWith("/") || Number(WEEK.exec(key)?.[1] ?? startYear) < startYear) return undefined;
  return Object.entries(prefixes)
    .filter(([, prefix]) => key.startsWith(prefix))
    .toSorted(([, one], [, other]) => other.length - one.length)[0]?.[0];
}
