import type { GlueCatalogDatabase } from "@cdktf/provider-aws/lib/glue-catalog-database";
import { GlueCatalogTable } from "@cdktf/provider-aws/lib/glue-catalog-table";
import type { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { Construct } from "constructs";
import { latestViewName } from "../../runtime/manifests/latest-view";
import { type DatasetColumn, OTHER_COLUMN, type TextDataset } from "./dataset";
import { latestViewText } from "./latest-view";
import { PARQUET_STORAGE, parquetParameters } from "./parquet-table";

export interface TextDatasetTableProps {
  readonly dataset: TextDataset;
  readonly database: GlueCatalogDatabase;
  /** Name of the database, known before it is deployed. */
  readonly databaseName: string;
  /** Bucket that holds the Parquet files under `tables/<dataset>/date=<yyyy-mm-dd>/`. */
  readonly bucket: S3Bucket;
  readonly preventDestroy: boolean;
}

/** Columns about the origin of a row, and the one of further keys; the keys of the lines follow at run time. */
export const TEXT_TABLE_COLUMNS: readonly DatasetColumn[] = [
  { name: "_source_file", type: "string", comment: "Key of the source object" },
  { name: "_source_version", type: "string", comment: "Version id of the source object" },
  {
    name: "_source_revision",
    type: "bigint",
    comment: "Rises with each published version of the file: the greatest is the newest",
  },
  { name: "_source_line", type: "bigint", comment: "Number of the line in the file, from 1" },
  OTHER_COLUMN,
];

const DATE: DatasetColumn = { name: "date", type: "string", comment: "Date in the file's name, yyyy-mm-dd" };

/** Catalog table over the Parquet files of a text dataset, and a view of each file's newest version. */
export class TextDatasetTable extends Construct {
  /** The table and its view. */
  readonly tables: readonly GlueCatalogTable[];

  constructor(scope: Construct, id: string, props: TextDatasetTableProps) {
    super(scope, id);
    const table = this.table(props);
    this.tables = [table, this.view(props, table)];
  }

  private table({ dataset, database, bucket, preventDestroy }: TextDatasetTableProps): GlueCatalogTable {
    return new GlueCatalogTable(this, "table", {
      name: dataset.name,
      description: dataset.description,
      databaseName: database.name,
      tableType: "EXTERNAL_TABLE",
      parameters: { ...parquetParameters(dataset.outputs.parquet.compression), ...projection(dataset) },
      storageDescriptor: {
        ...PARQUET_STORAGE,
        location: `s3://${bucket.bucket}/tables/${dataset.name}/`,
        columns: [...TEXT_TABLE_COLUMNS],
      },
      partitionKeys: [DATE],
      lifecycle: {
        preventDestroy,
        // the control plane adds a column for each new key
        ignoreChanges: ["storage_descriptor[0].columns"],
      },
    });
  }

  private view(props: TextDatasetTableProps, table: GlueCatalogTable): GlueCatalogTable {
    const columns = [...TEXT_TABLE_COLUMNS, DATE];
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

/** Builds the properties that project dates: without a crawler, a new one exists with its first file. */
function projection({ dates }: TextDataset): Record<string, string> {
  return {
    "projection.enabled": "true",
    "projection.date.type": "date",
    "projection.date.format": "yyyy-MM-dd",
    "projection.date.range": `${dates.from},NOW+1DAYS`,
    "projection.date.interval": "1",
    "projection.date.interval.unit": "DAYS",
  };
}
