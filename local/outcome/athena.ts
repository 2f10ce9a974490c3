import { AthenaClient, type AthenaClientConfig } from "@aws-sdk/client-athena";
import { databaseName, type Environment, workgroupName } from "../../environments/schema";
import { query as ask } from "../../runtime/aws/athena";

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
  const place = { database: databaseName(environment), workgroup: workgroupName(environment) };
  return { sql, rows: await ask(new AthenaClient(client), place, sql) };
}
