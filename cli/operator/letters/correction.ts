/** Corrected lines as a file of their dataset: what it is called and what stands in it. */
import { createHash } from "node:crypto";
import type { Dataset } from "../../../datasets/schema/datasets";
import { CORRECTIONS } from "../../../runtime/corrections";
import { dateOf } from "../../../runtime/manifests/datasets";
import { compareInputs } from "../../../runtime/manifests/manifests";
import { type CsvFormat, decoded, encoded, isOneRecord, lineEndOf } from "./csv-text";
import type { Letter, LineIdentity } from "./reading";

/** A line to be published, with its identity: a line of an exported file. */
export interface Line extends LineIdentity {
  /** Object that has its dead letter. */
  readonly letters: string;
  /** The record; bytes in base64 where it is no text of the dataset's encoding. */
  readonly text?: string;
  readonly base64?: string;
  /** Of CSV: what stands before the first row of its file. */
  readonly header?: string;
}

/** A file of corrected lines of one dataset, as it was begun. */
export interface Correction {
  readonly id: string;
  readonly dataset: string;
  /** Key in the raw bucket. */
  readonly key: string;
  readonly by: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly header?: string;
  /** Sorted by their identities. */
  readonly lines: readonly Line[];
}

/** Most lines of one correction. */
const MOST_LINES = 10_000;
const ID_DIGITS = 32;

/** Digest of something that JSON can write. */
export function digestOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, ID_DIGITS);
}

export function identityOf({
  bucket,
  key,
  version,
  line,
}: LineIdentity): readonly [string, string, string, number] {
  return [bucket, key, version, line];
}

/**
 * Groups lines into corrections: those of one file have one dataset, one header, and of dated datasets one date, in their order. The
 * same lines make the same corrections.
 */
export function correctionsOf(
  lines: readonly (Line & { readonly dataset: Dataset })[],
  given: Pick<Correction, "by" | "at">,
): Correction[] {
  const sorted = lines.toSorted((one, other) => compareInputs(one, other) || one.line - other.line);
  const groups = new Map<string, (Line & { readonly dataset: Dataset })[]>();
  for (const line of sorted) {
    const { dataset, header, key } = line;
    const date = dataset.pipeline === "manifests" ? dateOf(key) : undefined;
    const name = JSON.stringify([dataset.name, header, date]);
    const group = groups.get(name);
    if (group) group.push(line);
    else groups.set(name, [line]);
  }
  return [...groups.values()].flatMap((group) => {
    const parts = Array.from({ length: Math.ceil(group.length / MOST_LINES) }, (_, part) =>
      group.slice(part * MOST_LINES, (part + 1) * MOST_LINES),
    );
    return parts.map((part) => correctionOf(part, given));
  });
}

function correctionOf(
  group: readonly (Line & { readonly dataset: Dataset })[],
  given: Pick<Correction, "by" | "at">,
): Correction {
  const [first] = group;
  if (first === undefined) throw new TypeError("a correction has lines");
  const { dataset, header } = first;
  const id = digestOf(group.map(identityOf));
  const date = dataset.pipeline === "manifests" ? `${dateOf(first.key)}-` : "";
  return {
    id,
    dataset: dataset.name,
    key: `${dataset.prefix}${CORRECTIONS}${date}${id}.${dataset.format.kind}`,
    ...given,
    ...(header !== undefined && { header }),
    lines: group.map(({ dataset: _, header: __, ...line }) => line),
  };
}

/** Id of the correction that a file is of, by its key. */
export function idOfKey(key: string): string {
  return /([0-9a-f]{32})\.[a-z]+$/.exec(key)?.[1] ?? "";
}

/** Content of a correction's file: the record of its n-th line is the n-th of the file. */
export function bodyOf(
  { header = "", lines }: Pick<Correction, "header" | "lines">,
  { format }: Dataset,
): Buffer {
  const records = lines.map((line) => bytesOf(line, format));
  const joined = (separator: string) =>
    Buffer.concat(records.flatMap((record) => [record, Buffer.from(separator)]));
  if (format.kind === "csv") {
    return Buffer.concat([encoded(header, format) ?? Buffer.from(header), joined(lineEndOf(format))]);
  }
  if (format.kind === "json" && (format.form === "detect" || format.form === "array")) {
    return Buffer.concat([Buffer.from("[\n"), joined(",\n").subarray(0, -2), Buffer.from("\n]\n")]);
  }
  return joined("\n");
}

function bytesOf({ text, base64 = "" }: Line, format: Dataset["format"]): Buffer {
  if (text === undefined) return Buffer.from(base64, "base64");
  return (format.kind === "csv" ? encoded(text, format) : undefined) ?? Buffer.from(text);
}

/** The line of an exported file that a dead letter becomes; its text is what is to be corrected. */
export function lineOf(letter: Letter, { format }: Dataset, header: string | undefined): Line {
  const { bucket, key, version, line, letters, text, base64 } = letter;
  const read =
    text ??
    (format.kind === "csv" && base64 !== undefined
      ? decoded(Buffer.from(base64, "base64"), format)
      : undefined);
  return {
    ...{ bucket, key, version, line, letters },
    ...(header !== undefined && { header }),
    ...(read === undefined ? { base64: base64 ?? "" } : { text: read }),
  };
}

/** Says why a line cannot become a record of a file of its dataset; undefined where it can. */
export function formProblem(line: Line, { format }: Dataset): string | undefined {
  const { text, base64 = "" } = line;
  const record = text ?? Buffer.from(base64, "base64").toString("latin1");
  if (Buffer.from(record).toString() !== record) return "its text has half a character";
  if (format.kind === "csv") return csvProblem(line, record, format);
  if (format.kind === "ndjson") return lineProblem(record);
  if (format.kind !== "json") {
    return `files of ${format.kind} are not made here: send the row as a file of the dataset`;
  }
  if (format.records !== undefined)
    return "its records lie inside of documents: send it as a file of the dataset";
  // an element that is no JSON would take its neighbours with it
  if (!isJson(record)) return "its text is no JSON";
  return format.form === "lines" ? lineProblem(record) : undefined;
}

function csvProblem({ header, text }: Line, record: string, format: CsvFormat): string | undefined {
  if (format.header && header === undefined) return "it has no header, by which its columns are known";
  if (text !== undefined && encoded(text, format) === undefined)
    return `its text is not of ${format.encoding}`;
  return isOneRecord(record, format) ? undefined : "its text is not exactly one row of CSV";
}

function lineProblem(record: string): string | undefined {
  if (record.trim() === "") return "its text is empty";
  return record.includes("\n") ? "its text has more than one line" : undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
