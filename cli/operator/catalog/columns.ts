import { EntityNotFoundException, GetTableCommand, type Table } from "@aws-sdk/client-glue";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import { declaredDatasets } from "../../../datasets/schema/datasets";
import { databaseName, functionName } from "../../../environments/schema";
import { datasetsWithColumns, readTableColumns } from "../../../runtime/undeclared-columns";
import { CommandError } from "../../../setup/errors";
import { afterwards } from "../command/applying";
import { NothingMatched } from "../command/errors";
import { EXIT, type ExitCode } from "../command/exit-codes";
import { checkOn } from "../command/needed";
import type { Operator } from "../command/operator";
import { type Column, table } from "../command/tables";
import { controlTable } from "../manifests/scale";

export interface ColumnsOptions {
  /** @default - a summary of all datasets */
  readonly dataset?: string;
}

export interface DropOptions {
  readonly dataset: string;
  readonly column: readonly string[];
  readonly yes?: boolean;
}

/** Undeclared column. */
interface Undeclared {
  readonly name: string;
  /** Whether the jobs write it; otherwise they put its values into `_other`. */
  readonly admitted: boolean;
  /** Whether it stands in the catalog: an admitted one may wait for its first publication. */
  readonly inTable: boolean;
}

/** Columns of a dataset's table. */
interface TableColumns {
  readonly dataset: string;
  readonly declared: ReadonlySet<string>;
  readonly undeclared: readonly Undeclared[];
}

const COLUMNS: readonly Column<Undeclared>[] = [
  { head: "column", cell: ({ name }) => name },
  { head: "admitted", cell: ({ admitted }) => (admitted ? "yes" : "no, in _other") },
  { head: "in the table", cell: ({ inTable }) => (inTable ? "yes" : "no") },
];

/** Shows the undeclared columns of tables, and how many there may be. */
export async function columns(operator: Operator, { dataset }: ColumnsOptions): Promise<ExitCode> {
  const most = operator.environment.storage.undeclaredColumns;
  const found =
    dataset === undefined ? await deployedColumns(operator) : [await columnsOf(operator, dataset)];
  const datasets = found.map(({ dataset, undeclared }) => ({ dataset, columns: undeclared }));
  const [one] = found;
  if (one === undefined) throw new NothingMatched("no dataset has columns: has it been deployed?");
  operator.terminal.show(
    { most, datasets },
    dataset === undefined ? summary(found, most) : details(one, most),
  );
  return EXIT.ok;
}

/** Reads the columns of all datasets that have a table: a pipeline that was switched off leaves its items. */
async function deployedColumns(operator: Operator): Promise<TableColumns[]> {
  const names = await datasetsWithColumns(controlTable(operator));
  const found = await Promise.all(
    names.map((name) =>
      columnsOf(operator, name).catch((error) => {
        if (error instanceof EntityNotFoundException) return undefined;
        throw error;
      }),
    ),
  );
  return found.filter((each) => each !== undefined);
}

function summary(found: readonly TableColumns[], most: number): string {
  const heads: readonly Column<TableColumns>[] = [
    { head: "dataset", cell: ({ dataset }) => dataset },
    { head: "undeclared columns", cell: admitted },
    { head: "of at most", cell: () => most },
  ];
  return table(heads, found);
}

function details(one: TableColumns, most: number): string {
  const count = `${admitted(one)} of at most ${most} undeclared columns of ${one.dataset}`;
  return one.undeclared.length === 0 ? count : `${table(COLUMNS, one.undeclared)}\n${count}`;
}

function admitted({ undeclared }: TableColumns): number {
  return undeclared.filter((column) => column.admitted).length;
}

async function columnsOf(operator: Operator, dataset: string): Promise<TableColumns> {
  const [{ declared, admitted }, catalogTable] = await Promise.all([
    readTableColumns(controlTable(operator), dataset),
    readTable(operator, dataset),
  ]);
  const standing = namesOf(catalogTable.StorageDescriptor?.Columns);
  const names = new Set([...admitted, ...standing.filter((name) => !declared.has(name))]);
  return {
    dataset,
    declared: new Set([...declared, ...namesOf(catalogTable.PartitionKeys)]),
    undeclared: [...names].sort().map((name) => ({
      name,
      admitted: admitted.has(name),
      inTable: standing.includes(name),
    })),
  };
}

async function readTable({ aws, environment }: Operator, dataset: string): Promise<Table> {
  const get = new GetTableCommand({ DatabaseName: databaseName(environment), Name: dataset });
  const { Table: found } = await aws.glue.send(get);
  return found ?? { Name: dataset };
}

function namesOf(some: readonly { readonly Name?: string | undefined }[] = []): string[] {
  return some.flatMap(({ Name }) => Name ?? []);
}

/** Drops undeclared columns of a table and of its view; without `yes`, only says so. */
export async function dropColumns(operator: Operator, options: DropOptions): Promise<ExitCode> {
  const { dataset, column: wanted, yes = false } = options;
  const declared = declaredDatasets().find(({ name }) => name === dataset);
  if (declared !== undefined) checkOn(operator.environment, declared.pipeline);
  checkUndeclared(await columnsOf(operator, dataset), wanted);
  if (yes) await drop(operator, dataset, wanted);
  const text = [
    `${yes ? "dropped" : "would drop"} from ${dataset}: ${wanted.join(", ")}`,
    "the Parquet files keep the values",
    afterwards(yes, "a file that brings the key again brings the column back, and so does declaring it"),
  ];
  operator.terminal.show({ applied: yes, dataset, columns: wanted }, text.join("\n"));
  return EXIT.ok;
}

/**
 * @throws CommandError for a column that the dataset declares
 * @throws NothingMatched for one that neither the table nor the jobs know
 */
function checkUndeclared({ dataset, declared, undeclared }: TableColumns, wanted: readonly string[]): void {
  const refused = wanted.filter((name) => declared.has(name));
  if (refused.length > 0) {
    throw new CommandError(
      `--column: expected undeclared columns, got ${refused.join(", ")} (take them out of the declaration of ${dataset} first)`,
    );
  }
  const unknown = wanted.filter((name) => !undeclared.some((one) => one.name === name));
  if (unknown.length > 0) throw new NothingMatched(`${dataset} has no column ${unknown.join(", ")}`);
}

/** Asks the control plane, which alone changes tables. A repetition of the call does no harm. */
async function drop(
  { aws, environment }: Operator,
  dataset: string,
  columns: readonly string[],
): Promise<void> {
  const { FunctionError, Payload } = await aws.lambda.send(
    new InvokeCommand({
      FunctionName: functionName(environment, "control-plane"),
      Payload: JSON.stringify({ kind: "drop-columns", dataset, columns }),
    }),
  );
  if (FunctionError === undefined) return;
  const { errorMessage = "it does not say why" } = JSON.parse(Buffer.from(Payload ?? []).toString() || "{}");
  throw new CommandError(`control-plane: ${errorMessage}; tributary logs control-plane has more`);
}
