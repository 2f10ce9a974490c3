/**
 * Undeclared columns of a dataset's table: the item `columns#<dataset>` of the control table. The jobs admit columns
 * to it, up to their setting (`glue/tributary/running/table_columns.py`); the control plane adds those that stand in
 * the catalog, and takes dropped ones out.
 */
import {
  GetItemCommand,
  paginateScan,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import type { ControlTable } from "./manifests/control";

/**
 * Maximum number of columns in an item: names have up to 255 bytes, an item 400 KB. The setting may not exceed it.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html (2026-11-29)
 */
export const MAX_UNDECLARED_COLUMNS = 1_000;

const PREFIX = "columns#";

export interface TableColumns {
  /** Columns that the dataset declares, as of the last deploy. */
  readonly declared: ReadonlySet<string>;
  /** Columns that the jobs may write in addition. */
  readonly admitted: ReadonlySet<string>;
}

/** Reads the columns; both sets are empty where there is no item. */
export async function readTableColumns(control: ControlTable, dataset: string): Promise<TableColumns> {
  const get = new GetItemCommand({ TableName: control.name, Key: keyOf(dataset), ConsistentRead: true });
  const { Item = {} } = await control.client.send(get);
  return {
    declared: new Set(Item["declared"]?.SS ?? []),
    admitted: new Set(Item["columns"]?.SS ?? []),
  };
}

/** Records which columns are declared; those that were admitted before leave their places. */
export async function declareColumns(
  control: ControlTable,
  dataset: string,
  declared: readonly string[],
): Promise<void> {
  await update(control, dataset, "SET #declared = :names DELETE #columns :names", declared);
}

/**
 * Admits columns that exist whatever the setting, declared ones excepted, as far as the item has room.
 *
 * @returns those that it has no room for
 */
export async function admitColumns(
  control: ControlTable,
  dataset: string,
  columns: readonly string[],
): Promise<string[]> {
  const { declared, admitted } = await readTableColumns(control, dataset);
  const missing = columns.filter((column) => !declared.has(column) && !admitted.has(column));
  const room = Math.max(0, MAX_UNDECLARED_COLUMNS - admitted.size);
  await update(control, dataset, "ADD #columns :names", missing.slice(0, room));
  return missing.slice(room);
}

/** Takes columns out: their places are free. */
export async function releaseColumns(
  control: ControlTable,
  dataset: string,
  columns: readonly string[],
): Promise<void> {
  await update(control, dataset, "DELETE #columns :names", columns);
}

/** Updates the item with a set of names; DynamoDB knows no empty one. */
async function update(
  control: ControlTable,
  dataset: string,
  expression: string,
  names: readonly string[],
): Promise<void> {
  if (names.length === 0) return;
  const input: UpdateItemCommandInput = {
    TableName: control.name,
    Key: keyOf(dataset),
    UpdateExpression: expression,
    ExpressionAttributeNames: Object.fromEntries(
      ["#declared", "#columns"]
        .filter((name) => expression.includes(name))
        .map((name) => [name, name.slice(1)]),
    ),
    ExpressionAttributeValues: { ":names": { SS: [...new Set(names)] } },
  };
  await control.client.send(new UpdateItemCommand(input));
}

/** Names of the datasets that have an item, sorted; the table has few items. */
export async function datasetsWithColumns(control: ControlTable): Promise<string[]> {
  const names: string[] = [];
  const filter = {
    FilterExpression: "begins_with(#name, :prefix)",
    ProjectionExpression: "#name",
    ExpressionAttributeNames: { "#name": "name" },
    ExpressionAttributeValues: { ":prefix": { S: PREFIX } },
  };
  for await (const { Items = [] } of paginateScan(
    { client: control.client },
    { TableName: control.name, ...filter },
  )) {
    names.push(...Items.map(({ name }) => (name?.S ?? "").slice(PREFIX.length)));
  }
  return names.sort();
}

function keyOf(dataset: string) {
  return { name: { S: `${PREFIX}${dataset}` } };
}
