import { UnexpectedEventError } from "../../runtime/errors";
import { log } from "../../runtime/log";
import { admitColumns, declareColumns } from "../../runtime/undeclared-columns";
import { readTable } from "../control-plane/catalog/catalog";
import { addColumns, columnsOf, keepViewInStep, type NewColumn } from "../control-plane/catalog/columns";
import { UnknownTableError } from "../control-plane/errors";
import type { ControlPlane } from "../control-plane/plane";

/** Columns that a dataset declares. */
export interface DeclaredColumns {
  dataset: string;
  columns: readonly NewColumn[];
}

/**
 * Adds columns that a dataset declares and its table lacks, to table and view: a deploy leaves the columns of a table
 * alone, for those that were found at run time are among them. The latter are admitted, whatever the setting.
 *
 * @throws UnknownTableError when the dataset has no table
 */
export async function addDeclared(
  { catalog, clock, control }: Pick<ControlPlane, "catalog" | "clock" | "control">,
  { dataset, columns }: DeclaredColumns,
): Promise<void> {
  const table = await readTable(catalog, clock, dataset);
  if (!table) throw new UnknownTableError(catalog.database, dataset);
  const declared = columns.map(({ name }) => name);
  await declareColumns(control, dataset, declared);
  const standing = columnsOf(table).flatMap(({ Name }) => Name ?? []);
  const left = await admitColumns(control, dataset, standing);
  if (left.length > 0) {
    log(
      "error",
      "the table has more undeclared columns than it may; rows have the rest in _other from now on",
      {
        dataset,
        columns: left.length,
      },
    );
  }
  await addColumns(catalog, clock, dataset, columns);
  // The control plane alerts with the next output where a view stays behind.
  await keepViewInStep(catalog, clock, dataset);
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
