"""`npm run bench -- csv`: the customers kernel against the same transform as plain Spark SQL, in one run.

Every engine runs in a process of its own, bound to one core where the system can do that, over the same
generated file in the page cache; its time is the best of the runs. The rate is by seconds of CPU, all threads
of the process counted, so that what else the machine does matters little. Spark runs in local mode, warmed
by one run before; it does not sort its output by line, as ours is, which is in its favour.
"""

# ruff: noqa: S608 (the SQL is made of our own patterns and names)

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from bench.measuring import bind, cpu_seconds, machine, measured_on, positive, significant, table, versions
from tributary.conversion.upload import process_file
from tributary.datasets import load_dataset
from tributary.kernels.source import Source
from tributary.kernels.transform.functions import AMOUNT, EMAIL
from tributary.running.memory import peak_bytes

DATE_FORMATS = ("%d-%m-%Y", "%Y-%m-%d")
KEY = "input/customers/bench.csv"
PROCESSED = datetime(2026, 1, 31, 12, tzinfo=UTC)
BIG_MEGABYTES = 1100


def main() -> int:
    """Run the bench, or one engine of it in a child process."""
    options = parser().parse_args()
    if options.engine:
        print(json.dumps(ENGINES[options.engine](Path(options.file), Path(options.output), options.runs)))
        return 0
    with tempfile.TemporaryDirectory(prefix="tributary-bench-") as folder:
        report = bench(Path(folder), options)
    print(json.dumps(report, indent=2) if options.json else shown(report))
    return 0 if report["rowsAgree"] else 1


def parser() -> argparse.ArgumentParser:
    """The command line; `--engine` and what follows it are for the child processes alone."""
    result = argparse.ArgumentParser(
        prog="npm run bench -- csv",
        description="MB/s on one core and peak memory of the customers kernel beside plain Spark SQL.",
    )
    result.add_argument(
        "--rows", type=positive, default=1_000_000, metavar="N", help="rows (default 1000000)"
    )
    result.add_argument(
        "--runs", type=positive, default=3, metavar="N", help="runs, the best counts (default 3)"
    )
    result.add_argument(
        "--big",
        type=positive,
        nargs="?",
        const=BIG_MEGABYTES,
        metavar="MB",
        help=f"add a file of MB megabytes or more (default {BIG_MEGABYTES}), our kernel only",
    )
    result.add_argument("--json", action="store_true", help="print JSON instead of a table")
    for hidden in ("--engine", "--file", "--output"):
        result.add_argument(hidden, help=argparse.SUPPRESS)
    return result


def bench(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Generate the files, measure each engine, compare the rows."""
    one, four = folder / "one.csv", folder / "four.csv"
    generate(one, options.rows)
    repeat(one, four, 4)
    measure = Measure(folder, options.runs)
    rows = [
        measure("parquet", "tributary", one, options.rows),
        measure("parquet-and-csv", "tributary, CSV in addition", one, options.rows),
        measure("parquet", "tributary, four times the rows", four, options.rows * 4),
    ]
    if options.big:
        big = folder / "big.csv"
        times = -(-options.big * 10**6 // one.stat().st_size)
        repeat(one, big, times)
        rows.append(measure("parquet", "tributary, a big file", big, options.rows * times, runs=1))
    rows.append(measure("spark", "Spark SQL local[1], warm", one, options.rows))
    spark = rows[-1]
    for row in rows:
        row["timesSpark"] = round(row["megabytesPerCpuSecond"] / spark["megabytesPerCpuSecond"], 2)
    for row in rows:
        row["megabytesPerCpuSecond"] = significant(row["megabytesPerCpuSecond"])
    return {
        "bench": "csv",
        "machine": machine(),
        "versions": versions("duckdb", "pyarrow", "pyspark"),
        "sample": {
            "rows": options.rows,
            "megabytes": round(one.stat().st_size / 1e6, 1),
            "runs": options.runs,
        },
        "rowsAgree": fingerprint(folder / "spark") == fingerprint(folder / "parquet-one"),
        "rows": rows,
    }


class Measure:
    """Runs an engine in a child process over a file."""

    def __init__(self, folder: Path, runs: int) -> None:
        self._folder = folder
        self._runs = runs

    def __call__(
        self, engine: str, name: str, file: Path, rows: int, runs: int | None = None
    ) -> dict[str, Any]:
        """A row of the table; MB are 10^6 bytes."""
        output = self._folder / ("spark" if engine == "spark" else f"{engine}-{file.stem}")
        words = [
            "--engine",
            engine,
            "--file",
            str(file),
            "--output",
            str(output),
            "--runs",
            str(runs or self._runs),
        ]
        print(f"{name}: {rows} rows", file=sys.stderr)
        child = subprocess.run(  # noqa: S603 (this very program)
            [sys.executable, "-m", "bench.csv_kernel", *words], capture_output=True, text=True, check=False
        )
        if child.returncode != 0:
            raise RuntimeError(f"the engine {engine} failed:\n{child.stderr}")
        found = json.loads(child.stdout.splitlines()[-1])
        megabytes = file.stat().st_size / 1e6
        return {
            "engine": name,
            "rows": rows,
            "megabytes": round(megabytes, 1),
            "seconds": round(found["seconds"], 2),
            "cpuSeconds": round(found["cpuSeconds"], 2),
            "megabytesPerCpuSecond": megabytes / found["cpuSeconds"],
            "peakMegabytes": round(found["peakBytes"] / 1e6),
        }


def best(runs: int, run: Callable[[], None], cpu: Callable[[], float]) -> dict[str, float]:
    """Seconds by the clock of the fastest of the runs, and the least seconds of CPU that one took."""
    seconds, cpu_took = [], []
    for _ in range(runs):
        began, cpu_began = time.perf_counter(), cpu()
        run()
        seconds.append(time.perf_counter() - began)
        cpu_took.append(cpu() - cpu_began)
    return {"seconds": min(seconds), "cpuSeconds": min(cpu_took)}


def ours(file: Path, output: Path, runs: int, *, csv: bool) -> dict[str, float]:
    """Our kernel: bytes of the file to Parquet on disk, and CSV where asked for."""
    bind(1)
    output.mkdir()
    customers = load_dataset("customers")
    dataset = replace(customers, outputs=replace(customers.outputs, csv=csv))

    def run() -> None:
        result = process_file(
            dataset,
            Source("bench", KEY, "1"),
            chunks(file),
            processing_date=PROCESSED,
            date_formats=DATE_FORMATS,
            work=output,
        )
        if result.rejected_count or result.whole_file_reason:
            raise RuntimeError(f"the generated file is not clean: {result}")

    found = best(runs, run, time.process_time)
    return found | {"peakBytes": peak_bytes()}


def chunks(file: Path) -> Iterator[bytes]:
    """The file in pieces of 8 MiB, as the job reads objects."""
    with file.open("rb") as stream:
        while chunk := stream.read(8 << 20):
            yield chunk


def spark(file: Path, output: Path, runs: int) -> dict[str, float]:
    """Measure the transform as one Spark SQL statement."""
    from pyspark.sql import SparkSession  # noqa: PLC0415 (only this child process needs Spark)

    bind(1)
    session = (
        SparkSession.builder.master("local[1]")
        .config("spark.driver.memory", "4g")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.authenticate", "true")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.sql.files.maxPartitionBytes", str(1 << 40))
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.legacy.timeParserPolicy", "CORRECTED")
        .config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    names = [column.name for column in load_dataset("customers").columns]

    def run() -> None:
        frame = session.read.option("header", "true").schema(", ".join(f"{name} string" for name in names))
        frame.csv(str(file)).createOrReplaceTempView("input")
        session.sql(SPARK_SQL).write.mode("overwrite").parquet(str(output))

    gateway: Any = session.sparkContext._gateway
    java: int = gateway.proc.pid
    run()
    found = best(runs, run, lambda: cpu_seconds(java))
    return found | {"peakBytes": peak_bytes(java)}


def java(pattern: str) -> str:
    """A pattern as the text of a raw Spark SQL literal, whole match."""
    return 'r"^(?:' + pattern.replace('"', r"\x22") + ')$"'


SPARK_SQL = f"""
WITH parsed AS (
  SELECT
    monotonically_increasing_id() AS line,
    id,
    nullif(CASE
      WHEN name RLIKE r"[^A-Za-z ]"
      THEN array_join(transform(
        regexp_extract_all(
          lower(trim(name)), r"([\\p{{L}}\\p{{M}}\\p{{N}}]+|[^\\p{{L}}\\p{{M}}\\p{{N}}]+)", 1),
        word -> concat(upper(left(word, 1)), substr(word, 2))), '')
      ELSE initcap(trim(name)) END, '') AS name,
    email,
    coalesce(email RLIKE {java(EMAIL)} AND length(email) <= 254 AND instr(email, '@') <= 65, false)
      AS email_valid,
    nullif(trim(date), '') AS date_text,
    coalesce(to_date(trim(date), 'd-M-yyyy'), to_date(trim(date), 'yyyy-M-d')) AS date,
    nullif(trim(amount), '') AS amount_text,
    CASE
      WHEN trim(amount) RLIKE r"^-?\\d{{1,14}}(?:\\.\\d{{1,4}})?$" THEN CAST(trim(amount) AS DECIMAL(18,4))
      WHEN trim(amount) RLIKE {java(AMOUNT)}
      THEN CAST(concat(CASE WHEN amount RLIKE r"[(\\-\\x{{2212}}]" THEN '-' ELSE '' END,
        regexp_replace(amount, r"[^0-9.]", '')) AS DECIMAL(18,4)) END AS amount,
    nullif(lower(trim(status)), '') AS status
  FROM input
)
SELECT
  id, name, email, email_valid, date, amount,
  CASE WHEN amount < 100 THEN 'low' WHEN amount < 200 THEN 'medium' WHEN amount >= 200 THEN 'high' END
    AS amount_category,
  status,
  CAST(sum(amount) OVER (
    PARTITION BY status ORDER BY date NULLS LAST, line ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  ) AS DECIMAL(38,4)) AS running_total_by_status,
  nullif(concat_ws('; ',
    CASE WHEN coalesce(id, '') = '' THEN 'missing id' END,
    CASE WHEN name IS NULL THEN 'missing name' END,
    CASE WHEN coalesce(email, '') = '' THEN 'missing email' WHEN NOT email_valid THEN 'invalid email' END,
    CASE WHEN date_text IS NULL THEN 'missing date' WHEN date IS NULL THEN 'invalid date' END,
    CASE WHEN amount_text IS NULL THEN 'missing amount' WHEN amount IS NULL THEN 'invalid amount' END,
    CASE WHEN status IS NULL THEN 'missing status' END
  ), '') AS data_quality_issues,
  TIMESTAMP '2026-01-31 12:00:00' AS processing_date,
  '{KEY}' AS source_file
FROM parsed
"""

ENGINES: dict[str, Callable[[Path, Path, int], dict[str, float]]] = {
    "parquet": lambda file, output, runs: ours(file, output, runs, csv=False),
    "parquet-and-csv": lambda file, output, runs: ours(file, output, runs, csv=True),
    "spark": spark,
}

FIRST = [
    "john",
    "jane",
    "robert",
    "emily",
    "michael",
    "sarah",
    "david",
    "lisa",
    "james",
    "jennifer",
    "jean-luc",
    "mary-ann",
    "siobhan",
    "wei",
]
LAST = [
    "doe",
    "smith",
    "johnson",
    "davis",
    "brown",
    "wilson",
    "miller",
    "taylor",
    "anderson",
    "o'brien",
    "garcia",
    "nguyen",
    "kowalski",
]
STATUS = ("active", "pending", "inactive", "Active", " PENDING")


def generate(path: Path, rows: int) -> None:
    """Rows like those of the samples: 1 % bad e-mails, 1 % bad dates, 3 % amounts in other notations."""
    chance = random.Random(20250401)  # noqa: S311 (sample data)
    with path.open("w", encoding="utf-8") as file:
        file.write("id,name,email,date,amount,status\n")
        for number in range(1, rows + 1):
            first, last = chance.choice(FIRST), chance.choice(LAST)
            kind = chance.random()
            email = f"{first}.{last}{number}@example.com" if kind > 0.01 else f"{first} at example"
            day, month = chance.randrange(1, 29), chance.randrange(1, 13)
            date = f"{day:02d}-{month:02d}-{chance.randrange(2020, 2026)}" if kind < 0.99 else "31-02-2025"
            amount = f"{chance.randrange(1, 40_000) / 100:.2f}"
            if 0.5 < kind < 0.51:
                amount = f'"$1,{chance.randrange(100, 1000)}.50"'
            elif 0.51 < kind < 0.53:
                amount = f"({amount})"
            file.write(f"{number},{first} {last},{email},{date},{amount},{chance.choice(STATUS)}\n")


def repeat(source: Path, target: Path, times: int) -> None:
    """The rows of a file several times over under one header."""
    header, body = source.read_bytes().split(b"\n", 1)
    with target.open("wb") as file:
        file.write(header + b"\n")
        for _ in range(times):
            file.write(body)


def fingerprint(folder: Path) -> tuple[Any, ...]:
    """The number of rows of Parquet files and a sum over them that no order changes."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        found = connection.execute(
            f"SELECT count(*), sum(hash(rows)::HUGEINT) FROM '{folder}/*.parquet' AS rows"
        ).fetchone()
    return found or ()


def shown(report: dict[str, Any]) -> str:
    """The report as one table with a line on what it was measured on."""
    heads = ["engine", "rows", "MB", "s", "CPU s", "MB/s a core", "peak MB", "times Spark"]
    lines = table(heads, [[str(value) for value in row.values()] for row in report["rows"]])
    lines.append(f"{measured_on(report)}; best of {report['sample']['runs']}")
    lines.append("rows agree with Spark's" if report["rowsAgree"] else "ROWS DIFFER FROM SPARK'S")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
