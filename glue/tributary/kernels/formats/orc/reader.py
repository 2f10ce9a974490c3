"""ORC to batches of rows, by Arrow, which reads a stripe whole."""

from collections.abc import Iterator

import pyarrow as pa
from pyarrow import orc

from tributary.errors import BlockTooLargeError, UnreadableOrcError
from tributary.expected import expected
from tributary.kernels.file_limits import check_expansion
from tributary.kernels.formats.arrow_rows import blaming_the_file, bounded_rows, check_schema, stored
from tributary.kernels.formats.asked import Asked, Content
from tributary.kernels.formats.batch import FormatBatch
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
            yield from bounded_rows(_stripes(file), asked, lambda: size)


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


def _stripes(file: orc.ORCFile) -> Iterator[pa.RecordBatch]:
    for number in range(file.nstripes):
        with blaming_the_file(UnreadableOrcError):
            stripe = file.read_stripe(number)
        yield stripe
