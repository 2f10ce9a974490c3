import { GlueCatalogDatabase } from "@cdktf/provider-aws/lib/glue-catalog-database";
import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { describe, expect, test } from "@jest/globals";
import { DatasetTable } from "../../../constructs/catalog/dataset-table";
import { OTHER_COLUMN } from "../../../constructs/catalog/other-column";
import type { Dataset } from "../../../datasets/schema/datasets";
import { dataset } from "../../support/dataset";
import { resource } from "../../support/resources";
import { synthesizeConstruct } from "../../support/synthesize";

const column = (name: string, type = "string") => ({ name, type, comment: `the ${name}` });

const EVENTS = dataset({
  outputColumns: [column("month"), column("id", "bigint"), column("year"), column("note")],
  outputs: { parquet: { compression: "zstd" } },
});

function tableOf(dataset: Dataset) {
  const stack = synthesizeConstruct(
    (scope) =>
      new DatasetTable(scope, "events", {
        dataset,
        database: new GlueCatalogDatabase(scope, "database", { name: "lake" }),
        bucket: new S3Bucket(scope, "bucket", { bucket: "curated" }),
        preventDestroy: false,
      }),
  );
  return resource(stack, "aws_glue_catalog_table");
}

describe("a dataset's table", () => {
  test("has the output columns in their order, and no partition", () => {
    const table = tableOf(EVENTS);
    expect(table).toMatchObject({ storage_descriptor: { columns: [...EVENTS.outputColumns, OTHER_COLUMN] } });
    expect(table).not.toHaveProperty("partition_keys");
  });

  test("has partition columns in the order of the path, and not among the others", () => {
    expect(tableOf({ ...EVENTS, partitions: ["year", "month"] })).toMatchObject({
      partition_keys: [column("year"), column("month")],
      storage_descriptor: { columns: [column("id", "bigint"), column("note"), OTHER_COLUMN] },
    });
  });

  test("has no column of further keys where undeclared columns are dropped", () => {
    expect(tableOf({ ...EVENTS, undeclared: "drop" })).toMatchObject({
      storage_descriptor: { columns: EVENTS.outputColumns },
    });
  });

  test("refuses a partition that is no output column", () => {
    expect(() => tableOf({ ...EVENTS, partitions: ["day"] })).toThrow(
      'the dataset "events" has no output column "day" to be a partition',
    );
  });
});
