/** Corrected lines as a file of their dataset: what it is called and what stands in it. */
import { createHash } from "node:crypto";
import type { Dataset } from "../../../datasets/schema/datasets";
import { CORRECTIONS } from "../../../runtime/corrections";
import { dateOf } from "../../../runtime/manifests/datasets";
import { compareInputs } from "../../../runtime/manifests/manifests";
import { type Beginning, type CsvFormat, decoded, encoded, fieldsOf, isHeader, lineEndOf } from "./csv-text";
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
  /** Of CSV without a header: number of fields of its file's rows. */
  readonly fields?: number;
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
  offset,
}: LineIdentity): readonly (string | number)[] {
  return [bucket, key, version, line, ...(offset === undefined ? [] : [offset])];
}

/**
 * Groups lines into corrections: those of one file have one dataset, one header or number of fields, and of dated datasets one date, in
 * their order. A document has a file of its own, for a broken one takes along what follows it. The same lines make the same corrections.
 */
export function correctionsOf(
  lines: readonly (Line & { readonly dataset: Dataset })[],
  given: Pick<Correction, "by" | "at">,
): Correction[] {
  const sorted = lines.toSorted((one, other) => comparePlaces(one, other));
  const groups = new Map<string, (Line & { readonly dataset: Dataset })[]>();
  for (const line of sorted) {
    const { dataset, header, fields, key } = line;
    const date = dataset.pipeline === "manifests" ? dateOf(key) : undefined;
    const isAlone = dataset.format.kind === "json" && dataset.format.form === "document";
    const name = JSON.stringify([dataset.name, header, fields, date, isAlone && identityOf(line)]);
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

function comparePlaces(one: Line, other: Line): number {
  return compareInputs(one, other) || one.line - other.line || (one.offset ?? 0) - (other.offset ?? 0);
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

/** The line of an exported file that a dead letter becomes, by its file's beginning where that is CSV; its text is to be corrected. */
export function lineOf(letter: Letter, beginning: Beginning | undefined): Line {
  const { bucket, key, version, line, offset, letters, text, base64 = "" } = letter;
  // the bytes of another encoding may be UTF-8, too, which they do not mean
  const bytes = text === undefined ? Buffer.from(base64, "base64") : Buffer.from(text);
  const read = beginning === undefined ? text : decoded(bytes, beginning);
  const { header, fields } = beginning ?? {};
  return {
    ...{ bucket, key, version, line, letters },
    ...(offset !== undefined && { offset }),
    ...(header !== undefined && { header }),
    ...(fields !== undefined && { fields }),
    ...(read === undefined ? { base64: bytes.toString("base64") } : { text: read }),
  };
}

/** Says why a line cannot become a record of a file of its dataset; undefined where it can. */
export function formProblem(line: Line, { format }: Dataset): string | undefined {
  const { text } = line;
  if (text !== undefined && Buffer.from(text).toString() !== text) return "its text has half a character";
  if (format.kind === "csv") return csvProblem(line, format);
  if (format.kind !== "json" && format.kind !== "ndjson") {
    return `files of ${format.kind} are not made here: send the row as a file of the dataset`;
  }
  if (format.kind === "json" && format.records !== undefined)
    return "its records lie inside of documents: send it as a file of the dataset";
  if (text === undefined) return "its bytes are no UTF-8: give it a text instead";
  const isLine = format.kind === "ndjson" || format.form === "lines";
  if (isLine && text.includes("\n")) return "its text has more than one line";
  // anything else is several records, is rejected again, or begins its file as one of another format
  return isObject(text) ? undefined : "its text is no JSON object";
}

function csvProblem({ header, fields, text, base64 = "" }: Line, format: CsvFormat): string | undefined {
  if (format.header && header === undefined) return "it has no header, by which its columns are known";
  if (format.header && !isHeader(header ?? "", format))
    return "its header is not the beginning of a file as it was exported, up to its first row";
  if (text !== undefined && encoded(text, format) === undefined)
    return `its text is not of ${format.encoding}`;
  const bytes = Buffer.from(base64, "base64").toString("latin1");
  const found = text === undefined ? fieldsOf(bytes, format, true) : fieldsOf(text, format);
  if (found === undefined) return "its text is not exactly one row of CSV";
  if (format.header || found === fields) return undefined;
  return `its text has ${found} fields, and rows of its file have ${fields ?? "an unknown number"}`;
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
