"""Parquet to batches of rows, by Arrow: page by page, so that memory follows a page and not a row group."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa
from pyarrow import parquet

from tributary.errors import BlockTooLargeError, UnreadableParquetError
from tributary.expected import expected
from tributary.kernels.file_limits import check_expansion
from tributary.kernels.formats.arrow_rows import blaming_the_file, bounded_rows, check_schema, stored
from tributary.kernels.formats.asked import Asked, Content
from tributary.kernels.formats.batch import FormatBatch
from tributary.kernels.formats.parquet.pages import page_bytes

_MAGIC = b"PAR1"
_ENCRYPTED = b"PARE"
_BATCH_ROWS = 1 << 13
_BATCH_CELLS = 1 << 18
_BUFFERS_BYTES = 64 << 20
_BUFFER_BYTES = 1 << 20
_BYTES: Final = {"INT32": 4, "FLOAT": 4, "INT64": 8, "DOUBLE": 8, "INT96": 8}
"""Bytes of a value in memory; a page may hold millions of the same in a few bytes."""


def read_parquet(asked: Asked, content: Content) -> Iterator[FormatBatch]:
    """The rows, with a column a top-level field.

    Raises `UnreadableParquetError`, `BlockTooLargeError`, `SchemaTooLargeError` and
    `DecompressedTooLargeError`.
    """
    with stored(content) as path:
        size = path.stat().st_size
        with blaming_the_file(UnreadableParquetError):
            _check_end(path)
            metadata = parquet.read_metadata(path)
            _check_pages(path, metadata, asked)
            file = _opened(path, metadata)
            schema = _schema(file)
            check_schema(schema, asked, content)
        with blaming_the_file(UnreadableParquetError):
            yield from bounded_rows(_batches(file, schema), asked, lambda: size)


def _check_end(path: Path) -> None:
    with path.open("rb") as file:
        file.seek(-min(len(_MAGIC), path.stat().st_size), 2)
        end = file.read()
    if end == _ENCRYPTED:
        raise UnreadableParquetError("the footer is encrypted, and no key is known here")
    if end != _MAGIC:
        wanted = 'a footer that ends with "PAR1" (it is cut off, or something follows it)'
        raise UnreadableParquetError(expected(wanted, end.hex(" ")))


def _check_pages(path: Path, metadata: parquet.FileMetaData, asked: Asked) -> None:
    limits = asked.file_limits
    total = 0
    with path.open("rb") as file:
        for group in range(metadata.num_row_groups):
            for number in range(metadata.num_columns):
                column = metadata.row_group(group).column(number)
                size = 0
                for page in page_bytes(file, column):
                    if page > limits.block_bytes:
                        where = f'row group {group + 1}, column "{column.path_in_schema}"'
                        wanted = f"at most {limits.block_bytes} bytes in a page, which is read whole"
                        raise BlockTooLargeError(
                            f"{where}: {expected(f'{wanted} (write smaller pages)', page)}"
                        )
                    size += page
                total += max(size, column.num_values * _BYTES.get(column.physical_type, 0))
    check_expansion(limits, total, path.stat().st_size)


def _opened(path: Path, metadata: parquet.FileMetaData) -> parquet.ParquetFile:
    """Open with buffers; what is in a dictionary stays there, for a few bytes may stand for much."""
    columns = [metadata.schema.column(number) for number in range(metadata.num_columns)]
    texts = [column for column in columns if column.physical_type == "BYTE_ARRAY"]
    return parquet.ParquetFile(
        path,
        metadata=metadata,
        read_dictionary=[column.path for column in texts if not _is_enum(column)],
        buffer_size=max(1 << 12, min(_BUFFER_BYTES, _BUFFERS_BYTES // max(1, len(columns)))),
        # Those of Spark hold any year, and no part of a microsecond.
        coerce_int96_timestamp_unit="us",
        page_checksum_verification=True,
    )


def _is_enum(column: parquet.ColumnSchema) -> bool:
    return bool(column.logical_type.type == "ENUM")


def _schema(file: parquet.ParquetFile) -> pa.Schema:
    """Return the schema with the text that enumerations are, which Arrow takes for bytes."""
    schema = file.schema_arrow
    for number in range(file.metadata.num_columns):
        column = file.metadata.schema.column(number)
        if _is_enum(column) and column.path == column.name:
            at = schema.get_field_index(column.name)
            schema = schema.set(at, schema.field(at).with_type(pa.string()))
    return schema


def _batches(file: parquet.ParquetFile, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    columns = max(1, file.metadata.num_columns)
    rows = max(1, min(_BATCH_ROWS, _BATCH_CELLS // columns))
    batches = file.iter_batches(rows, use_threads=False)
    while True:
        with blaming_the_file(UnreadableParquetError):
            batch = next(batches, None)
            if batch is None:
                return
            batch = batch.cast(schema)
        yield batch
