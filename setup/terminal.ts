/**
 * All that a command prints goes through here. Keys, cells, file names and messages are others' words: what a terminal
 * would obey, hide or reorder in them is shown by code point. Moves of the cursor that are ours are added behind that.
 */
import type { Writable } from "node:stream";
import { inspect } from "node:util";

/** Output stream that may be a screen. Nothing but this file writes to it, so it says nothing of `write`. */
export interface Screen {
  readonly writable: boolean;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/**
 * Unicode's controls (C0, DEL, C1), formats (bidirectional, zero width, tags), lone surrogates, and separators of
 * lines and paragraphs.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Back to the start of the line, and erase it. */
const ERASE = "\r\u001b[K";

/** One line of `text`, with `\u{1b}` for what cannot be seen: for a cell, whose width is then its length. */
export function visible(text: string): string {
  return text.replaceAll(UNSEEN, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** Lines of `text`: as `visible`, but for line feeds and tabs. */
export function visibleLines(text: string): string {
  return text.replaceAll(/[^\n\t]+/g, visible);
}

/** JSON of `value`, the same to whoever reads it, with `\u009b` for what cannot be seen. */
export function visibleJson(value: unknown, indent?: number): string {
  const json = JSON.stringify(value, undefined, indent);
  return json.replaceAll(UNSEEN, (character) => (character === "\n" ? character : escaped(character)));
}

function escaped(character: string): string {
  return Array.from(
    { length: character.length },
    (_, unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, "0")}`,
  ).join("");
}

function write(out: Screen, text: string): void {
  (out as Screen & Writable).write(text);
}

/** Prints lines of text. */
export function print(text: string, out: Screen = process.stdout): void {
  write(out, `${visibleLines(text)}\n`);
}

/** Prints lines of text about what goes on or wrong. */
export function printError(text: string): void {
  print(text, process.stderr);
}

/** Prints a value as JSON: on one line, or indented. */
export function printJson(value: unknown, indent?: number, out: Screen = process.stdout): void {
  write(out, `${visibleJson(value, indent)}\n`);
}

/** Shows a line on a screen that the next one replaces. */
export function printOver(text: string, screen: Screen): void {
  write(screen, `${ERASE}${visible(text)}`);
}

/** Erases the line that `printOver` left. */
export function erase(screen: Screen): void {
  write(screen, ERASE);
}

/** What `configureOutput` of commander takes. */
export const COMMAND_OUTPUT = {
  writeOut: (text: string) => write(process.stdout, visibleLines(text)),
  writeErr: (text: string) => write(process.stderr, visibleLines(text)),
};

/** Name of an error, its message, place and causes, or what else was thrown. */
export function describeError(error: unknown): string {
  return inspect(error, { colors: false });
}

let isGuarded = false;

/**
 * Lets an error that nobody catches be printed as all else, and the end of a reader such as `head`, that has seen
 * enough, be no failure. Safe to repeat.
 */
export function guardTerminal(): void {
  if (isGuarded) return;
  isGuarded = true;
  process.on("uncaughtException", (error) => {
    printError(describeError(error));
    process.exit(1);
  });
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
}
