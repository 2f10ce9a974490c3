"""The way to the reader of each format: a line here, and a folder beside it, is all that a format is."""

from collections.abc import Callable, Iterator
from typing import Final

from tributary.kernels.formats.asked import Asked, Content
from tributary.kernels.formats.batch import FormatBatch
from tributary.kernels.formats.csv.file import read_csv
from tributary.kernels.formats.json.forms import read_json
from tributary.kernels.formats.ndjson.parse import read_ndjson

READERS: Final[dict[str, Callable[[Asked, Content], Iterator[FormatBatch]]]] = {
    "csv": read_csv,
    "json": read_json,
    "ndjson": read_ndjson,
}


def read(asked: Asked, content: Content) -> Iterator[FormatBatch]:
    """The records of one file, in their order.

    Raises `WholeFileError` for a file that cannot be read as a whole, and what its chunks raise.
    """
    return READERS[asked.format.kind](asked, content)
