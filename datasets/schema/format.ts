/** What a dataset's files look like. */
import { z } from "zod";
import { character, choice, flag, list, whole } from "./kinds";

const key = z.string();

const csv = z.strictObject({
  kind: z.literal("csv"),
  delimiter: character("Character between two fields.").default(","),
  header: flag("Whether the first line names the columns; without, each column says its `position`.").default(
    true,
  ),
  encoding: choice(
    ["utf-8", "windows-1252", "latin-1"],
    "Encoding of the text. UTF-16 that begins with its mark is read whatever stands here.",
  ).default("utf-8"),
  escape: character(
    "Character that takes the next one literally, such as a backslash. Absent: none.",
  ).optional(),
  nulls: list(
    z.string(),
    "a list of texts, each once",
    "Unquoted texts that stand for null. Absent: an empty field is the empty text, and null where the type is none of text.",
  ).optional(),
  skipLines: whole(0, 10_000, "Lines before the header that are no rows.").default(0),
  comment: character("Character that begins a line which is no row. Absent: none.").optional(),
  lineEnd: choice(["lf", "cr"], "What ends a line: `lf` takes LF and CRLF, `cr` a bare CR.").default("lf"),
});

const attributeValues = choice(
  ["dynamodb"],
  'Values are typed as DynamoDB exports them, `{ "N": "1.5" }`. Absent: they stand for themselves.',
).optional();

const ndjson = z.strictObject({ kind: z.literal("ndjson"), attributeValues });

const json = z.strictObject({
  kind: z.literal("json"),
  form: choice(
    ["detect", "array", "lines", "document"],
    "What a file holds: the elements of one array, a value a line, or one value; or what it looks like.",
  ).default("detect"),
  records: list(
    key,
    'a list of JSON keys, such as ["Records"]',
    "Keys from the outside to the inside, to the array whose elements are the rows, or to the one object that is. Absent: the value itself.",
  ).optional(),
  around: list(
    key,
    'a list of JSON keys, such as ["owner", "logGroup"]',
    "Keys beside the first one of `records` that each row gets, under their own names.",
  ).optional(),
  attributeValues,
});

/** Format of a dataset's files, with what may differ within it. */
export const format = z
  .discriminatedUnion("kind", [
    csv,
    ndjson,
    json,
    z.strictObject({ kind: z.literal("avro") }),
    z.strictObject({ kind: z.literal("parquet") }),
    z.strictObject({ kind: z.literal("orc") }),
  ])
  .meta({ description: "What the files look like: their kind, and its options." });

export type Format = z.output<typeof format>;
