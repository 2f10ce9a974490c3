/**
 * Datasets declared in datasets/, and those of smoke tests, which the platform declares itself; the reader in the
 * Glue package checks them in full.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expectedAt } from "../../runtime/expected";
import { ROOT } from "../code/paths";

export interface DatasetColumn {
  readonly name: string;
  /** Glue type, e.g. `decimal(18,4)`. */
  readonly type: string;
  readonly comment: string;
}

interface Declaration {
  readonly name: string;
  readonly description: string;
  readonly outputs: { readonly parquet: { readonly compression: string } };
}

/** Dataset of typed columns and a transform. */
export interface Dataset extends Declaration {
  readonly format: { readonly kind: "csv" | "ndjson" | "json" };
  /** Prefix of its files' keys. */
  readonly prefix: string;
  readonly outputColumns: readonly DatasetColumn[];
  /** Output columns that make the path of a file, in its order. @default - none */
  readonly partitions?: readonly string[];
  /** Values that a partition may have. @default - those that come with the rows */
  readonly partitionValues?: Readonly<Record<string, readonly string[]>>;
}

/** Dataset whose columns are the keys of its lines, each as text, in one partition a date. */
export interface TextDataset extends Declaration {
  readonly values: "text";
  /** Prefix of its files' keys. */
  readonly prefix: string;
  readonly dates: {
    /** First date that a file's name may carry, yyyy-mm-dd. */
    readonly from: string;
  };
  /**
   * Size that a file must have; a megabyte is 10^6 bytes.
   * @default - 3.5 MB, 10 % more or less
   */
  readonly size?: { readonly megabytes: number; readonly tolerancePercent: number } | "any";
}

/** Column of the undeclared keys for which the table has no column of its own (docs/datasets.md). */
export const OTHER_COLUMN: DatasetColumn = {
  name: "_other",
  type: "string",
  comment: "Further undeclared keys of the row, as a JSON object of their exact texts",
};

const TEAM = join(ROOT, "datasets");
const PLATFORM = join(ROOT, "glue", "tributary", "datasets", "platform");
const USUAL_SIZE = { megabytes: 3.5, tolerancePercent: 10 };

/** Reads all declared datasets with typed columns, by name. */
export function declaredDatasets(): Dataset[] {
  return declarations().filter((each): each is Dataset => !isText(each));
}

/** Reads all declared text datasets, by name. */
export function declaredTextDatasets(): TextDataset[] {
  return declarations().filter(isText);
}

/** Prefixes of the datasets whose files are uploads: those of CSV. */
export function uploadPrefixes(): string[] {
  return declaredDatasets().flatMap(({ format, prefix }) => (format.kind === "csv" ? [prefix] : []));
}

/** Serializes the text datasets for functions (`runtime/manifests/text-datasets.ts`). */
export function textDatasetsVariable(datasets: readonly TextDataset[] = declaredTextDatasets()): string {
  const entries = datasets.map(({ name, prefix, dates, size = USUAL_SIZE }) => ({
    name,
    prefix,
    from: dates.from,
    size:
      size === "any"
        ? null
        : { bytes: Math.round(size.megabytes * 1e6), tolerance: size.tolerancePercent / 100 },
  }));
  return JSON.stringify(entries);
}

function isText(dataset: Dataset | TextDataset): dataset is TextDataset {
  return "values" in dataset && dataset.values === "text";
}

function declarations(): (Dataset | TextDataset)[] {
  const ofTeam = declaredIn(TEAM);
  const ofPlatform = declaredIn(PLATFORM);
  for (const dataset of ofTeam) checkApart(dataset, ofPlatform);
  return [...ofTeam, ...ofPlatform].sort((one, other) => (one.name < other.name ? -1 : 1));
}

function declaredIn(folder: string): (Dataset | TextDataset)[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("_"))
    .map((entry) => JSON.parse(readFileSync(join(folder, entry.name, "dataset.json"), "utf8")));
}

/**
 * Checks that a team's dataset has neither name nor files in common with those of smoke tests, which expire in days, and
 * which alarms and figures leave out.
 *
 * @throws Error where it has
 */
export function checkApart(
  { name, prefix }: Pick<Dataset, "name" | "prefix">,
  platform: readonly Pick<Dataset, "name" | "prefix">[],
): void {
  const where = `datasets/${name}/dataset.json`;
  for (const other of platform) {
    if (name === other.name) {
      throw new Error(expectedAt(`${where}: name`, "one that no dataset of smoke tests has", name));
    }
    if (prefix.startsWith(other.prefix)) {
      const expected = `one outside of ${other.prefix}, whose files expire as those of smoke tests`;
      throw new Error(expectedAt(`${where}: prefix`, expected, prefix));
    }
  }
}
