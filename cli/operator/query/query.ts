import { type QueryExecution, StopQueryExecutionCommand } from "@aws-sdk/client-athena";
import { paginateGetTables } from "@aws-sdk/client-glue";
import { databaseName, workgroupName } from "../../../environments/schema";
import { endOfQuery, resultPages, startQuery } from "../../../runtime/aws/athena";
import { costOfQuery } from "../../../runtime/prices/athena";
import { CommandError } from "../../../setup/errors";
import { afterwards, type YesOption } from "../command/applying";
import { EXIT, type ExitCode } from "../command/exit-codes";
import { warnOfOldPrices } from "../command/old-prices";
import type { Operator } from "../command/operator";
import { bytes, duration } from "../command/tables";
import { writePage } from "./pages";
import { readStatement } from "./statement";

export interface QueryOptions extends YesOption {
  readonly sql: string;
  readonly csv?: true;
}

const UNDO = "a statement of your own: Athena keeps nothing by which it could be undone";

/**
 * Asks Athena in the environment's workgroup and writes the answer page by page, then what it scanned and cost. A
 * statement that changes something is only told without `--yes`. Ctrl-C cancels the query.
 */
export async function query(operator: Operator, { sql, csv, yes = false }: QueryOptions): Promise<ExitCode> {
  const { environment, aws, terminal, signal, now } = operator;
  const { word, reads } = readStatement(sql);
  const place = { database: databaseName(environment), workgroup: workgroupName(environment) };
  if (!reads && !yes) {
    const would = `would run this ${word} in the database ${place.database}: ${sql}`;
    terminal.show({ applied: false, statement: word, ...place, sql }, `${would}\n${afterwards(false, UNDO)}`);
    return EXIT.ok;
  }
  const id = await startQuery(aws.athena, place, sql).catch((error) => {
    throw refused(error, operator);
  });
  const execution = await ended(operator, id);
  const told = toldOf(execution);
  if (execution.Status?.State !== "SUCCEEDED") {
    if (!signal.aborted) throw await failed(operator, id, execution);
    terminal.warn(`cancelled query ${id}: ${told}`);
    return EXIT.interrupted;
  }
  let count = 0;
  for await (const page of resultPages(aws.athena, id)) {
    if (signal.aborted) break;
    writePage(terminal, page, { csv, isFirst: count === 0, isTable: execution.StatementType === "DML" });
    count += page.rows.length;
  }
  terminal.warn(`${count.toLocaleString("en-US")} ${count === 1 ? "row" : "rows"}, ${told}`);
  warnOfOldPrices(terminal, now);
  if (!reads) terminal.warn(afterwards(true, UNDO));
  return reads && count === 0 ? EXIT.nothing : EXIT.ok;
}

/** Waits for the end of a query, which Ctrl-C brings about: what was scanned until then is known only behind it. */
async function ended({ aws, terminal, signal }: Operator, id: string): Promise<QueryExecution> {
  const watch = (execution: QueryExecution) =>
    terminal.progress(`query ${id} ${execution.Status?.State?.toLowerCase()}, ${toldOf(execution)}`);
  try {
    return await endOfQuery(aws.athena, id, { signal, watch });
  } catch (error) {
    if (!signal.aborted) throw error;
    await aws.athena.send(new StopQueryExecutionCommand({ QueryExecutionId: id }));
    return endOfQuery(aws.athena, id);
  }
}

function toldOf(execution: QueryExecution): string {
  const { DataScannedInBytes = 0, TotalExecutionTimeInMillis = 0 } = execution.Statistics ?? {};
  const dollars = costOfQuery(execution);
  const cost = dollars === 0 ? "free" : `$${Number(dollars.toPrecision(2))} at list price`;
  return `${bytes(DataScannedInBytes)} scanned, ${cost}, ${duration(TotalExecutionTimeInMillis / 1000)}`;
}

/** Explains that Athena did not begin a query. */
function refused(error: unknown, { environment }: Operator): unknown {
  if (!(error instanceof Error) || error.name !== "InvalidRequestException") return error;
  const next = /work ?group/i.test(error.message)
    ? `; deploy it with npm run deploy -- --environment ${environment.name}`
    : "";
  return new CommandError(`athena refused the statement: ${error.message}${next}`, { cause: error });
}

/** Explains that Athena failed or cancelled a query, with what would help. */
async function failed(operator: Operator, id: string, execution: QueryExecution): Promise<CommandError> {
  const { environment } = operator;
  const { State, StateChangeReason: reason = "no reason given" } = execution.Status ?? {};
  const what = `athena query ${id} ${State?.toLowerCase()}, ${toldOf(execution)}: ${reason}`;
  if (State === "CANCELLED") {
    const limit = `${environment.storage.queryGigabytes.toLocaleString("en-US")} GB`;
    return new CommandError(
      `${what}; a query of workgroup ${workgroupName(environment)} may scan ${limit} (storage.queryGigabytes): ` +
        "read fewer partitions or columns, or raise it and deploy",
    );
  }
  if (!/\btable\b[\s\S]* does not exist/i.test(reason)) return new CommandError(what);
  const names = await tableNames(operator);
  return new CommandError(`${what}; tables of ${databaseName(environment)}: ${names.join(", ") || "none"}`);
}

async function tableNames({ aws, environment }: Operator): Promise<string[]> {
  const names: string[] = [];
  const pages = paginateGetTables({ client: aws.glue }, { DatabaseName: databaseName(environment) });
  for await (const { TableList = [] } of pages) names.push(...TableList.map(({ Name = "" }) => Name));
  return names.toSorted();
}
