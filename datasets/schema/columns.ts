/** Columns: what is read of a file, and what stands in the output. */
import { z } from "zod";
import { character, choice, flag, list, name, text, whole, words } from "./kinds";
import { NAME } from "./names";
import { columnType, hasInstant } from "./types";

const SCALARS = "string|boolean|int|bigint|double|date|timestamp";
const DECIMAL = "decimal\\(\\d+,\\d+\\)";
const NESTED = "(?:array|struct)<.+>";
const GLUE_TYPES =
  "a Glue type: string, boolean, int, bigint, double, date, timestamp or decimal(p,s), or array<…> or struct<name:…,…> of these";

const inputType = text(
  new RegExp(`^(?:${SCALARS}|instant|${DECIMAL}|${NESTED})$`),
  `${GLUE_TYPES}, or instant`,
  "Glue type of the value; `instant` is a timestamp that may be written as seconds or milliseconds since 1970, too.",
)
  .refine(isType)
  .meta({ format: "column-type" });

const outputType = text(
  new RegExp(`^(?:${SCALARS}|${DECIMAL}|${NESTED})$`),
  GLUE_TYPES,
  "Glue type of the column; the transform must return this very type.",
)
  .refine((type) => isType(type) && !hasInstant(type))
  .meta({ format: "table-type" });

const comment = z
  .string()
  .meta({ description: "What the column means; the catalog shows it.", would: "a sentence" })
  .default("");

const spellings = (value: string) =>
  list(
    z.string(),
    "a list of texts, each once",
    `Texts that are ${value}, without regard to case. Absent: ${value}.`,
  ).optional();

/** A column of the files, which the transform sees, or which is the output where there is none. */
export const inputColumn = z.strictObject({
  name: name("Name in the SQL, and in the output where there is no transform."),
  type: inputType,
  required: flag(
    "Whether a row without a value is a dead letter, and a CSV file without the column quarantined.",
  ).default(false),
  comment,
  header: z
    .string()
    .regex(/\S/)
    .meta({
      description:
        "CSV: name in the header, compared trimmed and without regard to case. Absent: the column's name.",
      would: "the text of the header",
    })
    .optional(),
  position: whole(1, 10_000, "CSV without a header: number of the field, from 1.").optional(),
  key: z
    .string()
    .meta({
      description: "All but CSV: key or field that has the value. Absent: the column's name.",
      would: "a key of the object",
    })
    .optional(),
  path: z
    .array(z.string())
    .min(1)
    .meta({
      description: "Instead of `key`: keys from the outside to the inside.",
      would: 'a list of keys, such as ["payload", "items"]',
    })
    .optional(),
  keys: z
    .record(z.string().regex(NAME), z.string())
    .meta({
      description: 'Keys of struct fields that are named otherwise, such as { "user_id": "userId" }.',
      would: 'an object of field names and their keys, such as { "user_id": "userId" }',
    })
    .default({}),
  text: choice(
    ["exact", "trimmed", "lower", "words"],
    "How a text is taken: as it stood; trimmed; trimmed and in lower case, or with capitalised words.",
  ).default("exact"),
  dates: list(
    words('"iso" or a pattern of strptime, such as %d/%m/%Y', "Format of a date or time."),
    'a list of formats, each once, such as ["iso", "%d/%m/%Y"]',
    "Formats of dates and times, tried in their order: `iso`, or patterns of strptime.",
  ).default(["iso"]),
  zone: text(
    /^[A-Za-z]+(?:[/_+-][A-Za-z0-9]+)*$/,
    "a zone of the IANA database, such as Europe/Berlin",
    "Zone of times that are written without an offset. Absent: a text must have one; a timestamp of a binary format is UTC.",
  )
    .refine(isZone)
    .optional(),
  decimal: choice([".", ","], "Decimal sign.").default("."),
  grouping: character("Sign between thousands. Absent: none.").optional(),
  true: spellings("true"),
  false: spellings("false"),
  onBadValue: choice(
    ["reject", "issue"],
    "What becomes of a row whose value is not of the type: a dead letter; or the value is null, and counted as the issue `bad <column>`.",
  ).default("reject"),
});

/** A column of the output of a transform. */
export const outputColumn = z.strictObject({
  name: name("Name in the table."),
  type: outputType,
  comment,
});

export type InputColumn = z.output<typeof inputColumn>;
export type OutputColumn = z.output<typeof outputColumn>;

function isType(value: string): boolean {
  try {
    columnType(value);
    return true;
  } catch {
    return false;
  }
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
