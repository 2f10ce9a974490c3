/** Facts of the view `<dataset>_latest`, which a construct makes and the control plane keeps in step with its table. */

/** Types of Presto, which Athena's engine is one of, for those of Glue that a text dataset has. */
export const PRESTO_TYPES: Readonly<Record<string, string>> = { string: "varchar", bigint: "bigint" };

const TEXT = /^\/\* Presto View: (\S+) \*\/$/;

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
