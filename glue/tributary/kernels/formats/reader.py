"""The way to the reader of each format: two lines here, and a folder beside it, are all that a format is.

A reader is loaded when a file asks for it: a process reads one or two formats, not all libraries.
"""

# ruff: noqa: PLC0415
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import assert_never

from tributary.kernels.formats.asked import Asked, Content
from tributary.kernels.formats.batch import FormatBatch
from tributary.kernels.sniffing import FormatKind, of_format

Reader = Callable[[Asked, Content], Iterator[FormatBatch]]


def read(asked: Asked, content: Content) -> Iterator[FormatBatch]:
    """The records of one file, in their order.

    Raises `WholeFileError` for a file that cannot be read as a whole, one of another format among them, and
    what its chunks raise.
    """
    kind = asked.format.kind
    return _reader(kind)(asked, replace(content, chunks=of_format(content.chunks, kind)))


def _reader(kind: FormatKind) -> Reader:
    match kind:
        case "avro":
            from tributary.kernels.formats.avro.reader import read_avro as reader
        case "csv":
            from tributary.kernels.formats.csv.file import read_csv as reader
        case "json":
            from tributary.kernels.formats.json.forms import read_json as reader
        case "ndjson":
            from tributary.kernels.formats.ndjson.parse import read_ndjson as reader
        case "orc":
            from tributary.kernels.formats.orc.reader import read_orc as reader
        case "parquet":
            from tributary.kernels.formats.parquet.reader import read_parquet as reader
        case _:
            assert_never(kind)
    return reader
