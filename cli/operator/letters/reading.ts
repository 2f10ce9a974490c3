/** Dead letters of every pipeline, read where each keeps them. */
import type { Dataset } from "../../../datasets/schema/datasets";
import { bucketName, MALFORMED_PREFIX, type Pipeline } from "../../../environments/schema";
import { expectedAt } from "../../../runtime/expected";
import { dateOf } from "../../../runtime/manifests/datasets";
import { deadLettersKey } from "../../../runtime/manifests/manifests";
import { outputName } from "../../../runtime/uploads/output-name";
import { UsageError } from "../command/errors";
import { checkOn } from "../command/needed";
import type { Operator } from "../command/operator";
import { ask } from "../ledger/ask";
import { listObjects, openText } from "../manifests/objects";
import { type Found, find } from "../pipelines/find";
import { datasetOfKey, knownDatasets } from "../pipelines/meant";
import { namesIn } from "../pipelines/named";
import { linesOf } from "./lines";

/** Which dead letters are meant. */
export interface LettersSelection {
  /** Files, manifests, batches or rows as `describe` takes them; none: of all. */
  readonly files: readonly string[];
  readonly dataset?: string;
  readonly reason?: string;
  /** Only those of objects that were written within so many minutes. */
  readonly since?: number;
}

/** Identity of a rejected line, element or row. */
export interface LineIdentity {
  readonly bucket: string;
  readonly key: string;
  readonly version: string;
  /** Number of the line, element or row, from 1. */
  readonly line: number;
  /** Of JSON: its place in the file, in bytes. A line may have several objects. */
  readonly offset?: number;
}

/** Dead letter as its pipeline keeps it. */
export interface Letter extends LineIdentity {
  readonly pipeline: Pipeline;
  readonly dataset: string;
  readonly reason: string;
  readonly message: string;
  /** Key of the object in the quarantine bucket that has it, and when that was written. */
  readonly letters: string;
  readonly writtenAt: string;
  /** The record where it is UTF-8, else its bytes in base64. */
  readonly text?: string;
  readonly base64?: string;
  /** Bytes of a record of which only the beginning was kept. */
  readonly length?: number;
}

interface Kept {
  readonly source_bucket?: string;
  readonly source_key?: string;
  readonly source_version?: string;
  readonly line: number;
  readonly offset?: number;
  readonly reason: string;
  readonly message: string;
  readonly raw_text?: string;
  readonly raw_base64?: string;
  readonly raw_length?: number;
}

/** Reads the dead letters that are meant, those of an object together. */
export async function* lettersOf(operator: Operator, selection: LettersSelection): AsyncGenerator<Letter> {
  const { files, reason, since } = selection;
  const earliest = since === undefined ? "" : new Date(operator.now.getTime() - since * 60_000).toISOString();
  const found = await Promise.all(namesIn(files).map((file) => find(operator, file)));
  const datasets = new Set(datasetsIn(operator, selection).map(({ name }) => name));
  for (const prefix of await prefixesOf(operator, selection, found)) {
    const listed = listObjects(operator, bucketName(operator.environment, "quarantine"), prefix);
    for await (const { key: letters, modifiedAt } of listed) {
      if (operator.signal.aborted) return;
      if (modifiedAt < earliest) continue;
      for await (const letter of lettersIn(operator, letters, modifiedAt)) {
        const isMeant = found.length === 0 || found.some((each) => isOf(letter, each));
        if (!isMeant || !datasets.has(letter.dataset)) continue;
        if (reason === undefined || letter.reason === reason) yield letter;
      }
    }
  }
}

/** Reads the dead letters of one object; none where it is gone. */
export async function* lettersIn(
  operator: Operator,
  letters: string,
  writtenAt: string,
): AsyncGenerator<Letter> {
  const stream = await openText(operator, bucketName(operator.environment, "quarantine"), letters);
  if (stream === undefined) return;
  let source = { bucket: "", key: "", version: "" };
  let dataset: Dataset | undefined;
  for await (const line of linesOf(stream)) {
    const kept: Kept = JSON.parse(line);
    if (kept.source_key !== undefined) {
      const { source_bucket: bucket = "", source_key: key, source_version: version = "" } = kept;
      source = { bucket, key, version };
      dataset = datasetOfKey(key);
    }
    // of a dataset that is not declared any more, nothing can be said
    if (dataset === undefined) continue;
    yield {
      pipeline: dataset.pipeline,
      dataset: dataset.name,
      ...source,
      line: kept.line,
      ...(kept.offset !== undefined && { offset: kept.offset }),
      reason: kept.reason,
      message: kept.message,
      letters,
      writtenAt,
      ...(kept.raw_text !== undefined && { text: kept.raw_text }),
      ...(kept.raw_base64 !== undefined && { base64: kept.raw_base64 }),
      ...(kept.raw_length !== undefined && { length: kept.raw_length }),
    };
  }
}

/**
 * Checks that a dataset is declared, and its pipeline on.
 *
 * @throws UsageError or CommandError where it is not
 */
function datasetsIn({ environment }: Operator, { dataset }: LettersSelection): Dataset[] {
  const declared = knownDatasets().filter(({ pipeline }) => environment.pipelines.includes(pipeline));
  if (dataset === undefined) return declared;
  const named = knownDatasets().find(({ name }) => name === dataset);
  if (named === undefined) {
    const names = knownDatasets().map(({ name }) => name);
    throw new UsageError(expectedAt("--dataset", `one of ${names.join(", ")}`, dataset));
  }
  checkOn(environment, named.pipeline);
  return [named];
}

/** Prefixes in the quarantine bucket below which the letters are, as narrow as what was named allows. */
async function prefixesOf(
  operator: Operator,
  selection: LettersSelection,
  found: readonly Found[],
): Promise<Set<string>> {
  const wanted = datasetsIn(operator, selection);
  if (found.length === 0) return new Set(wanted.map(prefixOf));
  const prefixes = await Promise.all(
    found.map(async (each) => {
      if (each.is !== "file") return [lettersOfUnit(each)];
      const pairs = each.candidates.flatMap(({ key, dataset }) =>
        wanted.filter(({ name }) => name === dataset?.name).map((own) => ({ key, dataset: own })),
      );
      const own = pairs.map(({ key, dataset }) => PREFIXES[dataset.pipeline](operator, dataset, key));
      return (await Promise.all(own)).flat();
    }),
  );
  return new Set(prefixes.flat());
}

type Unit = Exclude<Found, { readonly is: "file" }>;

/** Object or folder with the letters of a manifest or a batch. */
function lettersOfUnit(unit: Unit): string {
  return unit.is === "manifest" ? deadLettersKey(unit.manifest) : `${MALFORMED_PREFIX}${unit.batch}/`;
}

function isOf(letter: Letter, found: Found): boolean {
  if (found.is !== "file") return letter.letters.startsWith(lettersOfUnit(found));
  return found.candidates.some(
    ({ key, version = letter.version, line = letter.line }) =>
      key === letter.key && version === letter.version && line === letter.line,
  );
}

function prefixOf({ pipeline, name }: Dataset): string {
  return pipeline === "ledger" ? MALFORMED_PREFIX : `dead-letters/${name}/`;
}

const PREFIXES: Readonly<
  Record<Pipeline, (operator: Operator, dataset: Dataset, key: string) => Promise<string[]>>
> = {
  uploads: async (_, dataset, key) => [`${prefixOf(dataset)}${outputName(key)}/`],
  manifests: async (_, dataset, key) => {
    const date = dateOf(key);
    return date === undefined ? [] : [`${prefixOf(dataset)}date=${date}/`];
  },
  ledger: async (operator, dataset, key) => {
    const { files } = await ask(operator, "find", { names: [key] });
    return files.flatMap(({ batch }) => (batch === null ? [] : [`${prefixOf(dataset)}${batch}/`]));
  },
};
