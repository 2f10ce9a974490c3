"""Files by their bytes, through the whole conversion: wrong names, other formats, binary ones typed."""

import gzip
import io
import json
import zipfile
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import orc, parquet

from tests.conversion.test_csv_file import HEADER, ROW, process_chunks
from tests.support.binary import avro_file, written
from tributary.conversion.result import FileResult
from tributary.conversion.upload import process_file
from tributary.datasets import Dataset
from tributary.datasets.declaration import parse_declaration
from tributary.kernels.source import Source

CSV = HEADER + ROW * 3


def zipped(name: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(name, CSV)
    return target.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("gzip-named.csv", gzip.compress(CSV)),
        ("zstd-named.csv.gz", bytes(pa.compress(CSV, codec="zstd", asbytes=True))),
        ("plain-named.csv.gz", CSV),
        ("utf-16.csv", CSV.decode().encode("utf-16")),
        ("utf-16.csv.gz", gzip.compress(b"\xfe\xff" + CSV.decode().encode("utf-16-be"))),
    ],
)
def test_reads_what_the_bytes_are_whatever_the_name(name: str, content: bytes, tmp_path: Path) -> None:
    result = process_chunks([content], tmp_path, key=f"input/customers/{name}")
    assert (result.whole_file_reason, result.output_count, result.rejected_count) == (None, 3, 0)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (zipped("a.csv"), 'a zip archive that holds "a.csv"'),
        (gzip.compress(zipped("xl/workbook.xml")), "an Excel workbook (xlsx)"),
        (b"<?xml version='1.0'?><Error/>", "an XML document"),
        (gzip.compress(gzip.compress(CSV)), "gzip data inside of a compression"),
        (written(parquet.write_table, pa.table({"id": [1]})), "a Parquet file"),
    ],
)
def test_quarantines_another_format_whole_and_names_it(content: bytes, found: str, tmp_path: Path) -> None:
    result = process_chunks([content], tmp_path)
    assert result.whole_file_reason == "other-format"
    assert result.whole_file_message is not None
    assert result.whole_file_message.startswith(f"expected a CSV file, got {found} (upload it as a CSV file")
    assert (result.parquet, result.rejects) == (None, None)


def dataset(kind: str, **changes: Any) -> Dataset:
    """One without SQL, whose columns are the output."""
    declaration = {
        "name": "orders",
        "description": "Orders.",
        "owner": "data-platform",
        "classification": "internal",
        "pipeline": "uploads",
        "prefix": "input/orders/",
        "format": {"kind": kind},
        "columns": [
            {"name": "id", "type": "bigint", "required": True, "comment": "Identifier"},
            {"name": "amount", "type": "decimal(10,2)", "comment": "Amount"},
            {"name": "at", "type": "timestamp", "comment": "Moment"},
            {"name": "tags", "type": "array<string>", "comment": "Tags"},
        ],
        **changes,
    }
    return parse_declaration("orders", json.dumps(declaration).encode(), None)


ROWS = pa.table(
    {
        "id": pa.array([1, 2, 3], pa.int64()),
        "amount": pa.array([Decimal("1.100"), Decimal("1.125"), None], pa.decimal128(12, 3)),
        "at": pa.array([datetime(1, 1, 1), datetime(2026, 1, 31), None], pa.timestamp("us")),
        "tags": pa.array([["a", None], [], None], pa.list_(pa.string())),
        "more": pa.array([b"\xff", b"", None], pa.binary()),
    }
)
AVRO = {
    "id": "long",
    "amount": ["null", {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 3}],
    "at": ["null", {"type": "long", "logicalType": "timestamp-micros"}],
    "tags": ["null", {"type": "array", "items": ["null", "string"]}],
    "more": ["null", "bytes"],
}
LATE = ROWS.set_column(
    2, "at", pa.array([datetime(1970, 1, 1), datetime(2026, 1, 31), None], pa.timestamp("us"))
)
FILES = {
    "avro": avro_file(
        AVRO,
        [{**row, "at": row["at"] and row["at"].replace(tzinfo=UTC)} for row in ROWS.to_pylist()],
        "deflate",
    ),
    "parquet": written(parquet.write_table, ROWS),
    # Arrow reads its times as nanoseconds, which do not reach so far back.
    "orc": written(orc.write_table, LATE),
}


def run(of: Dataset, content: bytes, work: Path, key: str = "input/orders/a") -> FileResult:
    moment = datetime(2026, 1, 31, tzinfo=UTC)
    chunks = [content[:9], content[9:]]
    return process_file(
        of, Source("raw", key, "v1"), chunks, processing_date=moment, date_formats=["%Y-%m-%d"], work=work
    )


@pytest.mark.parametrize("kind", FILES)
def test_gives_typed_rows_and_dead_letters_of_binary_files(kind: str, tmp_path: Path) -> None:
    result = run(dataset(kind), FILES[kind], tmp_path)
    assert (result.whole_file_reason, result.output_count, result.rejected_count) == (None, 2, 1)
    assert result.parquet is not None
    first, last = parquet.read_table(result.parquet).to_pylist()
    year = 1970 if kind == "orc" else 1
    assert first == {
        "id": 1,
        "amount": Decimal("1.10"),
        "at": datetime(year, 1, 1, tzinfo=UTC),
        "tags": ["a", None],
        "more": "/w==",
    }
    assert last == {"id": 3, "amount": None, "at": None, "tags": None, "more": None}
    assert result.rejects is not None
    letter = json.loads(result.rejects.read_text())
    assert (letter["line"], letter["reason"]) == (2, "bad-value")
    assert letter["message"] == 'the column "amount" has "1.125", which is no decimal(10,2)'
    assert json.loads(letter["raw_text"], parse_float=str)["amount"] == "1.125"
    assert any("more" in sentence for sentence in result.drift)


@pytest.mark.parametrize("kind", FILES)
def test_quarantines_binary_files_whole_by_what_is_wrong(kind: str, tmp_path: Path) -> None:
    for content, reason in (
        (FILES[kind][:-9], f"unreadable-{kind}"),
        (b"id,amount\n1,2\n", "other-format"),
        (b"", "empty-file"),
    ):
        work = tmp_path / reason
        work.mkdir()
        result = run(dataset(kind), content, work)
        assert (result.whole_file_reason, result.parquet) == (reason, None)


@pytest.mark.parametrize("kind", FILES)
def test_reads_binary_files_under_a_compression(kind: str, tmp_path: Path) -> None:
    result = run(dataset(kind), gzip.compress(FILES[kind]), tmp_path, "input/orders/a.gz")
    assert (result.whole_file_reason, result.output_count) == (None, 2)


@pytest.mark.parametrize("kind", FILES)
def test_keeps_the_exact_text_of_every_field_where_no_column_is_declared(kind: str, tmp_path: Path) -> None:
    result = run(
        dataset(kind, columns=[{"name": "id", "type": "string", "comment": "x"}]), FILES[kind], tmp_path
    )
    assert result.parquet is not None
    second = parquet.read_table(result.parquet).to_pylist()[1]
    at = {"avro": "2026-01-31T00:00:00.000000Z", "parquet": "2026-01-31T00:00:00.000000"}
    wanted = {"id": "2", "amount": "1.125", "at": at.get(kind, "2026-01-31T00:00:00.000000000")}
    assert second == {**wanted, "tags": "[]", "more": ""}
