/** Plain aligned tables and the units that they are written in. */
import { visible } from "../../../setup/terminal";

/** Column of a table; numbers are aligned to the right. */
export interface Column<Row> {
  readonly head: string;
  readonly cell: (row: Row) => string | number | undefined;
}

/** Formats columns padded to their widest cell, under their heads and a rule; an absent value is a hyphen. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = rows.map((row) => columns.map(({ cell }) => cell(row)));
  const heads = columns.map(({ head }) => head);
  const widths = heads.map((head, index) =>
    Math.max(head.length, ...cells.map((line) => written(line[index]).length)),
  );
  const isNumeric = heads.map((_, index) => cells.some((line) => typeof line[index] === "number"));
  const pad = (text: string, index: number) =>
    isNumeric[index] ? text.padStart(widths[index] ?? 0) : text.padEnd(widths[index] ?? 0);
  const lines = [heads, widths.map((width) => "─".repeat(width)), ...cells.map((line) => line.map(written))];
  return lines.map((line) => line.map(pad).join("  ").trimEnd()).join("\n");
}

/** Formats names and values, one pair a line, the values aligned. */
export function list(entries: readonly (readonly [string, string | number | undefined])[]): string {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${name.padEnd(width)}  ${written(value)}`).join("\n");
}

/** Indents every line. */
export function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gm, "  ");
}

function written(value: string | number | undefined): string {
  if (value === undefined || value === "") return "-";
  return typeof value === "number" ? value.toLocaleString("en-US") : visible(value);
}

/** Formats seconds in the two units that matter: `45 s`, `3 min 20 s`, `5 h 3 min`, `2 d 4 h`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`;
}

/** Formats bytes in decimal units with three digits: `3.50 MB`. */
export function bytes(count: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = Math.min(Math.floor(Math.log10(Math.max(count, 1)) / 3), units.length - 1);
  const value = count / 1000 ** power;
  return `${power === 0 ? value : value.toPrecision(Math.max(3, Math.ceil(Math.log10(value))))} ${units[power]}`;
}

export function dollars(amount: number): string {
  return `$${amount.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
}
