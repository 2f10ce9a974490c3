import type { Clock } from "../../runtime/clock";
import { UnexpectedEventError } from "../../runtime/errors";
import { addColumns, missingColumns, type NewColumn } from "../control-plane/catalog/columns";
import type { Catalog } from "../control-plane/plane";

/** Columns that a dataset declares. */
export interface DeclaredColumns {
  dataset: string;
  columns: readonly NewColumn[];
}

/**
 * Adds columns that a dataset declares and its table lacks: a deploy leaves the columns of a table alone, for
 * those that were found at run time are among them.
 *
 * @throws UnknownTableError when the dataset has no table
 */
export async function addDeclared(
  catalog: Catalog,
  clock: Clock,
  { dataset, columns }: DeclaredColumns,
): Promise<void> {
  const names = columns.map(({ name }) => name);
  if ((await missingColumns(catalog, clock, dataset, names)).length === 0) return;
  await addColumns(catalog, clock, dataset, columns);
}

/**
 * Parses `{"dataset": …, "columns": [{"name": …, "type": …, "comment": …}, …]}`.
 *
 * @throws UnexpectedEventError when it is something else
 */
export function readDeclared(event: unknown): DeclaredColumns {
  const { dataset, columns } = (event ?? {}) as { dataset?: unknown; columns?: unknown };
  const isWhole = typeof dataset === "string" && Array.isArray(columns) && columns.every(isColumn);
  if (!isWhole) throw new UnexpectedEventError("a dataset and its declared columns", event);
  return { dataset, columns };
}

function isColumn(value: unknown): value is NewColumn {
  const { name, type } = (value ?? {}) as { name?: unknown; type?: unknown };
  return typeof name === "string" && typeof type === "string";
}
