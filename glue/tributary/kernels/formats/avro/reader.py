"""Avro to batches of rows: blocks as they come, each decoded by fastavro."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import fastavro
import pyarrow as pa
from fastavro.schema import SchemaParseException, UnknownType

from tributary.errors import UnreadableAvroError
from tributary.expected import expected
from tributary.kernels.formats.arrow_rows import bounded_rows, check_schema
from tributary.kernels.formats.asked import Asked, Content
from tributary.kernels.formats.avro.container import MAGIC, SYNC_BYTES, Block, Container
from tributary.kernels.formats.avro.types import AvroType, Json, TypeReader
from tributary.kernels.formats.batch import FormatBatch

_BATCH_ROWS = 1 << 12
_BATCH_BYTES = 1 << 20
_SYNC = bytes(SYNC_BYTES)

_OF_THE_FILE = (
    EOFError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    ArithmeticError,
    pa.ArrowException,
    SchemaParseException,
    UnknownType,
)
"""What fastavro raises for broken schemas and records, and Arrow for values beyond their type."""


def read_avro(asked: Asked, content: Content) -> Iterator[FormatBatch]:
    """The rows, with a column a field of the writer's schema.

    Raises `UnreadableAvroError`, `BlockTooLargeError`, `SchemaTooLargeError` and `DecompressedTooLargeError`.
    """
    container = Container(content.chunks, asked.file_limits)
    with _named("the schema cannot be resolved"):
        record = _record_type(container.schema, asked.limits.depth)
        schema = pa.schema(list(record.finished(pa.array([], record.raw)).type))
    check_schema(schema, asked, content)
    batches = (batch for block in container for batch in _batches(block, record))
    yield from bounded_rows(batches, asked, lambda: container.taken)


@contextmanager
def _named(what: str) -> Iterator[None]:
    try:
        yield
    except _OF_THE_FILE as error:
        raise UnreadableAvroError(f"{what}: {type(error).__name__}: {error}") from error


def _record_type(schema: Json, depth: int) -> AvroType:
    parsed = fastavro.parse_schema(schema)
    if not isinstance(parsed, dict) or parsed["type"] != "record":
        raise TypeError(expected("a record, whose fields are the columns", parsed))
    return TypeReader(depth).read(parsed)


def _batches(block: Block, record: AvroType) -> Iterator[pa.RecordBatch]:
    with _named(f"block {block.number}"):
        records = _records(block, record)
        step = max(1, min(_BATCH_ROWS, _BATCH_BYTES * block.records // max(1, len(block.data))))
        for _ in range(0, block.records, step):
            rows = list(islice(records, step))
            if record.prepare is not None:
                rows = [record.prepare(row) for row in rows]
            yield pa.RecordBatch.from_struct_array(record.finished(pa.array(rows, record.raw)))
        next(records, None)


def _records(block: Block, record: AvroType) -> Iterator[dict[str, Any]]:
    """The records of a block, by a reader of a file of that block alone, which is not compressed.

    The reader is told of one record more, so that what a wrong number would hide is found: at the end of the
    block it finds none.
    """
    one_more = 1 if record.least_bytes else 0
    header = {"avro.schema": json.dumps(record.schema).encode(), "avro.codec": b"null"}
    entries = [_text(key.encode()) + _text(value) for key, value in header.items()]
    parts = [MAGIC, _long(len(entries)), *entries, _long(0), _SYNC]
    parts += [_long(block.records + one_more), _text(block.data), _SYNC]
    reader: Iterator[Any] = fastavro.reader(io.BytesIO(b"".join(parts)))
    yield from islice(reader, block.records)
    if one_more:
        try:
            next(reader)
        except EOFError:
            return
        raise ValueError(f"it holds more than its {block.records} records")


def _text(value: bytes) -> bytes:
    return _long(len(value)) + value


def _long(number: int) -> bytes:
    """Write a whole number of 0 or more as Avro does."""
    number <<= 1
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*written, number])
