import type { GlueCatalogDatabase } from "@cdktf/provider-aws/lib/glue-catalog-database";
import { GlueCatalogTable } from "@cdktf/provider-aws/lib/glue-catalog-table";
import type { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { Construct } from "constructs";
import type { DatedDataset, OutputColumn } from "../../datasets/schema/datasets";
import { latestViewName } from "../../runtime/manifests/latest-view";
import { latestViewText } from "./latest-view";
import { OTHER_COLUMN } from "./other-column";
import { PARQUET_STORAGE, parquetParameters } from "./parquet-table";

export interface DatedTableProps {
  readonly dataset: DatedDataset;
  readonly database: GlueCatalogDatabase;
  /** Name of the database, known before it is deployed. */
  readonly databaseName: string;
  /** Bucket that holds the Parquet files under `tables/<dataset>/date=<yyyy-mm-dd>/`. */
  readonly bucket: S3Bucket;
  readonly preventDestroy: boolean;
}

/** Columns about the origin of a row. */
const ORIGIN: readonly OutputColumn[] = [
  { name: "_source_file", type: "string", comment: "Key of the source object" },
  { name: "_source_version", type: "string", comment: "Version id of the source object" },
  {
    name: "_source_revision",
    type: "bigint",
    comment: "Rises with each published version of the file: the greatest is the newest",
  },
  { name: "_source_line", type: "bigint", comment: "Number of the line in the file, from 1" },
];

const DATE: OutputColumn = { name: "date", type: "string", comment: "Date in the file's name, yyyy-mm-dd" };

/** Catalog table over the Parquet files of a dataset whose files are dated, and a view of each one's newest version. */
export class DatedTable extends Construct {
  /** The table and its view. */
  readonly tables: readonly GlueCatalogTable[];

  constructor(scope: Construct, id: string, props: DatedTableProps) {
    super(scope, id);
    const table = this.table(props);
    this.tables = [table, this.view(props, table)];
  }

  private table({ dataset, database, bucket, preventDestroy }: DatedTableProps): GlueCatalogTable {
    return new GlueCatalogTable(this, "table", {
      name: dataset.name,
      description: dataset.description,
      databaseName: database.name,
      tableType: "EXTERNAL_TABLE",
      parameters: { ...parquetParameters(dataset), ...projection(dataset) },
      storageDescriptor: {
        ...PARQUET_STORAGE,
        location: `s3://${bucket.bucket}/tables/${dataset.name}/`,
        columns: datedTableColumns(dataset),
      },
      partitionKeys: [DATE],
      lifecycle: {
        preventDestroy,
        // the control plane adds a column for each new key
        ignoreChanges: ["storage_descriptor[0].columns"],
      },
    });
  }

  private view(props: DatedTableProps, table: GlueCatalogTable): GlueCatalogTable {
    const columns = [...datedTableColumns(props.dataset), DATE];
    return new GlueCatalogTable(this, "latest", {
      name: latestViewName(table.name),
      description: `The newest version of each file of ${props.dataset.name}.`,
      databaseName: props.database.name,
      tableType: "VIRTUAL_VIEW",
      parameters: { presto_view: "true", comment: "Presto View" },
      viewOriginalText: latestViewText(props.databaseName, props.dataset.name, columns),
      viewExpandedText: "/* Presto View */",
      // Glue wants a format named where there is none
      storageDescriptor: { columns, serDeInfo: { name: "-", serializationLibrary: "-" } },
      lifecycle: {
        preventDestroy: props.preventDestroy,
        // it names the table's columns, which the control plane adds to
        ignoreChanges: ["storage_descriptor[0].columns", "view_original_text"],
      },
    });
  }
}

/** Columns of the table, the date excepted; of a text dataset the keys of the lines follow at run time. */
export function datedTableColumns({ outputColumns, undeclared }: DatedDataset): OutputColumn[] {
  return [...ORIGIN, ...outputColumns, ...(undeclared === "keep" ? [OTHER_COLUMN] : [])];
}

/** Builds the properties that project dates: without a crawler, a new one exists with its first file. */
function projection({ dates }: DatedDataset): Record<string, string> {
  return {
    "projection.enabled": "true",
    "projection.date.type": "date",
    "projection.date.format": "yyyy-MM-dd",
    "projection.date.range": `${dates.from},NOW+1DAYS`,
    "projection.date.interval": "1",
    "projection.date.interval.unit": "DAYS",
  };
}
