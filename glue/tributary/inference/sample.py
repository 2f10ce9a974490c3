"""The first rows of a file as a file of its own, small enough to stand beside a declaration."""

import io
import json
from itertools import islice
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
from pyarrow import orc, parquet

from tributary.datasets.declaration import Dataset, JsonFormat
from tributary.errors import WholeFileError
from tributary.inference.files import batches_of, chunks_of, head_of, plain_name

ROWS = 20
_MOST_BYTES = 64 << 10


def sample_of(dataset: Dataset, file: Path, work: Path) -> bytes | None:
    """Up to `ROWS` rows, as the file has them; None where they cannot be told apart, or are too long."""
    match dataset.format.kind:
        case "parquet" | "orc":
            found = _table(dataset, file, work)
        case "avro":
            found = _avro(file)
        case "json":
            found = _json(dataset, file, work)
        case _:
            found = _lines(dataset, file, work)
    return found if found is not None and len(found) <= _MOST_BYTES else None


def _lines(dataset: Dataset, file: Path, work: Path) -> bytes | None:
    """Return the lines up to the last whose rows are all there."""
    head = head_of(file)[:_MOST_BYTES]
    end = b"\r" if getattr(dataset.format, "line_end", "lf") == "cr" else b"\n"
    utf_16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}.get(head[:2])
    if utf_16 is not None:
        head = head[2:].decode(utf_16, "ignore").encode()
    lines = head.splitlines(keepends=True) if end == b"\r" else [line + end for line in head.split(end)]
    for count in range(min(len(lines), 4 * ROWS), 0, -1):
        text = b"".join(lines[:count])[: len(head)]
        try:
            batches = [*batches_of(dataset, iter([text]), work)]
        except WholeFileError:
            continue
        rows = sum(batch.rows.num_rows for batch in batches)
        if rows <= ROWS and not any(batch.rejects.num_rows for batch in batches):
            return text if utf_16 is None else f"\ufeff{text.decode()}".encode(utf_16)
    return None


def _json(dataset: Dataset, file: Path, work: Path) -> bytes | None:
    """Return a file of one row, or few, whole; of an array its first elements."""
    whole = head_of(file)
    if len(whole) <= _MOST_BYTES // 4 or not isinstance(dataset.format, JsonFormat):
        return whole
    if dataset.format.form == "array":
        return b"[\n" + b",\n".join(_records(dataset, file, work)) + b"\n]\n"
    try:
        document = json.loads(whole)
    except ValueError:
        return None
    inner: Any = document
    for key in dataset.format.records:
        inner = inner[key]
    if isinstance(inner, list):
        del inner[ROWS:]
    return json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"


def _records(dataset: Dataset, file: Path, work: Path) -> list[bytes]:
    records: list[bytes] = []
    for batch in batches_of(dataset, chunks_of(file), work, keeps_bytes=True):
        records += batch.positions["bytes"].to_pylist()
        if len(records) >= ROWS:
            break
    return records[:ROWS]


def _table(dataset: Dataset, file: Path, work: Path) -> bytes | None:
    first = next(batches_of(dataset, chunks_of(file), work), None)
    if first is None:
        return None
    rows = pa.Table.from_batches([first.rows.slice(0, ROWS)])
    stream = io.BytesIO()
    if dataset.format.kind == "parquet":
        parquet.write_table(rows, stream)
    else:
        orc.write_table(rows, stream)
    return stream.getvalue()


def _avro(file: Path) -> bytes | None:
    if plain_name(file) != file.name:
        return None
    with io.BytesIO() as stream, file.open("rb") as content:
        reader = fastavro.reader(content)
        fastavro.writer(stream, reader.writer_schema, islice(reader, ROWS))
        return stream.getvalue()
