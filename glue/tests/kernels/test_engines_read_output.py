"""Parquet that we write, read by every engine that is installed: every type at its extremes, unchanged."""

import pickle
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars
import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.kernels.test_customers import process
from tests.support.spark import read_with_spark
from tributary.kernels.output.growing_parquet import GrowingParquet, ParquetSettings
from tributary.kernels.output.sorted_parquet import SortedFiles, SortedParquet
from tributary.kernels.transform.glue_types import arrow_type

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TIMES = [
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(1025, 2, 1, 12, tzinfo=UTC),
    datetime(1582, 10, 4, 23, 59, 59, 999_999, UTC),
    datetime(1582, 10, 15, tzinfo=UTC),
    datetime(1899, 12, 31, 23, 59, 59, 999_999, UTC),
    EPOCH - timedelta(microseconds=1),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC),
]
POINT = "struct<x:bigint,name:string>"
VALUES: dict[str, list[Any]] = {
    "string": ["", "a\0b", "Zoë \U0001f600", "x" * 70_000],
    "boolean": [True, False],
    "int": [-(2**31), 2**31 - 1],
    "bigint": [-(2**63), 2**63 - 1],
    "double": [5e-324, 1.7976931348623157e308, -0.0, float("inf")],
    "decimal(38,10)": [Decimal("9" * 28 + "." + "9" * 10), Decimal("-0.0000000001")],
    "decimal(9,2)": [Decimal("9999999.99"), Decimal("-9999999.99")],
    "decimal(18,4)": [Decimal("99999999999999.9999")],
    "date": [time.date() for time in TIMES],
    "timestamp": TIMES,
    "array<bigint>": [[], [None], [2**63 - 1]],
    POINT: [{"x": None, "name": None}, {"x": -(2**63), "name": ""}],
    f"array<{POINT}>": [[], [{"x": 1, "name": "a"}, None]],
}
COUNT = max(map(len, VALUES.values())) + 1
COLUMNS = {f"c{number}": kind for number, kind in enumerate(VALUES)}
TABLE = pa.table(
    {
        name: pa.array([*VALUES[kind], *[None] * (COUNT - len(VALUES[kind]))], arrow_type(kind))
        for name, kind in COLUMNS.items()
    }
)


def growing(folder: Path, compression: Any) -> Path:
    path = folder / f"growing-{compression}.parquet"
    with GrowingParquet(path, ParquetSettings(compression), TABLE.schema) as writer:
        columns = {name: TABLE[name].combine_chunks() for name in TABLE.schema.names}
        writer.write(columns, COUNT, 1)
    return path


def sorted_rows(folder: Path, compression: Any) -> Path:
    how = SortedFiles([], "serial", f"sorted-{compression}", 1 << 30, ParquetSettings(compression))
    schema = TABLE.schema.append(pa.field("serial", pa.int64())).with_metadata({"dataset": "x"})
    serials = pa.array(range(COUNT))
    with SortedParquet(folder, how, schema) as writer:
        columns = {name: TABLE[name].combine_chunks() for name in TABLE.schema.names}
        writer.write({**columns, "serial": serials}, pa.array([""] * COUNT), serials, 1)
    return writer.files[0].path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("files")
    return [write(folder, codec) for write in (growing, sorted_rows) for codec in ("snappy", "zstd")]


def by_duckdb(path: Path) -> list[dict[str, Any]]:
    names = ", ".join(TABLE.schema.names)
    rows = duckdb.sql(f"SET TimeZone = 'UTC'; SELECT {names} FROM '{path}'").to_arrow_table()
    return rows.to_pylist()


BY_PANDAS = """
import pickle, sys
import pandas
kinds, *names = sys.argv[2:]
frame = pandas.read_parquet(sys.argv[1], **({"dtype_backend": "pyarrow"} if kinds == "of Arrow" else {}))
def plain(value):
    if value is None or value is pandas.NA or value is pandas.NaT or value != value:
        return None
    return value.to_pydatetime() if isinstance(value, pandas.Timestamp) else value
sys.stdout.buffer.write(pickle.dumps({name: [plain(value) for value in frame[name]] for name in names}))
"""


def by_pandas(
    path: Path, kinds: str = "of Arrow", names: Sequence[str] = TABLE.schema.names
) -> list[dict[str, Any]]:
    """In a process of its own, for Arrow gives other values where pandas is there.

    Its own kinds have no whole number that is null; those of Arrow, which it offers, do.
    """
    found = subprocess.check_output([sys.executable, "-c", BY_PANDAS, str(path), kinds, *names])
    columns = pickle.loads(found)
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


READERS: dict[str, Callable[[Path], list[dict[str, Any]]]] = {
    "pyarrow": lambda path: parquet.read_table(path).select(TABLE.schema.names).to_pylist(),
    "duckdb": by_duckdb,
    "pandas": by_pandas,
    "polars": lambda path: polars.read_parquet(path).select(TABLE.schema.names).to_dicts(),
}


@pytest.mark.parametrize("engine", READERS)
def test_gives_every_value_back_to(engine: str, files: list[Path]) -> None:
    for path in files:
        assert repr(READERS[engine](path)) == repr(TABLE.to_pylist())


def test_gives_times_of_any_year_to_pandas_with_default_settings(files: list[Path]) -> None:
    """Which were nanoseconds before its third version, and reached from 1677 to 2262."""
    names = [name for name, kind in COLUMNS.items() if kind in ("string", "date", "timestamp")]
    for path in files:
        found = by_pandas(path, "its own", names)
        assert repr(found) == repr(TABLE.select(names).to_pylist())


def spark_expression(name: str, kind: str) -> str:
    match kind:
        case "date":
            return f"unix_date({name})"
        case "timestamp":
            return f"unix_micros({name})"
        case "string":
            return f"hex({name})"
        case _ if "<" in kind:
            return f"to_json({name}, map('ignoreNullFields', 'false'))"
    return f"CAST({name} AS STRING)"


def as_spark_says(value: Any, kind: str) -> Any:
    match value:
        case datetime():
            return (value - EPOCH) // timedelta(microseconds=1)
        case date():
            return (value - EPOCH.date()).days
        case str():
            return value.encode().hex().upper()
        case bool():
            return str(value).lower()
        case Decimal() | int():
            return str(value)
        case float():
            return {"inf": "Infinity", "5e-324": "4.9E-324"}.get(str(value), str(value).replace("e+", "E"))
    return value


@pytest.mark.slow
def test_gives_every_value_back_to_spark_with_default_settings(files: list[Path], tmp_path: Path) -> None:
    content = (
        b"id,name,email,date,amount,status\n"
        b"1,Ann,ann@example.com,01-02-1025,5,active\n"
        b"2,Di,di@example.com,01-01-0001,8,active\n"
        b"3,Ed,ed@example.com,01-01-1000,8,active\n"
        b"4,Cy,cy@example.com,31-12-9999,7,active\n"
    )
    customers = process(content, tmp_path).parquet
    assert customers is not None
    expressions = [spark_expression(name, kind) for name, kind in COLUMNS.items()]
    old, *found = read_with_spark(
        [(customers, ["CAST(date AS STRING)"]), *((path, expressions) for path in files)]
    )
    assert old == [["1025-02-01"], ["0001-01-01"], ["1000-01-01"], ["9999-12-31"]]
    columns = [
        [as_spark_says(value, kind) for value in TABLE[name].to_pylist()]
        for name, kind in COLUMNS.items()
        if "<" not in kind
    ]
    for rows in found:
        assert [list(column) for column in zip(*rows, strict=True)][: len(columns)] == columns
        nested = {
            kind: [row[number] for row in rows[:3]]
            for number, kind in enumerate(COLUMNS.values())
            if "<" in kind
        }
        assert nested == {
            "array<bigint>": ["[]", "[null]", "[9223372036854775807]"],
            POINT: ['{"x":null,"name":null}', '{"x":-9223372036854775808,"name":""}', None],
            f"array<{POINT}>": ["[]", '[{"x":1,"name":"a"},null]', None],
        }
