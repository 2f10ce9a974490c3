"""Files of binary formats, and the way to their rows."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa

from tributary.datasets.declaration import BinaryFormat, InputColumn
from tributary.kernels.file_limits import DEFAULT_FILE_LIMITS, FileLimits
from tributary.kernels.formats.asked import DEFAULT_LIMITS, Asked, Content
from tributary.kernels.formats.batch import FormatBatch
from tributary.kernels.formats.reader import read
from tributary.kernels.record_limits import RecordLimits


def column(name: str, kind: str = "string", *, required: bool = False) -> InputColumn:
    return InputColumn(name, kind, (name,), required=required)


def batches(
    kind: str,
    data: bytes,
    work: Path,
    *columns: InputColumn,
    limits: RecordLimits = DEFAULT_LIMITS,
    file_limits: FileLimits = DEFAULT_FILE_LIMITS,
    keeps_bytes: bool = False,
    told: list[str] | None = None,
) -> list[FormatBatch]:
    """The batches of a file, which comes in three chunks."""
    asked = Asked(BinaryFormat(kind), columns, limits, file_limits, keeps_bytes=keeps_bytes)
    chunks = [data[:5], data[5:-3], data[-3:]]
    found = list(read(asked, Content(chunks, work, [].append if told is None else told.append)))
    assert list(work.iterdir()) == []
    return found


def table(found: Sequence[FormatBatch]) -> pa.Table:
    """Their rows."""
    return pa.Table.from_batches([batch.rows for batch in found])


def avro_file(
    fields: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], codec: str = "null", **options: Any
) -> bytes:
    """An Avro file of a record of these fields."""
    named = [{"name": name, "type": kind} for name, kind in fields.items()]
    target = io.BytesIO()
    fastavro.writer(target, {"type": "record", "name": "Row", "fields": named}, rows, codec, **options)
    return target.getvalue()


def written(write: Any, rows: pa.Table, **options: Any) -> bytes:
    """The bytes that a writer of Arrow makes of a table."""
    target = pa.BufferOutputStream()
    write(rows, target, **options)
    data: bytes = target.getvalue().to_pybytes()
    return data
