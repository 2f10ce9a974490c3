import type { Dataset } from "../../datasets/schema/datasets";
import { VERSION_PARAMETER } from "../../datasets/schema/version";

/** Properties that catalog tables over Parquet files share. */

/** Readers and writers of Parquet, as Hive, Spark and Athena name them. */
export const PARQUET_STORAGE = {
  inputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
  outputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
  serDeInfo: {
    name: "parquet",
    serializationLibrary: "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
    parameters: { "serialization.format": "1" },
  },
} as const;

export function parquetParameters({ outputs, version }: Dataset): Record<string, string> {
  return {
    // Hive and Spark go by this one, not by the table type
    EXTERNAL: "TRUE",
    classification: "parquet",
    "parquet.compression": outputs.parquet.compression,
    // what the next deploy compares with
    [VERSION_PARAMETER]: version,
  };
}
