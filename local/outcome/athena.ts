import { AthenaClient, type AthenaClientConfig } from "@aws-sdk/client-athena";
import { databaseName, type Environment, workgroupName } from "../../environments/schema";
import { query as ask } from "../../runtime/aws/athena";

/** The answer of a query: the first row holds the column names. */
export interface QueryResult {
  readonly sql: string;
  readonly rows: readonly (readonly string[])[];
}

/** A query without an answer, and why. */
export interface FailedQuery {
  readonly sql: string;
  readonly failure: string;
}

/** Queries of the tables of datasets that have samples. */
const SAMPLE_QUERIES: Readonly<Record<string, string>> = {
  customers:
    "SELECT status, count(*) AS customers, sum(amount) AS amount FROM customers GROUP BY status ORDER BY status",
  ml_events:
    "SELECT mode, count(*) AS events, count(DISTINCT source_s3_path) AS files FROM ml_events GROUP BY mode ORDER BY mode",
  clicks:
    "SELECT page, count(*) AS clicks, count(DISTINCT _source_file) AS files FROM clicks GROUP BY page ORDER BY page",
};

/** Returns the queries that show what came of these datasets. */
export function queriesOf(datasets: readonly string[]): string[] {
  return Object.entries(SAMPLE_QUERIES).flatMap(([name, sql]) => (datasets.includes(name) ? [sql] : []));
}

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

/** Answers a query, or says why it has no answer: what became of the rows is shown all the same. */
export async function tryQuery(
  client: AthenaClientConfig,
  environment: Environment,
  sql: string,
): Promise<QueryResult | FailedQuery> {
  return query(client, environment, sql).catch((error: Error) => ({ sql, failure: error.message }));
}
