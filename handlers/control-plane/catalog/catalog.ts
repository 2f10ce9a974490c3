import {
  ConcurrentModificationException,
  EntityNotFoundException,
  GetTableCommand,
  type Table,
  type TableInput,
  UpdateTableCommand,
} from "@aws-sdk/client-glue";
import type { Clock } from "../../../runtime/clock";
import { withBackoff } from "../../../runtime/in-parallel";
import type { Catalog } from "../plane";

/** Writers of one table that may come between reading and updating it, one after another. */
const ATTEMPTS = 8;
const FIRST_WAIT_MS = 100;

/** What is to be different about a table; undefined: nothing. */
export type Change = (current: Table) => Promise<Partial<TableInput> | undefined>;

/** The table, or the view, of that name; undefined where there is none. */
export async function readTable(
  { client, database }: Catalog,
  clock: Clock,
  name: string,
): Promise<Table | undefined> {
  const get = new GetTableCommand({ DatabaseName: database, Name: name });
  try {
    return (await withBackoff(clock, () => client.send(get))).Table;
  } catch (error) {
    if (error instanceof EntityNotFoundException) return undefined;
    throw error;
  }
}

/**
 * Changes a table and leaves all else of it as somebody else may have set it: the update names the version that was
 * read, and where it was overtaken, the change is made again of what stands then. A table that is not there stays so.
 *
 * @throws ConcurrentModificationException when it was overtaken eight times in a row
 */
export async function changeTable(
  catalog: Catalog,
  clock: Clock,
  name: string,
  change: Change,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const current = await readTable(catalog, clock, name);
    const changed = current && (await change(current));
    if (!changed) return;
    try {
      await withBackoff(clock, () => catalog.client.send(updateOf(catalog, current, changed)));
      return;
    } catch (error) {
      if (!(error instanceof ConcurrentModificationException) || attempt === ATTEMPTS) throw error;
      await clock.sleep(FIRST_WAIT_MS * attempt * (0.5 + Math.random()));
    }
  }
}

function updateOf({ database }: Catalog, current: Table, changed: Partial<TableInput>): UpdateTableCommand {
  return new UpdateTableCommand({
    DatabaseName: database,
    TableInput: { ...inputOf(current), ...changed },
    ...(current.VersionId === undefined ? {} : { VersionId: current.VersionId }),
  });
}

/** What of a table may be sent back: Glue refuses the rest. */
function inputOf(table: Table): TableInput {
  const { Name, Description, Owner, LastAccessTime, LastAnalyzedTime, Retention, PartitionKeys } = table;
  const { StorageDescriptor, ViewOriginalText, ViewExpandedText, TableType, Parameters, TargetTable } = table;
  const input = {
    Description,
    Owner,
    LastAccessTime,
    LastAnalyzedTime,
    Retention,
    PartitionKeys,
    StorageDescriptor,
    ViewOriginalText,
    ViewExpandedText,
    TableType,
    Parameters,
    TargetTable,
  };
  const given = Object.entries(input).filter(([, value]) => value !== undefined);
  return { Name, ...Object.fromEntries(given) };
}
