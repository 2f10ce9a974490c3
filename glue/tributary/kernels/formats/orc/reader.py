"""ORC to batches of rows, by Arrow, which reads a stripe whole; by pyorc the times that Arrow cannot hold."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from pyarrow import orc

from tributary.errors import BlockTooLargeError, UnreadableOrcError
from tributary.expected import expected
from tributary.kernels.file_limits import check_expansion
from tributary.kernels.formats.arrow_rows import blaming_the_file, bounded_rows, check_schema, stored
from tributary.kernels.formats.asked import Asked, Content
from tributary.kernels.formats.batch import FormatBatch
from tributary.kernels.formats.orc.far_times import columns_with_times, far_times
from tributary.kernels.formats.orc.tail import Tail, tail_of


def read_orc(asked: Asked, content: Content) -> Iterator[FormatBatch]:
    """The rows, with a column a top-level field.

    Raises `UnreadableOrcError`, `BlockTooLargeError`, `SchemaTooLargeError` and `DecompressedTooLargeError`.
    """
    with stored(content) as path:
        size = path.stat().st_size
        with blaming_the_file(UnreadableOrcError):
            file = orc.ORCFile(path)
            check_schema(file.schema, asked, content)
            tail = tail_of(file.reader.serialized_file_tail())
        _check_stripes(tail, asked, size)
        with blaming_the_file(UnreadableOrcError):
            yield from bounded_rows(_stripes(file, path), asked, lambda: size)


def _check_stripes(tail: Tail, asked: Asked, stored_bytes: int) -> None:
    limits = asked.file_limits
    check_expansion(limits, tail.decoded_bytes, stored_bytes)
    for number, rows in enumerate(tail.stripe_rows, 1):
        size = tail.decoded_bytes * rows // max(1, sum(tail.stripe_rows))
        if size > limits.block_bytes:
            wanted = (
                f"about {limits.block_bytes} bytes in a stripe, which is read whole (write smaller stripes)"
            )
            raise BlockTooLargeError(f"stripe {number}: {expected(wanted, size)}")


def _stripes(file: orc.ORCFile, path: Path) -> Iterator[pa.RecordBatch]:
    for number in range(file.nstripes):
        with blaming_the_file(UnreadableOrcError):
            stripe = _stripe(file, path, number)
        yield stripe


def _stripe(file: orc.ORCFile, path: Path, number: int) -> pa.RecordBatch:
    """A stripe as Arrow reads it, or else its times by another reader, for some may be beyond Arrow's."""
    try:
        return file.read_stripe(number)
    except pa.ArrowInvalid:
        schema = file.schema
        of_times = columns_with_times(schema)
        if not of_times:
            raise
    columns = far_times(path, number, schema, of_times)
    if others := [column for column in range(len(schema)) if column not in columns]:
        read = file.read_stripe(number, columns=others)
        columns |= dict(zip(others, read.columns, strict=True))
    return pa.RecordBatch.from_arrays([columns[column] for column in range(len(schema))], schema.names)
