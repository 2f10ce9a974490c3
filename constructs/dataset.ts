/** Declared datasets, as the Glue package carries them; its own reader checks them in full. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

export interface DatasetColumn {
  readonly name: string;
  /** Glue type, e.g. `decimal(18,4)`. */
  readonly type: string;
  readonly comment: string;
}

export interface Dataset {
  readonly name: string;
  readonly description: string;
  readonly outputColumns: readonly DatasetColumn[];
  /**
   * Output columns that make the path of a file, in its order.
   * @default - none
   */
  readonly partitions?: readonly string[];
  readonly outputs: { readonly parquet: { readonly compression: string } };
}

const DATASETS = resolve(__dirname, "..", "glue", "tributary", "datasets");

/** All declared datasets, by name. */
export function declaredDatasets(): Dataset[] {
  return readdirSync(DATASETS, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("_"))
    .map((entry) => JSON.parse(readFileSync(join(DATASETS, entry.name, "dataset.json"), "utf8")) as Dataset)
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}
