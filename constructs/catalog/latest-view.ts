/** View `<dataset>_latest`: the rows of each file's newest version in a text dataset. */
import type { DatasetColumn } from "./dataset";

/** Types of Presto, which Athena's engine is based on, for the types of Glue that a text dataset has. */
const PRESTO_TYPES: Readonly<Record<string, string>> = { string: "varchar", bigint: "bigint" };

export function latestViewName(table: string): string {
  return `${table}_latest`;
}

/**
 * Builds the query of the view. Its star takes all columns of the table in their order, so a column that is
 * added later changes the view's list of columns alone.
 */
export function latestViewSql(table: string): string {
  return [
    `SELECT "every".* FROM "${table}" AS "every"`,
    `JOIN (SELECT "date", "_source_file", max("_source_revision") AS "revision" FROM "${table}" GROUP BY 1, 2) AS "newest"`,
    'ON "every"."date" = "newest"."date" AND "every"."_source_file" = "newest"."_source_file"',
    'AND "every"."_source_revision" = "newest"."revision"',
  ].join(" ");
}

/**
 * Builds the text of the view as Athena stores it in the catalog: JSON in base64 within a comment. Athena
 * refuses a view whose columns are not those of its query: a column that is added to the table is added here,
 * before `date`.
 *
 * @throws Error for a column of a type that no text dataset has
 */
export function latestViewText(
  database: string,
  table: string,
  columns: readonly Pick<DatasetColumn, "name" | "type">[],
): string {
  const definition = {
    originalSql: latestViewSql(table),
    catalog: "awsdatacatalog",
    schema: database,
    columns: columns.map(({ name, type }) => ({ name, type: prestoType(type) })),
  };
  return `/* Presto View: ${Buffer.from(JSON.stringify(definition)).toString("base64")} */`;
}

function prestoType(type: string): string {
  const found = PRESTO_TYPES[type];
  if (found === undefined) {
    throw new Error(
      `${JSON.stringify(type)} is no type of a text dataset; use ${Object.keys(PRESTO_TYPES).join(" or ")}`,
    );
  }
  return found;
}
