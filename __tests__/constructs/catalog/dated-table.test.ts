import { execFileSync } from "node:child_process";
import { GlueCatalogDatabase } from "@cdktf/provider-aws/lib/glue-catalog-database";
import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { describe, expect, test } from "@jest/globals";
import { DatedTable, datedTableColumns } from "../../../constructs/catalog/dated-table";
import { latestViewSql, latestViewText } from "../../../constructs/catalog/latest-view";
import { viewDefinition } from "../../../runtime/manifests/latest-view";
import { ensurePython } from "../../../setup/python";
import { dataset } from "../../support/dataset";
import { resource } from "../../support/resources";
import { synthesizeConstruct } from "../../support/synthesize";

const CLICKS = {
  ...dataset({
    name: "clicks",
    pipeline: "manifests",
    format: { kind: "ndjson" },
    outputs: { parquet: { compression: "zstd" } },
  }),
  dates: { from: "2021-02-03" },
};

const PRICE = { name: "price", type: "decimal(9,2)", comment: "Price" };

const stack = synthesizeConstruct((scope) => {
  new DatedTable(scope, "clicks", {
    dataset: CLICKS,
    database: new GlueCatalogDatabase(scope, "database", { name: "lake" }),
    databaseName: "lake",
    bucket: new S3Bucket(scope, "bucket", { bucket: "curated" }),
    preventDestroy: true,
  });
});
const COLUMNS = [
  ["_source_file", "string"],
  ["_source_version", "string"],
  ["_source_revision", "bigint"],
  ["_source_line", "bigint"],
  ["_other", "string"],
];

function columnsOf(table: Readonly<Record<string, unknown>>): string[][] {
  const { columns } = table["storage_descriptor"] as { columns: { name: string; type: string }[] };
  return columns.map(({ name, type }) => [name, type]);
}

describe("a text dataset's table", () => {
  const table = resource(stack, "aws_glue_catalog_table", "clicks_table");

  test("begins with what each row says of its origin, and leaves columns that come later alone", () => {
    expect(columnsOf(table)).toEqual(COLUMNS);
    expect(table["lifecycle"]).toEqual({
      prevent_destroy: true,
      ignore_changes: ["storage_descriptor[0].columns"],
    });
  });

  test("computes its partitions from the first date to tomorrow", () => {
    expect(table).toMatchObject({
      name: "clicks",
      table_type: "EXTERNAL_TABLE",
      partition_keys: [{ name: "date", type: "string" }],
      parameters: {
        classification: "parquet",
        "parquet.compression": "zstd",
        "projection.enabled": "true",
        "projection.date.type": "date",
        "projection.date.format": "yyyy-MM-dd",
        "projection.date.range": "2021-02-03,NOW+1DAYS",
      },
    });
    expect((table["storage_descriptor"] as { location: string }).location).toMatch(/\/tables\/clicks\/$/);
  });
});

describe("the view of the newest versions", () => {
  const view = resource(stack, "aws_glue_catalog_table", "clicks_latest");
  const definition = JSON.parse(
    Buffer.from(
      String(view["view_original_text"]).replace(/^\/\* Presto View: | \*\/$/g, ""),
      "base64",
    ).toString(),
  );

  test("is one that Athena knows, with the table's columns and its partition", () => {
    expect(view).toMatchObject({
      name: expect.stringMatching(/_latest$/),
      table_type: "VIRTUAL_VIEW",
      parameters: { presto_view: "true" },
      view_expanded_text: "/* Presto View */",
    });
    expect(columnsOf(view)).toEqual([...COLUMNS, ["date", "string"]]);
    expect(definition).toEqual({
      originalSql: latestViewSql("clicks"),
      catalog: "awsdatacatalog",
      schema: "lake",
      columns: [...COLUMNS, ["date", "string"]].map(([name, type]) => ({
        name,
        type: type === "string" ? "varchar" : type,
      })),
    });
  });

  test("is left alone when the control plane adds a column", () => {
    expect(view["lifecycle"]).toEqual({
      prevent_destroy: true,
      ignore_changes: ["storage_descriptor[0].columns", "view_original_text"],
    });
  });

  test.each([
    ["decimal(9,2)", "decimal(9,2)"],
    ["timestamp", "timestamp(3)"],
    ["array<struct<string:int,at:timestamp>>", "array(row(string integer,at timestamp(3)))"],
  ])("names the type %s as Presto does", (type, named) => {
    expect(viewDefinition(latestViewText("lake", "clicks", [{ name: "price", type }]))).toMatchObject({
      columns: [{ name: "price", type: named }],
    });
  });

  test("has the declared columns behind those of the origin, and none of further keys where these are dropped", () => {
    const columns = datedTableColumns({ ...CLICKS, undeclared: "drop", outputColumns: [PRICE] });
    expect(columns.slice(3)).toEqual([expect.objectContaining({ name: "_source_line" }), PRICE]);
  });

  test("shows the rows of each file's greatest revision, date by date, with every column once", async () => {
    const { python } = await ensurePython("run", () => {});
    const program = `
import duckdb, sys
duckdb.sql("""create table clicks as select * from (values
  ('a', 'v1', 1, 1, 'old',   '2026-02-03'),
  ('a', 'v2', 2, 1, 'new',   '2026-02-03'),
  ('a', 'v2', 2, 2, 'new',   '2026-02-03'),
  ('b', 'v1', 1, 1, 'only',  '2026-02-03'),
  ('a', 'v9', 1, 1, 'other', '2026-02-04')
) as t(_source_file, _source_version, _source_revision, _source_line, page, "date")""")
found = duckdb.sql(sys.argv[1] + ' order by "date", _source_file, _source_line')
print(found.columns)
for row in found.fetchall(): print(*row)
`;
    const output = execFileSync(python, ["-c", program, latestViewSql("clicks")], { encoding: "utf8" });
    expect(output.trimEnd().split("\n")).toEqual([
      "['_source_file', '_source_version', '_source_revision', '_source_line', 'page', 'date']",
      "a v2 2 1 new 2026-02-03",
      "a v2 2 2 new 2026-02-03",
      "b v1 1 1 only 2026-02-03",
      "a v9 1 1 other 2026-02-04",
    ]);
  });
});
