/** The view `<dataset>_latest`: of each file of a dataset the rows of its newest version. */

import type { OutputColumn } from "../../datasets/schema/datasets";
import { prestoType, viewText } from "../../runtime/manifests/latest-view";

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
 * Text of the view. Athena refuses a view whose columns are not those of its query: whoever adds one to the table
 * adds it here, before `date`.
 */
export function latestViewText(
  database: string,
  table: string,
  columns: readonly Pick<OutputColumn, "name" | "type">[],
): string {
  return viewText({
    originalSql: latestViewSql(table),
    catalog: "awsdatacatalog",
    schema: database,
    columns: columns.map(({ name, type }) => ({ name, type: prestoType(type) })),
  });
}
