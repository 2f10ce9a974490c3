/** CSV as far as a correction needs it: the encoding, the header, and whether a text is one record. */
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { Format } from "../../../datasets/schema/format";
import { CommandError } from "../../../setup/errors";

export type CsvFormat = Extract<Format, { kind: "csv" }>;

/** Most bytes that are read of a file for its header. */
const HEADER_BYTES = 1 << 20;
const BYTE_ORDER_MARK = "\uFEFF";
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

/**
 * Reads what stands before the first row: the lines that are no rows, and the header, with its line end.
 *
 * @throws CommandError where it is compressed in another way than gzip, UTF-16, or has no end within a megabyte
 */
export async function headerOf(stream: NodeJS.ReadableStream, format: CsvFormat): Promise<string> {
  let bytes = Buffer.alloc(0);
  for await (const chunk of await plain(stream)) {
    bytes = Buffer.concat([bytes, Buffer.from(chunk as Uint8Array)]);
    const end = headerEnd(bytes.toString("latin1"), format);
    if (end !== undefined) return told(bytes.subarray(0, end), format);
    if (bytes.length > HEADER_BYTES) break;
  }
  throw new CommandError("the header of its file has no end within a megabyte");
}

function told(bytes: Buffer, format: CsvFormat): string {
  const text = decoded(bytes, format);
  if (text === undefined) throw new CommandError(`the header of its file is no ${format.encoding}`);
  return text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
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

/** Place behind the header's line end, in a text with a character a byte; undefined before it is there. */
function headerEnd(text: string, format: CsvFormat): number | undefined {
  const lineEnd = lineEndOf(format);
  let at = 0;
  for (let skipped = 0; skipped < format.skipLines; skipped++) {
    const end = text.indexOf(lineEnd, at);
    if (end < 0) return undefined;
    at = end + 1;
  }
  for (;;) {
    const end = recordEnd(text, at, format);
    if (end === undefined) return undefined;
    const isRow = text.slice(at, end).trim() !== "" && !isComment(text.slice(at), format);
    at = end + 1;
    if (isRow) return at;
  }
}

/** Returns whether the text is exactly one row, in which no other can hide and which is no comment. */
export function isOneRecord(text: string, format: CsvFormat): boolean {
  if (text.trim() === "" || isComment(text, format)) return false;
  return recordEnd(`${text}${lineEndOf(format)}`, 0, format) === text.length;
}

export function lineEndOf({ lineEnd }: Pick<CsvFormat, "lineEnd">): string {
  return lineEnd === "cr" ? "\r" : "\n";
}

function isComment(text: string, { comment }: CsvFormat): boolean {
  return comment !== undefined && text.startsWith(comment);
}

/** Place of the line end that is within no quotes. */
function recordEnd(text: string, from: number, format: CsvFormat): number | undefined {
  const lineEnd = lineEndOf(format);
  let isQuoted = false;
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (character === format.escape && character !== '"') at += 1;
    else if (character === '"') isQuoted = !isQuoted;
    else if (character === lineEnd && !isQuoted) return at;
  }
  return undefined;
}
