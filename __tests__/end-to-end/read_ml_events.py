"""Reads all Parquet objects of the table ml_events under its declared schema, by DuckDB and by Spark.

The argument is a folder with the table's partitions. The last line of standard output is JSON: of each engine the
declared columns with their types, and figures over all rows.
"""

import json
import sys
from pathlib import Path

import duckdb
from pyspark.sql import SparkSession

DATASETS = Path(__file__).parents[2] / "datasets"
COLUMNS = json.loads((DATASETS / "ml_events" / "dataset.json").read_text())["outputColumns"]
FIGURES = """
  SELECT count(*) AS events, count(DISTINCT record_id) AS ids, count(DISTINCT source_s3_path) AS files,
    CAST(sum({items}) AS bigint) AS items, CAST(max({price}) AS {string}) AS price,
    count(DISTINCT year || month || day || mode) AS partitions,
    CAST(max({epoch}) AS bigint) AS newest
  FROM ml_events
"""


def by_duckdb(folder: Path) -> dict[str, object]:
    """Figures by DuckDB; an object whose column has another type than that of the others is an error."""
    connection = duckdb.connect()
    connection.sql(
        f"""CREATE VIEW ml_events AS SELECT {", ".join(column["name"] for column in COLUMNS)}
        FROM read_parquet('{folder}/**/*.parquet', hive_partitioning = true, hive_types_autocast = false)"""
    )
    sql = FIGURES.format(
        items="len(transaction_items)",
        price="transaction_items[1].price",
        string="varchar",
        epoch="epoch(event_time_utc)",
    )
    found = connection.sql(sql)
    return dict(zip(found.columns, found.fetchall()[0], strict=True))


def by_spark(folder: Path) -> dict[str, object]:
    """Figures by Spark; an object whose column has another type than the declared one is an error."""
    builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    spark = builder.config("spark.sql.shuffle.partitions", "1").getOrCreate()
    schema = ", ".join(f"{column['name']} {column['type']}" for column in COLUMNS)
    spark.conf.set("spark.sql.sources.partitionColumnTypeInference.enabled", "false")
    spark.read.schema(schema).parquet(str(folder)).createOrReplaceTempView("ml_events")
    sql = FIGURES.format(
        items="size(transaction_items)",
        price="transaction_items[0].price",
        string="string",
        epoch="unix_timestamp(event_time_utc)",
    )
    return spark.sql(sql).first().asDict()


if __name__ == "__main__":
    root = Path(sys.argv[1])
    figures = {"duckdb": by_duckdb(root), "spark": by_spark(root)}
    print(json.dumps(figures))
