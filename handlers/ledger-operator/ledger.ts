import type { ClientBase } from "pg";
import type { LedgerConnection, LedgerWork } from "../../runtime/ledger/connection";

/**
 * Ledger as an operator uses it: transactions under one of two roles, which the login may assume and has no
 * rights without.
 */
export interface Ledger {
  /**
   * Runs a read-only transaction.
   *
   * @param limitMs its maximum duration: for as long it holds back the server's cleaning
   * @default 60,000
   * @throws LedgerUnreachableError when the connection broke a second time, or the time is over
   */
  read<Result>(work: LedgerWork<Result>, limitMs?: number): Promise<Result>;
  /**
   * Runs a transaction that changes something. Where its answer is lost it is not repeated, for the second
   * would report what is left, and not what was done: the caller repeats it.
   *
   * @throws LedgerUnreachableError when the connection broke: whether it was done is then unknown
   */
  write<Result>(work: LedgerWork<Result>): Promise<Result>;
}

const BEGIN = {
  read: "SET TRANSACTION READ ONLY; SET LOCAL ROLE ledger_operator; SET LOCAL timezone = 'UTC'",
  write: "SET LOCAL ROLE ledger_maintainer; SET LOCAL timezone = 'UTC'",
};
const LIMIT_MS = 60_000;

/**
 * Opens the ledger.
 *
 * @param remainingMs time left of the invocation, which limits each transaction
 */
export function ledgerOf(connection: LedgerConnection, remainingMs: () => number): Ledger {
  const within = (limitMs: number) => Math.min(limitMs, remainingMs());
  return {
    read: (work, limitMs = LIMIT_MS) => connection.repeatedly(after(BEGIN.read, work), within(limitMs)),
    write: (work) => connection.once(after(BEGIN.write, work), within(LIMIT_MS)),
  };
}

function after<Result>(begin: string, work: LedgerWork<Result>): LedgerWork<Result> {
  return async (client) => {
    await client.query(begin);
    return work(client);
  };
}

/**
 * Reads the rows of a query as JSON has them: numbers for bigint (ids and sums stay below 2^53), ISO 8601 in
 * UTC for times, names from the query's aliases.
 */
export async function rowsOf<Row>(
  client: ClientBase,
  query: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const { rows } = await client.query<{ row: Row }>(`SELECT to_json(found) AS row FROM (${query}) AS found`, [
    ...values,
  ]);
  return rows.map(({ row }) => row);
}

/**
 * Reads the one row of a query that always has one.
 *
 * @throws Error when it has none
 */
export async function rowOf<Row>(
  client: ClientBase,
  query: string,
  values: readonly unknown[] = [],
): Promise<Row> {
  const [row] = await rowsOf<Row>(client, query, values);
  if (row === undefined) throw new Error(`the ledger gave no row for ${query}`);
  return row;
}
