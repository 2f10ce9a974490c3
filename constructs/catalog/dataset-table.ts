import type { GlueCatalogDatabase } from "@cdktf/provider-aws/lib/glue-catalog-database";
import { GlueCatalogTable } from "@cdktf/provider-aws/lib/glue-catalog-table";
import type { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { Construct } from "constructs";
import type { Dataset, OutputColumn } from "../../datasets/schema/datasets";
import { OTHER_COLUMN } from "./other-column";
import { PARQUET_STORAGE, parquetParameters } from "./parquet-table";

export interface DatasetTableProps {
  readonly dataset: Dataset;
  readonly database: GlueCatalogDatabase;
  /** Bucket that holds the Parquet files under `tables/<dataset>/`. */
  readonly bucket: S3Bucket;
  readonly preventDestroy: boolean;
  /** Properties that project its partitions. @default - partitions have to be registered */
  readonly projection?: Readonly<Record<string, string>>;
}

/** Catalog table over the Parquet files of one dataset. */
export class DatasetTable extends Construct {
  readonly table: GlueCatalogTable;

  constructor(scope: Construct, id: string, props: DatasetTableProps) {
    super(scope, id);
    const { dataset } = props;
    const { partitions = [] } = dataset;
    this.table = new GlueCatalogTable(this, "table", {
      name: dataset.name,
      description: dataset.description,
      databaseName: props.database.name,
      tableType: "EXTERNAL_TABLE",
      parameters: { ...parquetParameters(dataset), ...props.projection },
      storageDescriptor: {
        ...PARQUET_STORAGE,
        location: `s3://${props.bucket.bucket}/tables/${dataset.name}/`,
        columns: tableColumns(dataset).map(column),
      },
      ...(partitions.length > 0 && {
        partitionKeys: partitions.map((partition) => column(partitionColumn(dataset, partition))),
      }),
      lifecycle: {
        preventDestroy: props.preventDestroy,
        // columns that drift adds at run time are not Terraform's to undo
        ignoreChanges: ["storage_descriptor[0].columns"],
      },
    });
  }
}

/** Columns of the table, partitions excepted. */
export function tableColumns({ undeclared, outputColumns, partitions = [] }: Dataset): OutputColumn[] {
  const own = outputColumns.filter(({ name }) => !partitions.includes(name));
  return undeclared === "keep" ? [...own, OTHER_COLUMN] : own;
}

const column = ({ name, type, comment }: OutputColumn) => ({ name, type, comment });

function partitionColumn({ name, outputColumns }: Dataset, partition: string): OutputColumn {
  const found = outputColumns.find((candidate) => candidate.name === partition);
  if (!found) throw new Error(`the dataset "${name}" has no output column "${partition}" to be a partition`);
  return found;
}
