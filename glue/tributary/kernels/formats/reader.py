"""The way to the reader of each format: a line here, and a folder beside it, is all that a format is."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from tributary.kernels.formats.asked import Asked, Content
from tributary.kernels.formats.avro.reader import read_avro
from tributary.kernels.formats.batch import FormatBatch
from tributary.kernels.formats.csv.file import read_csv
from tributary.kernels.formats.json.forms import read_json
from tributary.kernels.formats.ndjson.parse import read_ndjson
from tributary.kernels.formats.orc.reader import read_orc
from tributary.kernels.formats.parquet.reader import read_parquet
from tributary.kernels.sniffing import FormatKind, of_format

READERS: Final[dict[FormatKind, Callable[[Asked, Content], Iterator[FormatBatch]]]] = {
    "avro": read_avro,
    "csv": read_csv,
    "json": read_json,
    "ndjson": read_ndjson,
    "orc": read_orc,
    "parquet": read_parquet,
}


def read(asked: Asked, content: Content) -> Iterator[FormatBatch]:
    """The records of one file, in their order.

    Raises `WholeFileError` for a file that cannot be read as a whole, one of another format among them, and
    what its chunks raise.
    """
    kind = asked.format.kind
    return READERS[kind](asked, replace(content, chunks=of_format(content.chunks, kind)))
