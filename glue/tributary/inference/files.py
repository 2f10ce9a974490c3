"""The given files: their bytes, and their records as the job would read them."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tributary.datasets.declaration import Dataset, parse_declaration
from tributary.kernels.compression.streams import uncompressed
from tributary.kernels.formats.asked import Asked, Content
from tributary.kernels.formats.batch import FormatBatch
from tributary.kernels.formats.reader import read

_CHUNK_BYTES = 512 << 10
HEAD_BYTES = 1 << 20
"""First bytes of each file by which its form is told; all of it is then read so."""


def chunks_of(file: Path) -> Iterator[bytes]:
    """The bytes of a file, decompressed; raises `BrokenGzipError` or `BrokenZstdError`."""

    def stored() -> Iterator[bytes]:
        with file.open("rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                yield chunk

    return uncompressed(str(file), stored())


def head_of(file: Path) -> bytes:
    """The first `HEAD_BYTES` of a file, or fewer of a shorter one, decompressed."""
    head = b""
    for chunk in chunks_of(file):
        head += chunk
        if len(head) >= HEAD_BYTES:
            break
    return head[:HEAD_BYTES]


def plain_name(file: Path) -> str:
    """The name of a file without what says how it is compressed."""
    return file.name.removesuffix(".gz").removesuffix(".zst")


def declared(form: Mapping[str, Any]) -> Dataset:
    """A dataset of a format; without a header it has its first field alone.

    Raises `DeclarationError` where the format is none.
    """
    columns = [] if form.get("header", True) else [{"name": "first", "type": "string", "position": 1}]
    document = {
        "name": "new",
        "description": "New.",
        "owner": "nobody",
        "classification": "internal",
        "pipeline": "uploads",
        "prefix": "input/new/",
        "format": form,
        **({"columns": columns} if columns else {}),
    }
    return parse_declaration("new", json.dumps(document).encode(), None)


def batches_of(
    dataset: Dataset, chunks: Iterator[bytes], work: Path, *, keeps_bytes: bool = False
) -> Iterator[FormatBatch]:
    """The records of a file; raises `WholeFileError` for one that is to be quarantined whole."""
    asked = Asked(dataset.format, dataset.columns, keeps_bytes=keeps_bytes)
    return read(asked, Content(chunks, work, lambda _: None))


def rejects_in(dataset: Dataset, head: bytes, work: Path) -> int:
    """How many records of a file's first bytes are none."""
    return sum(batch.rejects.num_rows for batch in batches_of(dataset, iter([head]), work))
