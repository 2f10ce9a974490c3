/** Rules about columns: where they are read from, and how. */
import type { InputColumn } from "./columns";
import type { Format } from "./format";
import type { Path } from "./problems";
import { listed, type Rule, type Tell } from "./rule";
import { columnType, fieldsOf } from "./types";

type ColumnKey = keyof InputColumn;

/** Types that each way of reading text is for. */
const READING = {
  text: ["string"],
  dates: ["date", "timestamp", "instant"],
  zone: ["timestamp", "instant"],
  decimal: ["double", "decimal"],
  grouping: ["int", "bigint", "double", "decimal"],
  true: ["boolean"],
  false: ["boolean"],
} as const satisfies Partial<Record<ColumnKey, readonly string[]>>;
type Reading = keyof typeof READING;

/** Values that say nothing beyond the default. */
const USUAL: Readonly<Partial<Record<Reading, string>>> = { text: "exact", dates: "iso", decimal: "." };

export const COLUMN_RULES: readonly Rule[] = [
  {
    of: ["columns"],
    judge: ({ columns = [] }, tell) => {
      eachNameOnce("columns", columns, tell);
      for (const [index, column] of columns.entries()) judgeReading(column, ["columns", index], tell);
    },
  },
  {
    of: ["outputColumns"],
    judge: ({ outputColumns = [] }, tell) => eachNameOnce("outputColumns", outputColumns, tell),
  },
  {
    of: ["columns", "format"],
    judge: ({ columns, format }, tell) => {
      if (columns === undefined) {
        if (format.kind === "csv" && !format.header)
          tell(["columns"], "a list of at least one column (without a header nothing names the fields)");
        return;
      }
      for (const [index, column] of columns.entries()) judgePlace(column, format, ["columns", index], tell);
      if (format.kind === "csv") eachFieldOnce(columns, format.header, tell);
    },
  },
];

function eachNameOnce(
  key: "columns" | "outputColumns",
  columns: readonly { readonly name: string }[],
  tell: Tell,
): void {
  const names = columns.map(({ name }) => name);
  for (const [index, name] of names.entries()) {
    const path = [key, index, "name"];
    if (name === "line") tell(path, "another name (the number of a row in its file is called line)");
    if (names.indexOf(name) < index) tell(path, "a name that no column before has");
  }
}

/** Judges where a column is read from. */
function judgePlace(column: InputColumn, format: Format, path: Path, tell: Tell): void {
  const refuse = (key: ColumnKey, wanted: string) => {
    if (column[key] !== undefined) tell([...path, key], wanted);
  };
  if (format.kind !== "csv") {
    const wanted = `none (fields of ${format.kind} are found by key or path)`;
    refuse("header", wanted);
    refuse("position", wanted);
    if (column.key !== undefined) refuse("path", "no path beside a key (leave one of the two out)");
    return;
  }
  const wanted = "none (fields of csv are found by header or position)";
  refuse("key", wanted);
  refuse("path", wanted);
  if (column.type.includes("<"))
    tell([...path, "type"], "a type of single values (a field of csv has no parts)");
  if (format.header) {
    refuse("position", "none (the header names the fields; without one, declare format.header false)");
    return;
  }
  refuse("header", "none (format.header is false)");
  if (column.position === undefined)
    tell([...path, "position"], "a whole number from 1 (format.header is false)");
}

function eachFieldOnce(columns: readonly InputColumn[], hasHeader: boolean, tell: Tell): void {
  const fields = columns.map(({ name, header = name, position }) =>
    hasHeader ? compared(header) : position,
  );
  for (const [index, field] of fields.entries()) {
    const before = fields.indexOf(field);
    if (field === undefined || before === index || columns[before]?.name === columns[index]?.name) continue;
    const key = hasHeader ? (columns[index]?.header === undefined ? "name" : "header") : "position";
    tell(["columns", index, key], "a field that no column before reads");
  }
}

/** The text by which two headers are told apart, as the reader of CSV does: it sees no case, nor what is unseen. */
function compared(header: string): string {
  const seen = header.replace(/^[\p{Cc}\p{Cf}\p{Z}]+|[\p{Cc}\p{Cf}\p{Z}]+$/gu, "");
  return seen.normalize("NFC").toUpperCase().toLowerCase();
}

/** Judges how text becomes the column's type. */
function judgeReading(column: InputColumn, path: Path, tell: Tell): void {
  const type = columnType(column.type);
  const kind = type.kind === "scalar" ? type.name : type.kind;
  for (const [key, kinds] of Object.entries(READING) as [Reading, readonly string[]][]) {
    const says = column[key] !== undefined && String(column[key]) !== USUAL[key];
    if (says && !kinds.includes(kind)) tell([...path, key], `none (of the types ${listed(kinds)} alone)`);
  }
  if (column.grouping === column.decimal) tell([...path, "grouping"], "another sign than the decimal one");
  const fields = fieldsOf(type);
  for (const field of Object.keys(column.keys))
    if (!fields.includes(field))
      tell([...path, "keys", field], `the key of a field of its type: ${listed(fields)}`);
  const { true: yes = ["true"], false: no = ["false"] } = column;
  const both = yes.filter((word) => no.includes(word));
  if (both.length > 0)
    tell(
      [...path, column.true === undefined ? "false" : "true"],
      `other texts than ${listed(both)}, which are true and false`,
    );
}
