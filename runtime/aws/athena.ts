import { setTimeout as sleep } from "node:timers/promises";
import {
  type AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  type QueryExecution,
  StartQueryExecutionCommand,
} from "@aws-sdk/client-athena";

const FIRST_POLL_MILLISECONDS = 100;
const MOST_POLL_MILLISECONDS = 1000;
const UNDER_WAY = new Set(["QUEUED", "RUNNING"]);

/** Where queries run. */
export interface QueryPlace {
  readonly database: string;
  readonly workgroup: string;
}

/** Cells of a row as texts; undefined for a null. */
export type ResultRow = readonly (string | undefined)[];

/** Up to a thousand rows of an answer. */
export interface ResultPage {
  readonly columns: readonly string[];
  readonly rows: readonly ResultRow[];
}

export interface Waiting {
  /** Ends the waiting, and not the query. */
  readonly signal?: AbortSignal;
  /** Receives the query's state as often as it is asked for. */
  readonly watch?: (execution: QueryExecution) => void;
}

/** Starts a query and answers its id. */
export async function startQuery(
  athena: AthenaClient,
  { database, workgroup }: QueryPlace,
  sql: string,
): Promise<string> {
  const { QueryExecutionId = "" } = await athena.send(
    new StartQueryExecutionCommand({
      QueryString: sql,
      QueryExecutionContext: { Database: database },
      WorkGroup: workgroup,
    }),
  );
  return QueryExecutionId;
}

/**
 * Waits until a query is over, however it ends.
 *
 * @throws AbortError when the signal comes first
 */
export async function endOfQuery(
  athena: AthenaClient,
  id: string,
  { signal, watch }: Waiting = {},
): Promise<QueryExecution> {
  for (let wait = FIRST_POLL_MILLISECONDS; ; wait = Math.min(2 * wait, MOST_POLL_MILLISECONDS)) {
    const { QueryExecution: execution = {} } = await athena.send(
      new GetQueryExecutionCommand({ QueryExecutionId: id }),
    );
    if (!UNDER_WAY.has(execution.Status?.State ?? "")) return execution;
    watch?.(execution);
    await sleep(wait, undefined, { signal });
  }
}

/** Yields the answer of a query that succeeded, page by page; there is one page at least. */
export async function* resultPages(athena: AthenaClient, id: string): AsyncGenerator<ResultPage> {
  let token: string | undefined;
  do {
    const { ResultSet, NextToken } = await athena.send(
      new GetQueryResultsCommand({ QueryExecutionId: id, NextToken: token }),
    );
    const columns = (ResultSet?.ResultSetMetadata?.ColumnInfo ?? []).map(({ Name = "" }) => Name);
    const rows = (ResultSet?.Rows ?? []).map(({ Data = [] }) => Data.map((cell) => cell.VarCharValue));
    // the names of the columns are the first row of a SELECT, and no row of SHOW and the like
    yield { columns, rows: token === undefined && isHead(rows[0], columns) ? rows.slice(1) : rows };
    token = NextToken;
  } while (token !== undefined);
}

function isHead(row: ResultRow | undefined, columns: readonly string[]): boolean {
  return row?.length === columns.length && columns.every((name, index) => row[index] === name);
}

/**
 * Answers a query: the first page of its rows, as texts, the names of the columns before them. A null is an empty
 * text.
 *
 * @throws Error with Athena's reason when the query does not succeed
 */
export async function query(athena: AthenaClient, place: QueryPlace, sql: string): Promise<string[][]> {
  const id = await startQuery(athena, place, sql);
  const { Status: { State = "unknown", StateChangeReason = "no reason given" } = {} } = await endOfQuery(
    athena,
    id,
  );
  if (State !== "SUCCEEDED") throw new Error(`athena query ${id} is ${State}: ${StateChangeReason}`);
  for await (const { columns, rows } of resultPages(athena, id)) {
    return [columns, ...rows].map((row) => row.map((cell) => cell ?? ""));
  }
  return [];
}
