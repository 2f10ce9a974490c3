/** What an operator means by a text: a file, one of its rows, or what was made of it. It asks nobody. */
import {
  type BucketName,
  bucketName,
  type Environment,
  MALFORMED_PREFIX,
  type Pipeline,
  STAGING_PREFIX,
} from "../../../environments/schema";
import { expectedAt } from "../../../runtime/expected";
import { type ManifestName, parseManifestKey } from "../../../runtime/manifests/manifests";
import { CommandError } from "../../../setup/errors";
import { unarchived } from "../ledger/archived-key";
import { datasetOfKey, knownDatasets, type Meant, meantByName } from "./meant";

/** Object that tells of which file it is: the first one of a folder where that ends in a slash. */
export interface Teller {
  readonly is: "teller";
  readonly bucket: BucketName;
  readonly key: string;
}

export type Named =
  | { readonly is: "file"; readonly candidates: readonly Meant[] }
  | { readonly is: "manifest"; readonly manifest: ManifestName }
  | { readonly is: "batch"; readonly batch: number }
  | Teller;

const FILE =
  "a file's key or name, the s3:// address of it or of what was made of it, a manifest, batch <number>, or a row's _source_ values";

/** Buckets that have files or what is made of them, in the order in which a key alone is looked for. */
const BUCKETS = ["raw", "curated", "quarantine", "manifests"] as const;

/**
 * Reads what was typed or pasted.
 *
 * @throws CommandError for an object that is no file's
 */
export function namedBy(environment: Environment, text: string): Named {
  const row = rowIn(text);
  if (row !== undefined) return fileOf(row);
  const [, batch] = /^batch[\s:]+(\d{1,15})$/.exec(text) ?? [];
  if (batch !== undefined) return { is: "batch", batch: Number(batch) };
  const manifest = parseManifestKey(`manifests/${text}.json`);
  if (manifest !== undefined) return { is: "manifest", manifest };
  const [, bucket, key = text] = /^s3:\/\/([^/]+)\/(.+)$/s.exec(text) ?? [];
  if (bucket !== undefined) {
    const named = BUCKETS.find((name) => bucketName(environment, name) === bucket);
    const found = named && objectIn(named, key);
    if (found === undefined) throw new CommandError(expectedAt("FILE", FILE, text));
    return found;
  }
  if (!key.includes("/")) return { is: "file", candidates: meantByName(key) };
  if (datasetOfKey(key) !== undefined) return rawObject(key);
  const made = BUCKETS.slice(1).map((name) => objectIn(name, key));
  return made.find((found) => found !== undefined) ?? archivedObject(key) ?? keyOrName(key);
}

/** What several words name, one by one: `batch 17` is two of them. */
export function namesIn(words: readonly string[]): string[] {
  const names: string[] = [];
  for (const word of words) {
    if (names.at(-1) === "batch" && /^\d+$/.test(word)) names.splice(-1, 1, `batch ${word}`);
    else names.push(word);
  }
  return names;
}

/** A key that no dataset takes: of one that is gone, or the end of a key below a prefix. */
function keyOrName(key: string): Named {
  return { is: "file", candidates: [{ key }, ...meantByName(key)] };
}

function fileOf(meant: Omit<Meant, "dataset">): Named {
  const dataset = datasetOfKey(meant.key);
  return { is: "file", candidates: [{ ...meant, ...(dataset && { dataset }) }] };
}

function objectIn(bucket: (typeof BUCKETS)[number], key: string): Named | undefined {
  return { raw: rawObject, curated: curatedObject, quarantine: quarantinedObject, manifests: manifestObject }[
    bucket
  ](key);
}

/** A file where it came in, or where the ledger pipeline moved it. */
function rawObject(key: string): Named {
  return archivedObject(key) ?? fileOf({ key });
}

function archivedObject(key: string): Named | undefined {
  const archived = knownDatasets()
    .filter(({ pipeline }) => pipeline === "ledger")
    .map(({ prefix }) => unarchived(key, prefix))
    .find((each) => each !== undefined);
  return archived && fileOf(archived);
}

function curatedObject(key: string): Named | undefined {
  const [, staged] = new RegExp(`^${STAGING_PREFIX}(\\d+)/`).exec(key) ?? [];
  if (staged !== undefined) return { is: "batch", batch: Number(staged) };
  if (key.startsWith("stats/")) return { is: "teller", bucket: "curated", key };
  const [, dataset, folders = "", name = ""] =
    /^(?:tables|csv)\/([^/]+)\/(?:(.*)\/)?([^/]+)\.(?:parquet|csv)$/s.exec(key) ?? [];
  return dataset === undefined ? undefined : outputOf(dataset, folders, name);
}

/** The work of an output: of a dataset that is not declared any more, by the form of its name. */
function outputOf(dataset: string, folders: string, name: string): Named | undefined {
  const manifest = parseManifestKey(`manifests/${dataset}/${folders.replace(/^date=/, "")}/${name}.json`);
  const [, batch] = /^part-(\d+)-\d+$/.exec(name) ?? [];
  const pipeline = knownDatasets().find((each) => each.name === dataset)?.pipeline;
  const isOf = (own: Pipeline) => pipeline === undefined || pipeline === own;
  if (manifest !== undefined && isOf("manifests")) return { is: "manifest", manifest };
  if (batch !== undefined && isOf("ledger")) return { is: "batch", batch: Number(batch) };
  return isOf("uploads") ? { is: "teller", bucket: "curated", key: `stats/${dataset}/${name}/` } : undefined;
}

function quarantinedObject(key: string): Named | undefined {
  if (key.startsWith(MALFORMED_PREFIX)) {
    const batch = Number(key.slice(MALFORMED_PREFIX.length).split("/")[0]);
    return Number.isInteger(batch) ? { is: "batch", batch } : undefined;
  }
  const [, dataset, date, id] = /^dead-letters\/([^/]+)\/date=([^/]+)\/([^/]+)\.ndjson$/.exec(key) ?? [];
  const manifest = parseManifestKey(`manifests/${dataset}/${date}/${id}.json`);
  if (manifest !== undefined) return { is: "manifest", manifest };
  if (key.startsWith("dead-letters/")) return { is: "teller", bucket: "quarantine", key };
  const [folder] = /^(?:files\/[^/]+\/[^/]+\/[^/]+|quarantine\/[^/]+\/[^/]+)\//.exec(key) ?? [];
  return folder === undefined
    ? undefined
    : { is: "teller", bucket: "quarantine", key: `${folder}reason.json` };
}

function manifestObject(key: string): Named | undefined {
  const manifest = parseManifestKey(key.replace(/^receipts\//, "manifests/"));
  return manifest && { is: "manifest", manifest };
}

/** Names that an object, a row or a dead letter has for its file. */
const KEYS = ["_source_file", "source_file", "source_key", "key"];
const VERSIONS = ["_source_version", "source_version", "version_id"];
const LINES = ["_source_line", "line"];

/** File that a record names; undefined where it names none. */
export function sourceIn(record: Readonly<Record<string, unknown>>): Omit<Meant, "dataset"> | undefined {
  const first = (names: readonly string[]) => names.map((name) => record[name]).find(Boolean);
  const [key, version, line] = [first(KEYS), first(VERSIONS), Number(first(LINES))];
  if (typeof key !== "string") return undefined;
  return {
    key,
    ...(typeof version === "string" && { version }),
    ...(Number.isInteger(line) && { line }),
  };
}

/** File of a row that was pasted: as JSON, as names with values, or as columns, with their heads or without. */
function rowIn(text: string): Omit<Meant, "dataset"> | undefined {
  const record = recordIn(text);
  if (record === undefined) return undefined;
  const source = sourceIn(record);
  if (source === undefined) throw new CommandError(expectedAt("FILE", "a row with its _source_file", text));
  return source;
}

function recordIn(text: string): Readonly<Record<string, unknown>> | undefined {
  if (/^\s*\{/.test(text)) return objectOf(text);
  const [head = "", values] = text.trim().split(/\r?\n/);
  const cells = cellsOf(head);
  if (values !== undefined) {
    const row = cellsOf(values);
    // a key may have a line's end itself
    if (!cells.some((name) => KEYS.includes(name))) return undefined;
    return Object.fromEntries(cells.map((name, index) => [name, row[index]] as const));
  }
  const pairs = [...text.matchAll(/(_source_\w+)\s*[=:]\s*("[^"]*"|[^\s,|]+)/g)];
  if (pairs.length > 0)
    return Object.fromEntries(pairs.map(([, name, value]) => [name, bare(value)] as const));
  const [key = "", version, line] = [cells[0], cells[1], cells.at(-1)];
  // a key may have commas and bars itself
  const isRow = text.includes("\t") || (cells.length > 2 && /^\d+$/.test(line ?? ""));
  if (!isRow || !key.includes("/")) return undefined;
  if (version?.includes("/")) {
    if (!text.includes("\t")) return undefined;
    throw new CommandError(expectedAt("FILE", "one file, or a row with its version after its file", text));
  }
  return { _source_file: key, _source_version: version, ...(cells.length > 2 && { _source_line: line }) };
}

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Cells of a line: between tabs, bars, or commas where there is neither. */
function cellsOf(line: string): string[] {
  const between = ["\t", "|"].find((each) => line.includes(each)) ?? ",";
  return line
    .replace(/^\s*\||\|\s*$/g, "")
    .split(between)
    .map(bare);
}

function bare(cell = ""): string {
  return cell.trim().replace(/^"(.*)"$/s, "$1");
}
