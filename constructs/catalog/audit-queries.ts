import { AthenaNamedQuery } from "@cdktf/provider-aws/lib/athena-named-query";
import type { AthenaWorkgroup } from "@cdktf/provider-aws/lib/athena-workgroup";
import type { GlueCatalogDatabase } from "@cdktf/provider-aws/lib/glue-catalog-database";
import { Construct } from "constructs";

export interface AuditQueriesProps {
  readonly database: GlueCatalogDatabase;
  readonly workgroup: AthenaWorkgroup;
}

export interface AuditQuery {
  /** Id of the construct. */
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly sql: string;
}

/** Queries for what people ask of the audit. */
export const AUDIT_QUERIES: readonly AuditQuery[] = [
  {
    id: "came-yesterday",
    name: "what came yesterday",
    description: "Files, rows and dead letters by dataset, and the longest time from upload to visible rows.",
    sql: `SELECT pipeline, dataset, status, count(*) AS files, sum("rows") AS "rows",
  sum(dead_letters) AS dead_letters, sum(bytes_in) AS bytes_in,
  max(date_diff('second', uploaded_at, changed_at)) AS longest_seconds
FROM tributary_files
WHERE "day" = CAST(current_date - INTERVAL '1' DAY AS varchar)
GROUP BY pipeline, dataset, status
ORDER BY pipeline, dataset, status`,
  },
  {
    id: "senders-break",
    name: "which senders break",
    description:
      "Folders whose files of seven days were quarantined or had dead letters, the most files first.",
    sql: `SELECT dataset, regexp_replace("key", '[^/]*$', '') AS folder, coalesce(reason, first_reason) AS reason,
  first_column, count(*) AS files, sum(dead_letters) AS dead_letters, max("key") AS example
FROM tributary_files_latest
WHERE "day" >= CAST(current_date - INTERVAL '7' DAY AS varchar)
  AND (status = 'quarantined' OR (status = 'published' AND dead_letters > 0))
GROUP BY dataset, regexp_replace("key", '[^/]*$', ''), coalesce(reason, first_reason), first_column
ORDER BY files DESC, dataset, folder, reason
LIMIT 100`,
  },
  {
    id: "cost-by-dataset",
    name: "what did it cost by dataset",
    description:
      "The runs of thirty days at list price, shared by the seconds of work on each dataset's files.",
    sql: `WITH took AS (
  SELECT run, dataset, sum(seconds) AS seconds, sum(bytes_in) AS bytes_in, count(*) AS files
  FROM tributary_files
  WHERE "day" >= CAST(current_date - INTERVAL '30' DAY AS varchar) AND seconds IS NOT NULL
  GROUP BY run, dataset
), whole AS (SELECT run, sum(seconds) AS all_seconds FROM took GROUP BY run)
SELECT runs.pipeline, took.dataset, sum(took.files) AS files, sum(took.bytes_in) AS bytes_in,
  sum(took.seconds) AS seconds, sum(runs.dollars * took.seconds / nullif(whole.all_seconds, 0)) AS dollars
FROM took
JOIN whole ON whole.run = took.run
JOIN tributary_runs AS runs ON runs.run = took.run
GROUP BY runs.pipeline, took.dataset
ORDER BY dollars DESC`,
  },
];

/** Saves the queries in the workgroup, where Athena's console shows them. */
export class AuditQueries extends Construct {
  constructor(scope: Construct, id: string, { database, workgroup }: AuditQueriesProps) {
    super(scope, id);
    for (const { id: query, name, description, sql } of AUDIT_QUERIES) {
      new AthenaNamedQuery(this, query, {
        name,
        description,
        database: database.name,
        workgroup: workgroup.name,
        query: sql,
      });
    }
  }
}
