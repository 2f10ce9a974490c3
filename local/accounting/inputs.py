"""Files of the manifests pipeline as they were uploaded, judged by the documented rules alone."""

import gzip
import hashlib
import re
import zlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path

from local.accounting.accounts import readable
from tributary.datasets import Dataset

_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})-")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BLANKS = b" \t\r"


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

    @property
    def name(self) -> str:
        """The last part of its key."""
        return self.key.rsplit("/", 1)[-1]

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 of its bytes as they lie in S3."""
        return hashlib.sha256(self.path.read_bytes()).digest()


def date_of(name: str) -> date | None:
    """Return the date that a file's name begins with, if it is a real one."""
    found = _NAME.match(name)
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None


def is_publishable(upload: Upload, dataset: Dataset) -> bool:
    """Return True where name, size and compression are valid; else the file is quarantined whole."""
    day = date_of(upload.name)
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    if day is None or not (dataset.earliest or date.min) <= day <= tomorrow:
        return False
    return has_size(upload.path.stat().st_size, dataset) and is_whole(upload.path)


def has_size(size: int, dataset: Dataset) -> bool:
    """Return True where a file's size is within the tolerance of its dataset."""
    if dataset.size is None:
        return True
    return abs(size - dataset.size.bytes) <= dataset.size.bytes * dataset.size.tolerance


def is_whole(path: Path) -> bool:
    """Return True where a file can be decompressed, or is not compressed."""
    if path.suffix != ".gz":
        return True
    try:
        gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error):
        return False
    return True


def lines_of(path: Path) -> dict[int, bytes]:
    """Return the lines of a file that are not blank, by their numbers."""
    lines = readable(path).removeprefix(_BYTE_ORDER_MARK).split(b"\n")
    return {number: line.removesuffix(b"\r") for number, line in enumerate(lines, 1) if line.strip(_BLANKS)}


def quarantine_folder(upload: Upload) -> str:
    """Return the folder of a file that is quarantined whole."""
    day = date_of(upload.name)
    digest = hashlib.sha256(upload.key.encode()).hexdigest()[:16]
    return f"quarantine/{day or 'undated'}/{digest}-{upload.version}"
