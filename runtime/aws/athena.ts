import { setTimeout as sleep } from "node:timers/promises";
import {
  type AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  StartQueryExecutionCommand,
} from "@aws-sdk/client-athena";

const POLL_MILLISECONDS = 100;
const UNDER_WAY = new Set(["QUEUED", "RUNNING"]);

/** Where queries run. */
export interface QueryPlace {
  readonly database: string;
  readonly workgroup: string;
}

/**
 * Answers a query: the first page of its rows, as texts, the names of the columns before them. A null is an empty
 * text.
 *
 * @throws Error with Athena's reason when the query does not succeed
 */
export async function query(
  athena: AthenaClient,
  { database, workgroup }: QueryPlace,
  sql: string,
): Promise<string[][]> {
  const { QueryExecutionId: id } = await athena.send(
    new StartQueryExecutionCommand({
      QueryString: sql,
      QueryExecutionContext: { Database: database },
      WorkGroup: workgroup,
    }),
  );
  await succeeded(athena, id);
  const { ResultSet } = await athena.send(new GetQueryResultsCommand({ QueryExecutionId: id }));
  return (ResultSet?.Rows ?? []).map((row) => (row.Data ?? []).map((cell) => cell.VarCharValue ?? ""));
}

async function succeeded(athena: AthenaClient, id: string | undefined): Promise<void> {
  for (;;) {
    const { QueryExecution } = await athena.send(new GetQueryExecutionCommand({ QueryExecutionId: id }));
    const state = QueryExecution?.Status?.State ?? "unknown";
    if (state === "SUCCEEDED") return;
    if (!UNDER_WAY.has(state)) {
      throw new Error(
        `athena query ${id} is ${state}: ${QueryExecution?.Status?.StateChangeReason ?? "no reason given"}`,
      );
    }
    await sleep(POLL_MILLISECONDS);
  }
}
