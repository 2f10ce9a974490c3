import { setTimeout as sleep } from "node:timers/promises";
import {
  AthenaClient,
  type AthenaClientConfig,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  StartQueryExecutionCommand,
} from "@aws-sdk/client-athena";
import { databaseName, type Environment, workgroupName } from "../../environments/schema";

const POLL_MILLISECONDS = 100;
const UNDER_WAY = new Set(["QUEUED", "RUNNING"]);

/** The answer of a query: the first row holds the column names. */
export interface QueryResult {
  readonly sql: string;
  readonly rows: readonly (readonly string[])[];
}

/** One of each pipeline's table. */
export const QUERIES = [
  "SELECT status, count(*) AS customers, sum(amount) AS amount FROM customers GROUP BY status ORDER BY status",
  "SELECT mode, count(*) AS events, count(DISTINCT source_s3_path) AS files FROM ml_events GROUP BY mode ORDER BY mode",
  "SELECT page, count(*) AS clicks, count(DISTINCT _source_file) AS files FROM clicks GROUP BY page ORDER BY page",
] as const;

/**
 * Answers a query through the environment's Athena workgroup.
 *
 * @throws Error with Athena's reason when the query does not succeed.
 */
export async function query(
  client: AthenaClientConfig,
  environment: Environment,
  sql: string,
): Promise<QueryResult> {
  const athena = new AthenaClient(client);
  const { QueryExecutionId: id } = await athena.send(
    new StartQueryExecutionCommand({
      QueryString: sql,
      QueryExecutionContext: { Database: databaseName(environment) },
      WorkGroup: workgroupName(environment),
    }),
  );
  await succeeded(athena, id);
  const { ResultSet } = await athena.send(new GetQueryResultsCommand({ QueryExecutionId: id }));
  const rows = (ResultSet?.Rows ?? []).map((row) => (row.Data ?? []).map((cell) => cell.VarCharValue ?? ""));
  return { sql, rows };
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
