"""Files as they were uploaded, judged by the documented rules alone."""

import gzip
import hashlib
import re
import zlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from tributary.datasets import Dataset

_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})-")
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"


class BrokenFileError(Exception):
    """A file can be read by nobody, so that it is to be quarantined whole."""


@dataclass(frozen=True)
class Upload:
    """One version of an object, and the file that it was made of.

    Of one that was `awaited`, the next version came only after it was done: none replaced it before.
    """

    bucket: str
    key: str
    version: str
    path: Path
    awaited: bool = False
    dataset: str = ""

    @property
    def name(self) -> str:
        """The last part of its key."""
        return self.key.rsplit("/", 1)[-1]

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 of its bytes as they lie in S3."""
        return hashlib.sha256(self.path.read_bytes()).digest()

    def __str__(self) -> str:
        """Name it in a problem."""
        return f"{self.key} {self.version}"


def date_of(name: str) -> date | None:
    """Return the date that a file's name begins with, if it is a real one."""
    found = _NAME.match(name)
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None


def has_date_and_size(upload: Upload, dataset: Dataset) -> bool:
    """Return True where name and size are as the manifests pipeline wants; else it quarantines the file."""
    day = date_of(upload.name)
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    if day is None or not (dataset.earliest or date.min) <= day <= tomorrow:
        return False
    size = upload.path.stat().st_size
    wanted = dataset.size
    return wanted is None or abs(size - wanted.bytes) <= wanted.bytes * wanted.tolerance


def is_whole(path: Path) -> bool:
    """Return True where a file can be decompressed, or is not compressed."""
    try:
        decompressed(path)
    except BrokenFileError:
        return False
    return True


def decompressed(path: Path) -> bytes:
    """Return a file's bytes, decompressed where they say that they are compressed.

    Raises `BrokenFileError` where they cannot be.
    """
    data = path.read_bytes()
    try:
        if data.startswith(_GZIP):
            return gzip.decompress(data)
        if data.startswith(_ZSTD):
            return bytes(pa.CompressedInputStream(pa.BufferReader(data), "zstd").read())
    except (OSError, EOFError, zlib.error, pa.ArrowException) as error:
        raise BrokenFileError(str(error)) from error
    if not data and path.suffix in (".gz", ".zst"):
        raise BrokenFileError("nothing is compressed")
    return data


def line_count(path: Path) -> int:
    """Return the number of lines that are not blank, of a file that cannot be decompressed as it stands."""
    try:
        data = decompressed(path)
    except BrokenFileError:
        data = path.read_bytes()
    return sum(1 for line in data.split(b"\n") if line.strip())
