import { DAY_MS } from "../clock";
/** Dataset of the manifests pipeline, as far as its functions ask for it. */
export interface ManifestsDataset {
  readonly name: string;
  /** Prefix of its files' keys, e.g. `input/clicks/`. */
  readonly prefix: string;
  /** First date of the projected range, `yyyy-mm-dd`; the last is tomorrow, in UTC. */
  readonly from: string;
  /** Expected size of a file; null: any. */
  readonly size: {
    readonly bytes: number;
    /** Fraction of `bytes` by which a file's size may differ. */
    readonly tolerance: number;
  } | null;
}

const NAME = /^(\d{4}-\d{2}-\d{2})-/;

/** The datasets, those with the longest prefix first. */
export function byLongestPrefix(datasets: readonly ManifestsDataset[]): ManifestsDataset[] {
  return [...datasets].sort((one, other) => other.prefix.length - one.prefix.length);
}

/** Finds the dataset of a key: in the order of `byLongestPrefix`, the longest prefix wins. */
export function datasetOf(datasets: readonly ManifestsDataset[], key: string): ManifestsDataset | undefined {
  return datasets.find(({ prefix }) => key.startsWith(prefix));
}

/** Part of a key after its last slash. */
export function baseName(key: string): string {
  return key.slice(key.lastIndexOf("/") + 1);
}

/** Placeholder for the date where a name has none. */
export const UNDATED = "undated";

/** Date that a file's name begins with, a hyphen after it, where it exists in the calendar. */
export function dateOf(key: string): string | undefined {
  const date = NAME.exec(baseName(key))?.[1];
  return date !== undefined && isCalendarDate(date) ? date : undefined;
}

/** Returns whether files of that date may be published: the catalog shows no others. */
export function isProjected(dataset: ManifestsDataset, date: string, now: Date): boolean {
  const tomorrow = new Date(now.getTime() + DAY_MS).toISOString().slice(0, 10);
  return dataset.from <= date && date <= tomorrow;
}

function isCalendarDate(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}
