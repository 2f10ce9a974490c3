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

/** Maximum number of attempts: as many other writers of a table may come between reading and updating it. */
const ATTEMPTS = 8;
const FIRST_WAIT_MS = 100;

/** Computes a change of a table; undefined: none is needed. */
export type Change = (current: Table) => Promise<Partial<TableInput> | undefined>;

/** Reads a table or view by its name; undefined where none exists. */
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
 * Changes a table and keeps everything else that others may have set: the update names the version that was
 * read, and after a conflict the change is computed again from the current version. A table that does not
 * exist is not created.
 *
 * @throws ConcurrentModificationException after eight conflicts in a row
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

/**
 * The update keeps no old version of the table: Glue holds 100,000 of a table, and nobody reads them.
 *
 * @see https://docs.aws.amazon.com/sdk-for-kotlin/api/latest/glue/aws.sdk.kotlin.services.glue.model/-update-table-request/skip-archive.html (2026-11-30)
 * @see https://repost.aws/knowledge-center/glue-table-version-errors (2026-11-30)
 */
function updateOf({ database }: Catalog, current: Table, changed: Partial<TableInput>): UpdateTableCommand {
  return new UpdateTableCommand({
    DatabaseName: database,
    TableInput: { ...inputOf(current), ...changed },
    SkipArchive: true,
    ...(current.VersionId === undefined ? {} : { VersionId: current.VersionId }),
  });
}

/** Picks the fields of a table that may be sent back: Glue refuses the rest. */
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
