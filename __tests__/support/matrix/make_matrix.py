"""Declares a dataset for every format and pipeline, makes files of each, and prints what is to come of them.

Arguments: the folder of the declarations, and two for the files. The second has new versions of files of the
first.
"""

import gzip
import io
import json
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import fastavro
import pyarrow as pa
from pyarrow import csv, orc, parquet

PIPELINES = ("uploads", "manifests", "ledger")
ROWS = 40
#: A row without its required id, in each file.
BAD = 1
#: A line that is no record, in each file that is made of lines.
BROKEN_LINES = {"csv": b"1,2,3,4,5,6,7\n", "ndjson": b'{"id":1,\n'}


def table(first: int) -> pa.Table:
    """Rows from an id on; the one in the middle has none."""
    ids: list[int | None] = list(range(first, first + ROWS))
    ids.insert(ROWS // 2, None)
    count = len(ids)
    return pa.table(
        {
            "id": pa.array(ids, pa.int64()),
            "amount": pa.array([Decimal(number) / 100 for number in range(count)], pa.decimal128(9, 2)),
            "mode": pa.array(["ab"[number % 2] for number in range(count)]),
            "note": pa.array([f"größe {number}, \"x\"" for number in range(count)]),
        }
    )


def as_csv(rows: pa.Table) -> bytes:
    sink = io.BytesIO()
    csv.write_csv(rows, sink)
    return sink.getvalue()


def as_lines(rows: pa.Table) -> bytes:
    return b"".join(json.dumps(row, default=str).encode() + b"\n" for row in rows.to_pylist())


def as_json(rows: pa.Table) -> bytes:
    return json.dumps(rows.to_pylist(), default=str, indent=1).encode()


def as_parquet(rows: pa.Table) -> bytes:
    sink = io.BytesIO()
    parquet.write_table(rows, sink)
    return sink.getvalue()


def as_orc(rows: pa.Table) -> bytes:
    sink = io.BytesIO()
    orc.write_table(rows, sink)
    return sink.getvalue()


def as_avro(rows: pa.Table) -> bytes:
    decimal = {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}
    types = {"id": "long", "amount": decimal, "mode": "string", "note": "string"}
    fields = [{"name": name, "type": ["null", kind]} for name, kind in types.items()]
    schema = fastavro.parse_schema({"type": "record", "name": "row", "fields": fields})
    sink = io.BytesIO()
    fastavro.writer(sink, schema, rows.to_pylist())
    return sink.getvalue()


WRITERS: dict[str, Callable[[pa.Table], bytes]] = {
    "avro": as_avro,
    "csv": as_csv,
    "json": as_json,
    "ndjson": as_lines,
    "orc": as_orc,
    "parquet": as_parquet,
}


def content(kind: str, first: int) -> bytes:
    """A file's bytes, with rows, a row that is none, and a line that is none where there are lines."""
    return WRITERS[kind](table(first)) + BROKEN_LINES.get(kind, b"")


def zstd(data: bytes) -> bytes:
    return pa.Codec("zstd").compress(data, asbytes=True)


def declaration(name: str, pipeline: str, kind: str) -> dict[str, object]:
    """The dataset of a format and a pipeline."""
    further = {
        "uploads": {},
        "manifests": {"dates": {"from": "2020-01-01"}},
        "ledger": {"partitions": ["mode"], "partitionValues": {"mode": ["a", "b"]}, "sort": "id"},
    }
    return {
        "$schema": "../../docs/dataset.schema.json",
        "name": name,
        "description": f"Rows of {kind} files.",
        "owner": "tests",
        "classification": "internal",
        "pipeline": pipeline,
        "prefix": f"input/{name}/",
        "format": {"kind": kind},
        "columns": [
            {"name": "id", "type": "bigint", "required": True},
            {"name": "amount", "type": "decimal(12,2)"},
            {"name": "mode", "type": "string"},
        ],
        **further[pipeline],
    }


def make(datasets: Path, first: Path, second: Path, pipeline: str, kind: str) -> tuple[str, dict[str, int]]:
    """Declare a dataset and make its files; return its name, and the counts that its accounts are to have."""
    name = f"{pipeline}_{kind}"
    folder = datasets / name
    folder.mkdir(parents=True)
    (folder / "dataset.json").write_text(json.dumps(declaration(name, pipeline, kind), indent=2) + "\n")
    files = {
        first / name / f"2026-01-30-one.{kind}": content(kind, 1),
        first / name / "a folder" / f"2026-01-30-größe & two.{kind}.gz": gzip.compress(content(kind, 1001)),
        first / name / f"2026-01-31-three.{kind}.zst": zstd(content(kind, 2001)),
        second / name / f"2026-01-30-one.{kind}": content(kind, 3001),
    }
    for path, data in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    bad = BAD + (kind in BROKEN_LINES)
    # In the uploads pipeline the rows of the new version are there alone, beside the dead letters of both.
    published = len(files) - (pipeline == "uploads")
    rows, letters = published * ROWS, len(files) * bad
    counts = {"files": len(files), "rowsIn": rows + letters, "rowsOut": rows, "deadLetters": letters}
    return name, counts | {"quarantined": 0, "lost": 0, "duplicated": 0}


if __name__ == "__main__":
    places = [Path(word) for word in sys.argv[1:]]
    json.dump(dict(make(*places, pipeline, kind) for pipeline in PIPELINES for kind in WRITERS), sys.stdout)
