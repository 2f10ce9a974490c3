import type { GlueCatalogDatabase } from "@cdktf/provider-aws/lib/glue-catalog-database";
import { GlueCatalogTable } from "@cdktf/provider-aws/lib/glue-catalog-table";
import type { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { Construct } from "constructs";
import type { OutputColumn } from "../../datasets/schema/datasets";
import { AUDIT_FILES, AUDIT_RUNS } from "../../runtime/audit";
import { latestViewName, prestoType, viewText } from "../../runtime/manifests/latest-view";

export interface AuditTablesProps {
  readonly database: GlueCatalogDatabase;
  /** Name of the database, known before it is deployed. */
  readonly databaseName: string;
  /** Bucket that holds the audit. */
  readonly bucket: S3Bucket;
  /** Bucket that holds the dead letters. */
  readonly quarantine: S3Bucket;
  readonly pipelines: readonly string[];
  /** Days that rows are kept. */
  readonly retentionDays: number;
  readonly preventDestroy: boolean;
}

export const AUDITED_FILES = "tributary_files";
export const AUDITED_RUNS = "tributary_runs";
export const DEAD_LETTERS = "tributary_dead_letters";

const column = (name: string, type: string, comment: string): OutputColumn => ({ name, type, comment });

/** Columns of `tributary_files`, in the order in which `tributary.objects.audit` writes them. */
export const FILE_COLUMNS: readonly OutputColumn[] = [
  column("id", "string", "Digest of version and change"),
  column("source", "string", "Digest of bucket, key and version, as dead letters have it"),
  column("dataset", "string", "Dataset; null where none claims the key"),
  column("bucket", "string", "Bucket of the file"),
  column("key", "string", "Key of the file"),
  column("version", "string", "Version id of the file"),
  column("status", "string", "published, unchanged, superseded, quarantined, gone or withdrawn"),
  column("sequence", "bigint", "Orders the changes of a version: the greatest is the newest"),
  column("rows", "bigint", "Rows that were published"),
  column("dead_letters", "bigint", "Records that were rejected"),
  column("first_line", "bigint", "Line, element or row of the first of them"),
  column("first_column", "string", "Column whose value was refused there"),
  column("first_reason", "string", "Reason of it"),
  column("bytes_in", "bigint", "Size of the file in bytes, as it lies in S3"),
  column("bytes_out", "bigint", "Bytes of the outputs; of shared ones the share by rows"),
  column("uploaded_at", "timestamp", "When it was uploaded, or registered by the uploads pipeline; UTC"),
  column("changed_at", "timestamp", "When it came to the status, and its rows were visible; UTC"),
  column("seconds", "double", "Seconds of work; of a manifest or batch the share by bytes"),
  column("run", "string", "Run of the job"),
  column("unit", "string", "Manifest or batch"),
  column("outputs", "array<string>", "Addresses of the objects with its rows; * stands for any text"),
  column("reason", "string", "Why it gave no rows"),
  column("message", "string", "What was wrong with it"),
];
const PIPELINE = column("pipeline", "string", "Pipeline that took the file");
const DAY = column("day", "string", "Day of the change, yyyy-mm-dd in UTC");

const RUN_COLUMNS: readonly OutputColumn[] = [
  column("run", "string", "Id of the run"),
  column("job", "string", "Job, as the platform names it"),
  column("pipeline", "string", "Pipeline of the job"),
  column("state", "string", "State that Glue names"),
  column("attempt", "bigint", "Retries of Glue before it"),
  column("started_at", "timestamp", "When it began; UTC"),
  column("ended_at", "timestamp", "When it ended; null while it runs; UTC"),
  column("seconds", "bigint", "Seconds that it took, so far where it runs"),
  column("dpu_seconds", "double", "DPU seconds that Glue bills"),
  column("dollars", "double", "List price of them, in US dollars"),
  column("message", "string", "Error that Glue names"),
];

const LETTER_COLUMNS: readonly OutputColumn[] = [
  column("source", "string", "Digest of bucket, key and version, as tributary_files has it"),
  column("source_bucket", "string", "Bucket, in the first letter of a file in its object"),
  column("source_key", "string", "Key, in the first letter"),
  column("source_version", "string", "Version id, in the first letter"),
  column("line", "bigint", "Line, element or row in the file, from 1"),
  column("offset", "bigint", "Bytes before it, where they are known"),
  column("reason", "string", "Code of the reason"),
  column("message", "string", "The reason in words"),
  column("raw_text", "string", "The record as it came, where it is UTF-8"),
  column("raw_base64", "string", "The record as it came, where it is none"),
  column("raw_length", "bigint", "Bytes of a record that is longer than what is kept"),
];
const FOLDER = column("folder", "string", "dead-letters, or error-data-lake of the ledger pipeline");

const JSON_STORAGE = {
  inputFormat: "org.apache.hadoop.mapred.TextInputFormat",
  outputFormat: "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
  serDeInfo: { name: "json", serializationLibrary: "org.openx.data.jsonserde.JsonSerDe" },
} as const;

/** Tables of the audit: what became of each file, the runs of the jobs, dead letters, and each version's newest row. */
export class AuditTables extends Construct {
  readonly tables: readonly GlueCatalogTable[];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: AuditTablesProps,
  ) {
    super(scope, id);
    const { bucket, quarantine } = props;
    const files = this.table("files", {
      name: AUDITED_FILES,
      description: "Each change of what became of a file, by all pipelines.",
      location: `s3://${bucket.bucket}/${AUDIT_FILES}`,
      columns: FILE_COLUMNS,
      partitions: [PIPELINE, DAY],
      projection: { ...enumeration("pipeline", props.pipelines), ...this.days() },
    });
    const runs = this.table("runs", {
      name: AUDITED_RUNS,
      description: "The runs of the jobs, and what they cost.",
      location: `s3://${bucket.bucket}/${AUDIT_RUNS}`,
      columns: RUN_COLUMNS,
      partitions: [DAY],
      projection: this.days(),
    });
    const letters = this.table("dead-letters", {
      name: DEAD_LETTERS,
      description: "The rejected records of all pipelines.",
      location: `s3://${quarantine.bucket}/dead-letters/`,
      columns: LETTER_COLUMNS,
      partitions: [FOLDER],
      projection: {
        ...enumeration("folder", ["dead-letters", "error-data-lake"]),
        // two dollars, or Terraform would look for such a reference
        "storage.location.template": `s3://${quarantine.bucket}/$\${folder}/`,
      },
    });
    this.tables = [files, runs, letters, this.latest(files)];
  }

  private days(): Record<string, string> {
    return {
      "projection.day.type": "date",
      "projection.day.format": "yyyy-MM-dd",
      "projection.day.range": `NOW-${this.props.retentionDays}DAYS,NOW+1DAYS`,
      "projection.day.interval": "1",
      "projection.day.interval.unit": "DAYS",
    };
  }

  private table(
    id: string,
    table: {
      readonly name: string;
      readonly description: string;
      readonly location: string;
      readonly columns: readonly OutputColumn[];
      readonly partitions: readonly OutputColumn[];
      readonly projection: Readonly<Record<string, string>>;
    },
  ): GlueCatalogTable {
    const { name, description, location, columns, partitions, projection } = table;
    return new GlueCatalogTable(this, id, {
      name,
      description,
      databaseName: this.props.database.name,
      tableType: "EXTERNAL_TABLE",
      parameters: { EXTERNAL: "TRUE", classification: "json", "projection.enabled": "true", ...projection },
      storageDescriptor: { ...JSON_STORAGE, location, columns: [...columns] },
      partitionKeys: [...partitions],
      lifecycle: { preventDestroy: this.props.preventDestroy },
    });
  }

  private latest(files: GlueCatalogTable): GlueCatalogTable {
    const columns = [...FILE_COLUMNS, PIPELINE, DAY];
    return new GlueCatalogTable(this, "files-latest", {
      name: latestViewName(AUDITED_FILES),
      description: "What became of each version of a file: its newest change.",
      databaseName: files.databaseName,
      tableType: "VIRTUAL_VIEW",
      parameters: { presto_view: "true", comment: "Presto View" },
      viewOriginalText: viewText({
        originalSql: latestFilesSql(),
        catalog: "awsdatacatalog",
        schema: this.props.databaseName,
        columns: columns.map(({ name, type }) => ({ name, type: prestoType(type) })),
      }),
      viewExpandedText: "/* Presto View */",
      // Glue wants a format named where there is none
      storageDescriptor: { columns, serDeInfo: { name: "-", serializationLibrary: "-" } },
      lifecycle: { preventDestroy: this.props.preventDestroy },
    });
  }
}

/** Builds the query of the view `tributary_files_latest`. */
export function latestFilesSql(): string {
  const names = [...FILE_COLUMNS, PIPELINE, DAY].map(({ name }) => `"${name}"`).join(", ");
  return [
    `SELECT ${names} FROM (SELECT *, row_number() OVER (`,
    'PARTITION BY "pipeline", "bucket", "key", "version" ORDER BY "sequence" DESC, "changed_at" DESC',
    `) AS "place" FROM "${AUDITED_FILES}") AS "every" WHERE "place" = 1`,
  ].join("");
}

function enumeration(name: string, values: readonly string[]): Record<string, string> {
  return { [`projection.${name}.type`]: "enum", [`projection.${name}.values`]: values.join(",") };
}
