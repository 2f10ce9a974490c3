/** CSV as far as a correction needs it: the encoding, the header, and whether a text is one record. */
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { Format } from "../../../datasets/schema/format";
import { CommandError } from "../../../setup/errors";

export type CsvFormat = Extract<Format, { kind: "csv" }>;

/** Most bytes that are read of a file for its header. */
const HEADER_BYTES = 1 << 20;
const MARK = Buffer.from("\uFEFF");
/** The line by which Excel is told the delimiter, before the header. */
const SEPARATOR = /^"?sep=([^\r\n]{1,4}?)"?[\r\n]/i;
const SEPARATOR_BYTES = 16;
const MAGIC_BYTES = 4;
const GZIP = Buffer.from([0x1f, 0x8b]);
const OTHER = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), Buffer.from([0xff, 0xfe]), Buffer.from([0xfe, 0xff])];

/** Characters of the bytes from 0x80 to 0x9f in windows-1252, a blank for those that are none; the others are as in latin-1. */
const WINDOWS = "€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ";

/** Text of bytes in the dataset's encoding; undefined where they are none. */
export function decoded(bytes: Buffer, { encoding }: Pick<CsvFormat, "encoding">): string | undefined {
  const text =
    encoding === "utf-8"
      ? bytes.toString("utf8")
      : bytes
          .toString("latin1")
          .replaceAll(/[\x80-\x9f]/g, (each) => (encoding === "latin-1" ? each : windows(each)));
  // what is no character of the encoding does not come back as it was
  return encoded(text, { encoding })?.equals(bytes) ? text : undefined;
}

/** Bytes of a text in the dataset's encoding; undefined where it has a character that the encoding lacks. */
export function encoded(text: string, { encoding }: Pick<CsvFormat, "encoding">): Buffer | undefined {
  if (encoding === "utf-8") return Buffer.from(text);
  const codes = [...text].map((character) => codeOf(character, encoding));
  return codes.every((code) => code !== undefined) ? Buffer.from(codes) : undefined;
}

function windows(control: string): string {
  return WINDOWS[control.charCodeAt(0) - 0x80] ?? " ";
}

function codeOf(character: string, encoding: "windows-1252" | "latin-1"): number | undefined {
  const code = character.codePointAt(0) ?? 0;
  if (encoding === "windows-1252" && (code < 0x20 || code >= 0x7f) && WINDOWS.includes(character)) {
    return WINDOWS.indexOf(character) + 0x80;
  }
  const isControl = encoding === "windows-1252" && code >= 0x80 && code <= 0x9f;
  return code <= 0xff && !isControl ? code : undefined;
}

/** What the rows of a file are known by. */
export interface Beginning {
  /** The lines that are no rows, and the header, with its line end; of a file without a header, none. */
  readonly header?: string;
  /** Number of fields of the first row, which a file without a header gives all others. */
  readonly fields?: number;
  /** Encoding of its rows: the dataset's, unless the file begins with the mark of UTF-8. */
  readonly encoding: CsvFormat["encoding"];
}

/**
 * Reads a file up to its first row, or of one without a header, that row.
 *
 * @throws CommandError where it is compressed in another way than gzip, UTF-16, or has no end within a megabyte
 */
export async function beginningOf(stream: NodeJS.ReadableStream, format: CsvFormat): Promise<Beginning> {
  let bytes = Buffer.alloc(0);
  for await (const chunk of await plain(stream)) {
    bytes = Buffer.concat([bytes, Buffer.from(chunk as Uint8Array)]);
    const found = beginningIn(bytes, format);
    if (found !== undefined) return found;
    if (bytes.length > HEADER_BYTES) break;
  }
  const whole = Buffer.concat([bytes, Buffer.from(lineEndOf(format))]);
  const last = format.header ? undefined : beginningIn(whole, format);
  if (last === undefined) throw new CommandError("the header of its file has no end within a megabyte");
  return last;
}

function beginningIn(bytes: Buffer, format: CsvFormat): Beginning | undefined {
  const isMarked = bytes.subarray(0, MARK.length).equals(MARK);
  const encoding = isMarked ? "utf-8" : format.encoding;
  const own = isMarked ? bytes.subarray(MARK.length) : bytes;
  const first = firstRecord(own, { ...format, encoding });
  if (first === undefined) return undefined;
  if (!format.header) return { fields: first.fields, encoding };
  const header = decoded(own.subarray(0, first.end + 1), { encoding });
  if (header === undefined) throw new CommandError(`the header of its file is no ${encoding}`);
  return { header, encoding };
}

/** Returns whether a text is the beginning of a file of the dataset, to the end of its header, and nothing behind it. */
export function isHeader(text: string, format: CsvFormat): boolean {
  const bytes = encoded(text, format);
  return bytes !== undefined && firstRecord(bytes, format)?.end === bytes.length - 1;
}

async function plain(stream: NodeJS.ReadableStream): Promise<AsyncIterable<unknown>> {
  const chunks = stream[Symbol.asyncIterator]();
  let first = Buffer.alloc(0);
  while (first.length < MAGIC_BYTES) {
    const { value, done } = await chunks.next();
    if (done) break;
    first = Buffer.concat([first, Buffer.from(value as Uint8Array)]);
  }
  if (OTHER.some((magic) => first.subarray(0, magic.length).equals(magic))) {
    throw new CommandError("the header of its file cannot be read here: it is zstd or UTF-16");
  }
  const whole = (async function* () {
    yield first;
    yield* { [Symbol.asyncIterator]: () => chunks };
  })();
  if (!first.subarray(0, GZIP.length).equals(GZIP)) return whole;
  return pipeline(Readable.from(whole), createGunzip(), () => undefined);
}

/** The first record that can be read, with its place; undefined before its end is there. */
function firstRecord(bytes: Buffer, format: CsvFormat): CsvRecord | undefined {
  const text = bytes.toString("latin1");
  const dialect = ofBytes(format);
  const { lineEnd } = dialect;
  let at = 0;
  for (let skipped = 0; skipped < format.skipLines; skipped++) {
    const end = text.indexOf(lineEnd, at);
    if (end < 0) return undefined;
    at = end + 1;
  }
  const separator = SEPARATOR.exec(text.slice(at, at + SEPARATOR_BYTES));
  if (separator !== null && isCharacter(separator[1] ?? "")) at = text.indexOf(lineEnd, at) + 1;
  for (;;) {
    const end = text.indexOf(lineEnd, at);
    if (end < 0) return undefined;
    const record = isSkipped(text.slice(at, end), dialect) ? undefined : recordAt(text, at, dialect);
    if (record === "open") return undefined;
    if (record !== undefined && record !== "broken") {
      const isText = decoded(bytes.subarray(at, record.end), format) !== undefined;
      if (isText || format.header) return record;
    }
    at = end + 1;
  }
}

/** Returns whether the bytes, a character each, are one character of UTF-8, or of an encoding of a byte each. */
function isCharacter(bytes: string): boolean {
  return bytes.length === 1 || [...Buffer.from(bytes, "latin1").toString()].length === 1;
}

/**
 * Number of fields of a text that is exactly one row, in which no other can hide and which is no comment;
 * undefined where it is not. A text of bytes has a character for each.
 */
export function fieldsOf(text: string, format: CsvFormat, isOfBytes = false): number | undefined {
  const dialect = isOfBytes ? ofBytes(format) : dialectOf(format);
  if (isSkipped(text, dialect)) return undefined;
  const record = recordAt(`${text}${dialect.lineEnd}`, 0, dialect);
  return typeof record === "object" && record.end === text.length ? record.fields : undefined;
}

export function lineEndOf({ lineEnd }: Pick<CsvFormat, "lineEnd">): string {
  return lineEnd === "cr" ? "\r" : "\n";
}

interface Dialect {
  readonly delimiter: string;
  /** Escape character. */
  readonly taker: string | undefined;
  readonly comment: string | undefined;
  readonly lineEnd: string;
}

function dialectOf(format: CsvFormat): Dialect {
  const { delimiter, escape: taker, comment } = format;
  return { delimiter, taker, comment, lineEnd: lineEndOf(format) };
}

/** The dialect in a text that has a character for each byte. */
function ofBytes(format: CsvFormat): Dialect {
  const { delimiter, taker, comment, lineEnd } = dialectOf(format);
  const bytes = (text: string) => encoded(text, format)?.toString("latin1") ?? text;
  return {
    delimiter: bytes(delimiter),
    taker: taker && bytes(taker),
    comment: comment && bytes(comment),
    lineEnd,
  };
}

function isSkipped(line: string, { comment, delimiter }: Dialect): boolean {
  const isBlank = /^[ \t\r\n]*$/.test(line) && !line.includes(delimiter);
  return isBlank || (comment !== undefined && line.startsWith(comment));
}

interface CsvRecord {
  /** Place of the line end behind it. */
  readonly end: number;
  readonly fields: number;
}

/**
 * The record from a place on: `broken` where a quote stands neither around a whole field nor doubled in one, `open`
 * where the text ends within it. The rules are those of `glue/tributary/kernels/formats/csv/records.py`.
 */
function recordAt(text: string, from: number, dialect: Dialect): CsvRecord | "open" | "broken" {
  for (let at = from, fields = 1; ; fields++) {
    const end = text[at] === '"' ? quotedEnd(text, at + 1, dialect) : plainEnd(text, at, dialect);
    if (end === undefined) return "open";
    if (text.startsWith(dialect.delimiter, end)) {
      at = end + dialect.delimiter.length;
      continue;
    }
    const other = dialect.lineEnd === "\n" ? "\r" : "\n";
    const close = text[end] === other && text[end + 1] === dialect.lineEnd ? end + 1 : end;
    if (close >= text.length) return "open";
    return text[close] === dialect.lineEnd ? { end: close, fields } : "broken";
  }
}

/** Place behind the quote that closes a field. */
function quotedEnd(text: string, from: number, { taker }: Dialect): number | undefined {
  for (let at = from; at < text.length; at++) {
    if (taker !== undefined && text.startsWith(taker, at)) at += taker.length;
    else if (text[at] === '"' && text[at + 1] === '"') at += 1;
    else if (text[at] === '"') return at + 1;
  }
  return undefined;
}

/** Place of what ends a field without quotes: a delimiter, a line end, or a quote that may not stand there. */
function plainEnd(text: string, from: number, { delimiter, taker, lineEnd }: Dialect): number | undefined {
  for (let at = from; at < text.length; at++) {
    if (taker !== undefined && text.startsWith(taker, at)) at += taker.length;
    else if (text.startsWith(delimiter, at) || text[at] === lineEnd || text[at] === '"') return at;
  }
  return undefined;
}
