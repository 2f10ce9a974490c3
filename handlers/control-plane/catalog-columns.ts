import {
  ConcurrentModificationException,
  GetTableCommand,
  type Table,
  type TableInput,
  UpdateTableCommand,
} from "@aws-sdk/client-glue";
import type { Clock } from "../shared/clock";
import { withBackoff } from "../shared/in-parallel";
import type { Catalog } from "./plane";

/** Writers of one table that come between reading and updating it, one after another. */
const ATTEMPTS = 8;
const FIRST_WAIT_MS = 100;

/** Those names that the table does not have, neither as a column nor as a partition key. */
export async function missingColumns(
  catalog: Catalog,
  clock: Clock,
  table: string,
  columns: readonly string[],
): Promise<string[]> {
  return missingOf(await readTable(catalog, clock, table), columns);
}

/**
 * Adds columns of type string at the end of the table's, each that it does not have yet. Nothing is removed, and all
 * else stays as somebody else may have changed it: the update names the version that was read, and begins again with
 * a new one when it was overtaken.
 *
 * @throws ConcurrentModificationException when it was overtaken eight times in a row
 */
export async function addColumns(
  catalog: Catalog,
  clock: Clock,
  table: string,
  columns: readonly string[],
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const current = await readTable(catalog, clock, table);
    const missing = missingOf(current, columns);
    if (missing.length === 0) return;
    try {
      await withBackoff(clock, () => update(catalog, current, missing));
      return;
    } catch (error) {
      if (!(error instanceof ConcurrentModificationException) || attempt === ATTEMPTS) throw error;
      await clock.sleep(FIRST_WAIT_MS * attempt * (0.5 + Math.random()));
    }
  }
}

async function readTable({ client, database }: Catalog, clock: Clock, name: string): Promise<Table> {
  const get = new GetTableCommand({ DatabaseName: database, Name: name });
  return (await withBackoff(clock, () => client.send(get))).Table ?? { Name: name };
}

async function update({ client, database }: Catalog, current: Table, added: string[]): Promise<void> {
  const storage = current.StorageDescriptor ?? {};
  const columns = added.map((Name) => ({ Name, Type: "string" }));
  await client.send(
    new UpdateTableCommand({
      DatabaseName: database,
      TableInput: {
        ...inputOf(current),
        StorageDescriptor: { ...storage, Columns: [...(storage.Columns ?? []), ...columns] },
      },
      ...(current.VersionId === undefined ? {} : { VersionId: current.VersionId }),
    }),
  );
}

/** The catalog's names know no upper case. */
function missingOf({ StorageDescriptor, PartitionKeys = [] }: Table, columns: readonly string[]): string[] {
  const known = new Set(
    [...(StorageDescriptor?.Columns ?? []), ...PartitionKeys].map(({ Name }) => Name?.toLowerCase()),
  );
  return columns.filter((name) => !known.has(name.toLowerCase()));
}

/** What of a table may be sent back: Glue refuses the rest. */
function inputOf(table: Table): TableInput {
  const { Name, Description, Owner, LastAccessTime, LastAnalyzedTime, Retention, PartitionKeys } = table;
  const { ViewOriginalText, ViewExpandedText, TableType, Parameters, TargetTable } = table;
  const input = {
    Description,
    Owner,
    LastAccessTime,
    LastAnalyzedTime,
    Retention,
    PartitionKeys,
    ViewOriginalText,
    ViewExpandedText,
    TableType,
    Parameters,
    TargetTable,
  };
  const given = Object.entries(input).filter(([, value]) => value !== undefined);
  return { Name, ...Object.fromEntries(given) };
}
