import { type Dataset, declaredDatasets } from "../../../datasets/schema/datasets";

/** Key that an operator may have meant, and the dataset that takes it. */
export interface Meant {
  readonly key: string;
  readonly dataset?: Dataset;
  /** The one version that is meant; absent: all. */
  readonly version?: string;
  /** Line of the row that was given. */
  readonly line?: number;
}

let known: readonly Dataset[] | undefined;

/** All declared datasets, read once in a command. */
export function knownDatasets(): readonly Dataset[] {
  known ??= declaredDatasets();
  return known;
}

/** Keys that a name may mean: one below each dataset's prefix. */
export function meantByName(name: string): Meant[] {
  return knownDatasets().map((dataset) => ({ key: `${dataset.prefix}${name}`, dataset }));
}

/** Dataset that takes a key of the raw bucket; no two do. */
export function datasetOfKey(key: string): Dataset | undefined {
  return knownDatasets().find(({ prefix }) => key.startsWith(prefix));
}
