import { DAY_MS } from "../clock";
/** Text datasets as the function's variable `DATASETS` gives them. */
export interface TextDataset {
  readonly name: string;
  /** What the keys of its files begin with, e.g. `input/clicks/`. */
  readonly prefix: string;
  /** First date of the projected range, `yyyy-mm-dd`; the last is tomorrow, in UTC. */
  readonly from: string;
  /** What a file should weigh; null: anything goes. */
  readonly size: {
    readonly bytes: number;
    /** Fraction of `bytes` by which a file may differ. */
    readonly tolerance: number;
  } | null;
}

const NAME = /^(\d{4}-\d{2}-\d{2})-.*\.ndjson(?:\.gz)?$/s;

/** The datasets of `DATASETS`, those with the longest prefix first. */
export function readTextDatasets(json: string): TextDataset[] {
  const datasets = JSON.parse(json) as TextDataset[];
  return datasets.sort((one, other) => other.prefix.length - one.prefix.length);
}

/** The dataset that a key belongs to: of those in `readTextDatasets` order, the longest prefix wins. */
export function datasetOf(datasets: readonly TextDataset[], key: string): TextDataset | undefined {
  return datasets.find(({ prefix }) => key.startsWith(prefix));
}

/** What follows the last slash of a key. */
export function baseName(key: string): string {
  return key.slice(key.lastIndexOf("/") + 1);
}

/** The date that a file's name begins with, when it is a name of ours and a date of the calendar. */
export function dateOf(key: string): string | undefined {
  const date = NAME.exec(baseName(key))?.[1];
  return date !== undefined && isCalendarDate(date) ? date : undefined;
}

/** Whether files of that date may be published: the catalog shows no others. */
export function isProjected(dataset: TextDataset, date: string, now: Date): boolean {
  const tomorrow = new Date(now.getTime() + DAY_MS).toISOString().slice(0, 10);
  return dataset.from <= date && date <= tomorrow;
}

function isCalendarDate(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}
