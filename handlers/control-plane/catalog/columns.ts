/** Columns of a dataset's table, and of the view `<dataset>_latest`, which must list the table's. */
import type { Column, Table } from "@aws-sdk/client-glue";
import type { Clock } from "../../../runtime/clock";
import { latestViewName, prestoType, viewDefinition, viewText } from "../../../runtime/manifests/latest-view";
import { UnknownTableError } from "../errors";
import type { Catalog } from "../plane";
import { changeTable, readTable } from "./catalog";

/** Glue takes no longer one: 6,000 columns with names of 20 characters. */
const LONGEST_VIEW_TEXT = 409_600;

/**
 * Finds the names that the table has neither as a column nor as a partition key.
 *
 * @throws UnknownTableError when the dataset has no table
 */
export async function missingColumns(
  catalog: Catalog,
  clock: Clock,
  dataset: string,
  names: readonly string[],
): Promise<string[]> {
  const table = await readTable(catalog, clock, dataset);
  if (!table) throw new UnknownTableError(catalog.database, dataset);
  return missingOf(table, names);
}

/** Column to add, in Glue's terms. */
export interface NewColumn {
  name: string;
  type: string;
  comment?: string;
}

/**
 * Adds the columns that the table lacks, at its end. Nothing is removed, and no type changed.
 *
 * @throws ConcurrentModificationException after eight conflicts in a row
 */
export async function addColumns(
  catalog: Catalog,
  clock: Clock,
  dataset: string,
  columns: readonly NewColumn[],
): Promise<void> {
  await changeTable(catalog, clock, dataset, async (current) => {
    const missing = new Set(
      missingOf(
        current,
        columns.map(({ name }) => name),
      ),
    );
    const added = columns.filter(({ name }) => missing.has(name)).map(toColumn);
    return added.length === 0 ? undefined : withColumns(current, [...columnsOf(current), ...added]);
  });
}

/**
 * Removes columns of the table. Its Parquet files keep their values.
 *
 * @throws ConcurrentModificationException after eight conflicts in a row
 */
export async function removeColumns(
  catalog: Catalog,
  clock: Clock,
  dataset: string,
  names: readonly string[],
): Promise<void> {
  const removed = new Set(names);
  await changeTable(catalog, clock, dataset, async (current) => {
    const kept = columnsOf(current).filter(({ Name = "" }) => !removed.has(Name));
    return kept.length === columnsOf(current).length ? undefined : withColumns(current, kept);
  });
}

/**
 * Copies the table's columns to the view: Athena refuses a view whose columns differ from those of its query.
 * The view is read before the table, so of two concurrent calls the one that read the older table is refused.
 *
 * @returns false where the view stays behind, for its text would be too long
 * @throws ConcurrentModificationException after eight conflicts in a row
 */
export async function keepViewInStep(catalog: Catalog, clock: Clock, dataset: string): Promise<boolean> {
  let isInStep = true;
  await changeTable(catalog, clock, latestViewName(dataset), async (view) => {
    const table = await readTable(catalog, clock, dataset);
    const columns = table && [...columnsOf(table), ...(table.PartitionKeys ?? [])].map(nameAndType);
    if (!columns || sameNames(columns, columnsOf(view))) return undefined;
    const ViewOriginalText = withListed(view.ViewOriginalText ?? "", columns);
    isInStep = ViewOriginalText.length <= LONGEST_VIEW_TEXT;
    return isInStep ? { ...withColumns(view, columns), ViewOriginalText } : undefined;
  });
  return isInStep;
}

/** Filters the names that the table lacks; the catalog knows no upper case. */
function missingOf(table: Table, names: readonly string[]): string[] {
  const known = [...columnsOf(table), ...(table.PartitionKeys ?? [])].map(({ Name }) => Name?.toLowerCase());
  const seen = new Set(known);
  return names.filter((name) => !seen.has(name.toLowerCase()));
}

function toColumn({ name, type, comment }: NewColumn): Column {
  return { Name: name, Type: type, ...(comment === undefined ? {} : { Comment: comment }) };
}

export function columnsOf({ StorageDescriptor }: Table): Column[] {
  return StorageDescriptor?.Columns ?? [];
}

function withColumns({ StorageDescriptor }: Table, columns: Column[]) {
  return { StorageDescriptor: { ...StorageDescriptor, Columns: columns } };
}

function nameAndType({ Name, Type }: Column): Column {
  return { Name, Type };
}

function sameNames(some: readonly Column[], others: readonly Column[]): boolean {
  return some.length === others.length && some.every(({ Name }, index) => Name === others[index]?.Name);
}

/** The text of a view with these columns. What is no such text stays. */
function withListed(text: string, columns: readonly Column[]): string {
  const definition = viewDefinition(text);
  if (!definition) return text;
  const listed = columns.map(({ Name, Type = "" }) => ({ name: Name, type: prestoType(Type) }));
  return viewText({ ...definition, columns: listed });
}
