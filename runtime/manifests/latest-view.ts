/** Facts of the view `<dataset>_latest`, which a construct makes and the control plane keeps in step with its table. */

/** What Presto, which Athena's engine is one of, calls otherwise than Glue. */
const PRESTO_WORDS: Readonly<Record<string, string>> = {
  string: "varchar",
  int: "integer",
  timestamp: "timestamp(3)",
  "array<": "array(",
  "struct<": "row(",
  ">": ")",
};
const GLUE_WORD = /([a-z][a-z0-9_]*):|array<|struct<|>|\b(?:string|int|timestamp)\b/g;

const TEXT = /^\/\* Presto View: (\S+) \*\/$/;

/** Type of Presto for one of Glue, as in `row(sku varchar,price decimal(9,2))`. */
export function prestoType(type: string): string {
  return type.replaceAll(GLUE_WORD, (word, field?: string) =>
    field === undefined ? (PRESTO_WORDS[word] ?? word) : `${field} `,
  );
}

export function latestViewName(table: string): string {
  return `${table}_latest`;
}

/** Text of a view as Athena keeps it in the catalog: JSON in base64 within a comment. */
export function viewText(definition: object): string {
  return `/* Presto View: ${Buffer.from(JSON.stringify(definition)).toString("base64")} */`;
}

/** Definition that a view's text holds; undefined where it is no such text. */
export function viewDefinition(text: string): object | undefined {
  const encoded = TEXT.exec(text)?.[1];
  return encoded === undefined ? undefined : JSON.parse(Buffer.from(encoded, "base64").toString());
}
