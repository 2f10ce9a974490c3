"""The reference's batch in Spark local mode, from disk to disk, once cold and once warm; prints JSON."""

import argparse
import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import col, dayofmonth, input_file_name, month, year
from pyspark.sql.types import StringType, TimestampType

from bench.ndjson_engines import SPARK_CONFIGURATION
from tributary.running.memory import peak_bytes

_CORES = 2
_CORRUPT = "_corrupt_record"


def main() -> int:
    """Run the reference's steps twice over copies of the files."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    options = parser.parse_args()
    copies = [shutil.copytree(options.files, options.work / f"raw-{run}") for run in range(2)]
    began = time.perf_counter()
    session = SparkSession.builder.master(f"local[{_CORES}]").config(map=SPARK_CONFIGURATION).getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    gateway: Any = session.sparkContext._gateway
    java: int = gateway.proc.pid
    found = []
    for copy in copies:
        took = batch(session, copy, options.work)
        found.append(took)
        if len(found) == 1:
            took["seconds"] = time.perf_counter() - began
    print(json.dumps({"cold": found[0], "warm": found[1], "peak_bytes": peak_bytes(java) + peak_bytes()}))
    return 0


def batch(session: SparkSession, raw: Path, work: Path) -> dict[str, float]:
    """The steps of the reference over the files of a folder; seconds of each, and rows written."""
    output, processed = work / f"{raw.name}-parquet", work / f"{raw.name}-processed"
    began = time.perf_counter()
    files = [str(path) for path in sorted(raw.iterdir())]
    reader = session.read.option("mode", "PERMISSIVE").option("columnNameOfCorruptRecord", _CORRUPT)
    # Cached, or Spark refuses to look at the broken records alone.
    frame = reader.json(files).withColumn("source_s3_path", input_file_name()).cache()
    if _CORRUPT in frame.columns:
        broken, good = frame.filter(col(_CORRUPT).isNotNull()), frame.filter(col(_CORRUPT).isNull())
        if broken.count():
            broken.write.mode("append").json(str(work / "broken"))
        frame = good.drop(_CORRUPT)
    rows = frame.count()
    read = time.perf_counter()
    transformed = transform(frame)
    transformed.write.mode("append").partitionBy("year", "month", "day", "mode").parquet(str(output))
    written = time.perf_counter()
    processed.mkdir()
    for [path] in transformed.select("source_s3_path").distinct().collect():
        source = Path(path.removeprefix("file://"))
        source.rename(processed / source.name)
    frame.unpersist()
    moved = time.perf_counter()
    return {
        "seconds": moved - began,
        "read": read - began,
        "write": written - read,
        "move": moved - written,
        "rows": rows,
    }


def transform(frame: DataFrame) -> DataFrame:
    """The reference's columns; those of the top level that it names twice are left out the second time."""
    moment = col("event_timestamp").cast(TimestampType())
    return frame.select(
        col("id").cast(StringType()).alias("record_id"),
        moment.alias("event_time_utc"),
        col("MODE").cast(StringType()).alias("ml_mode"),
        col("metadata.app_version").alias("app_version"),
        col("metadata.user_agent").alias("user_agent"),
        col("payload.transaction_id").alias("transaction_id"),
        col("payload.items").alias("transaction_items"),
        "*",
    ).select("*", year(moment).alias("year"), month(moment).alias("month"), dayofmonth(moment).alias("day"))


if __name__ == "__main__":
    sys.exit(main())
