import { UnexpectedEventError } from "../../../runtime/errors";
import { readTableColumns, releaseColumns } from "../../../runtime/undeclared-columns";
import { DeclaredColumnsError } from "../errors";
import type { ControlPlane } from "../plane";
import { removeColumns } from "./columns";
import { keepView } from "./schema-drift";

/** Undeclared columns that an operator drops. */
export interface DroppedColumns {
  dataset: string;
  columns: readonly string[];
}

/**
 * Drops undeclared columns: their places first, so that no work that begins from now on writes them, then the columns
 * of table and view. Work that had begun before may still publish one: its event adds the column again, and its place.
 *
 * @throws DeclaredColumnsError when the dataset declares one, and then nothing is dropped
 */
export async function dropColumns(plane: ControlPlane, { dataset, columns }: DroppedColumns): Promise<void> {
  const { catalog, clock, control } = plane;
  const { declared } = await readTableColumns(control, dataset);
  const refused = columns.filter((column) => declared.has(column));
  if (refused.length > 0) throw new DeclaredColumnsError(dataset, refused);
  await releaseColumns(control, dataset, columns);
  await removeColumns(catalog, clock, dataset, columns);
  await keepView(plane, dataset);
}

/**
 * Parses `{"kind": "drop-columns", "dataset": …, "columns": [name, …]}`.
 *
 * @throws UnexpectedEventError when it is something else
 */
export function readDropped(event: unknown): DroppedColumns {
  const { dataset, columns } = (event ?? {}) as { dataset?: unknown; columns?: unknown };
  const isWhole =
    typeof dataset === "string" &&
    Array.isArray(columns) &&
    columns.every((column) => typeof column === "string");
  if (!isWhole) throw new UnexpectedEventError("a dataset and the names of its columns", event);
  return { dataset, columns };
}
