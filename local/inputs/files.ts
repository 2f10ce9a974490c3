import { readdirSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { type Dataset, declaredDatasets } from "../../datasets/schema/datasets";
import { hasPipeline, loadEnvironment, RAW_JSON_PREFIX } from "../../environments/schema";
import type { Pipeline } from "../../environments/schema/pipelines";
import { expectedAt } from "../../runtime/expected";
import { wantedBy } from "../../runtime/ledger/wanted";
import { isSmoke } from "../../runtime/smoke";

/** A file, and the key under which it is to be put into the raw bucket. */
export interface InputFile {
  readonly path: string;
  readonly key: string;
  /** Name of the dataset that takes the key. */
  readonly dataset: string;
}

/** Files that come together, round by round; one with the key of an earlier round is the next version of it. */
export type Rounds = readonly (readonly InputFile[])[];

/** What a folder holds. */
export interface FolderFiles {
  readonly taken: Readonly<Record<Pipeline, readonly InputFile[]>>;
  /** Paths below the folder of files that no dataset takes. */
  readonly untaken: readonly string[];
}

/** Datasets that take a loose file by its ending where several of its format are declared. */
const USUAL: Readonly<Record<string, string>> = { csv: "customers", ndjson: "clicks", json: "ml_events" };
const ENDING = /\.(csv|ndjson|json|avro|parquet|orc)(\.gz|\.zst)?$/i;

/** Datasets that a team declares, by name, but for those whose pipeline is off here. */
export function teamDatasets(): Dataset[] {
  const environment = loadEnvironment("local");
  return declaredDatasets().filter(
    ({ name, pipeline }) => !isSmoke(name) && hasPipeline(environment, pipeline),
  );
}

/**
 * Finds the dataset of each file below a folder. A path that begins with a dataset's prefix is the key itself; else the
 * first folder names a dataset; else the ending tells a format.
 *
 * @throws Error where two files would have one key
 */
export function filesBelow(folder: string, datasets: readonly Dataset[] = teamDatasets()): FolderFiles {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => statSync(join(folder, path), { throwIfNoEntry: false })?.isFile())
    .sort();
  const { startYear } = loadEnvironment("local").ledger.lister;
  const found = new Map<string, string>();
  const taken: Record<Pipeline, InputFile[]> = { uploads: [], manifests: [], ledger: [] };
  const untaken: string[] = [];
  for (const path of paths) {
    const place = placeOf(path.split(sep).join("/"), datasets);
    if (place === undefined || !isWanted(place, startYear)) {
      untaken.push(path);
      continue;
    }
    const { key, dataset } = place;
    refuseTwice(found, key, path);
    taken[dataset.pipeline].push({ path: join(folder, path), key, dataset: dataset.name });
  }
  return { taken, untaken };
}

interface Place {
  readonly key: string;
  readonly dataset: Dataset;
}

function placeOf(path: string, datasets: readonly Dataset[]): Place | undefined {
  return ownPlace(path, datasets) ?? namedPlace(path, datasets) ?? loosePlace(path, datasets);
}

function ownPlace(path: string, datasets: readonly Dataset[]): Place | undefined {
  const dataset = datasets.find(({ prefix }) => path.startsWith(prefix));
  return dataset && { dataset, key: path };
}

function namedPlace(path: string, datasets: readonly Dataset[]): Place | undefined {
  const dataset = datasets.find(({ name }) => path.startsWith(`${name}/`));
  return dataset && { dataset, key: dataset.prefix + path.slice(dataset.name.length + 1) };
}

function loosePlace(path: string, datasets: readonly Dataset[]): Place | undefined {
  if (datasets.some(({ prefix }) => isBeside(prefix, path))) return undefined;
  const kind = ENDING.exec(path)?.[1]?.toLowerCase() ?? "";
  const fitting = datasets.filter(({ format }) => format.kind === kind);
  const dataset = fitting.find(({ name }) => name === USUAL[kind]) ?? onlyOne(fitting);
  return dataset && { dataset, key: loosePrefix(dataset) + path };
}

/** Returns whether a path stands where another prefix beside that one would: it is mistyped, and no loose file. */
function isBeside(prefix: string, path: string): boolean {
  const parent = prefix.replace(/[^/]+\/$/, "");
  return parent !== "" && path.startsWith(parent) && path.slice(parent.length).includes("/");
}

function onlyOne(datasets: readonly Dataset[]): Dataset | undefined {
  return datasets.length === 1 ? datasets[0] : undefined;
}

/** Raw JSON has folders of weeks, and one for all that is of no week. */
function loosePrefix({ prefix }: Dataset): string {
  return prefix === RAW_JSON_PREFIX ? `${prefix}all_historical_files/` : prefix;
}

/** Returns whether the platform takes the key: the ledger leaves out weeks before the first year. */
function isWanted({ key, dataset: { name, prefix, pipeline } }: Place, startYear: number): boolean {
  return pipeline !== "ledger" || wantedBy({ prefixes: { [name]: prefix }, startYear }, key) !== undefined;
}

function refuseTwice(found: Map<string, string>, key: string, path: string): void {
  const earlier = found.get(key);
  if (earlier !== undefined) {
    throw new Error(expectedAt("--input", `one file for the key ${key}`, [earlier, path]));
  }
  found.set(key, path);
}
