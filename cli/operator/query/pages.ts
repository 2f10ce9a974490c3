import type { ResultPage, ResultRow } from "../../../runtime/aws/athena";
import { CommandError } from "../../../setup/errors";
import { visible } from "../../../setup/terminal";
import { table } from "../command/tables";
import type { Terminal } from "../command/terminal";

export interface PageForm {
  /** CSV instead of a table; JSON is asked of the terminal. */
  readonly csv: boolean | undefined;
  readonly isFirst: boolean;
  /** False for answers that are lines, as of SHOW, DESCRIBE and EXPLAIN. */
  readonly isTable: boolean;
}

/** Writes a page of an answer: as JSON an object a line, its values texts or null, so that no digit is lost. */
export function writePage(terminal: Terminal, page: ResultPage, { csv, isFirst, isTable }: PageForm): void {
  const { columns, rows } = page;
  if (terminal.json) writeObjects(terminal, page);
  else if (csv) writeLines(terminal, [...(isFirst ? [columns] : []), ...rows].map(csvLine));
  else if (isTable) terminal.write(tableOf(page));
  else
    writeLines(
      terminal,
      rows.map((row) => row.map((cell) => cell ?? "").join("\t")),
    );
}

/** @throws CommandError where two columns have one name, of which an object would lose one */
function writeObjects(terminal: Terminal, { columns, rows }: ResultPage): void {
  const twice = columns.find((name, index) => columns.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new CommandError(
      `--json: two columns are called "${twice}": name one of them with AS, or take --csv`,
    );
  }
  for (const row of rows) {
    terminal.record(Object.fromEntries(columns.map((name, index) => [name, row[index] ?? null])));
  }
}

function writeLines(terminal: Terminal, lines: readonly string[]): void {
  if (lines.length > 0) terminal.write(lines.join("\n"));
}

/** A null is an empty field, an empty text a quoted one, as in Athena's own files. */
function csvLine(row: ResultRow): string {
  return row.map((cell) => (cell === "" || /[",\r\n]/.test(cell ?? "") ? quoted(cell) : cell)).join(",");
}

function quoted(cell = ""): string {
  return `"${cell.replaceAll('"', '""')}"`;
}

/** A null is a hyphen, an empty text two quotes. */
function tableOf({ columns, rows }: ResultPage): string {
  return table(
    columns.map((name, index) => ({
      head: visible(name),
      cell: (row: ResultRow) => (row[index] === "" ? '""' : row[index]),
    })),
    rows,
  );
}
