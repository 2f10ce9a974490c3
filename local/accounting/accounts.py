"""Base of the accounts of every pipeline."""

import gzip
import zlib
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import boto3

SHOWN_ROWS = 5

Item = TypeVar("Item", bound=Hashable)


@dataclass
class Accounts:
    """Counts over all files; the names are those of the JSON that the caller reads."""

    files: int = 0
    rowsIn: int = 0  # noqa: N815
    rowsOut: int = 0  # noqa: N815
    deadLetters: int = 0  # noqa: N815
    lost: int = 0
    duplicated: int = 0
    problems: list[str] = field(default_factory=list)
    wholeFiles: list[str] = field(default_factory=list)  # noqa: N815
    firstRows: list[list[str]] = field(default_factory=list)  # noqa: N815
    places: list[tuple[str, str]] = field(default_factory=list)

    def compare(self, file: str, what: str, expected: Counter[Item], found: Counter[Item]) -> None:
        """Add what is expected and not found to the lost, and the reverse to the duplicated."""
        missing, surplus = expected - found, found - expected
        self.lost += missing.total()
        self.duplicated += surplus.total()
        for word, items in (("lost", missing), ("duplicated or foreign", surplus)):
            if items:
                first = next(iter(items))
                self.problems.append(f"{file}: {items.total()} {what} {word}, the first {first!r}")


def copy_objects(bucket: str, folder: Path, *prefixes: str) -> Path:
    """Copy a bucket's objects below prefixes into `folder`, under their keys."""
    client = boto3.client("s3")
    folder.mkdir(parents=True, exist_ok=True)
    for prefix in prefixes:
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for found in page.get("Contents", []):
                target = folder / found["Key"]
                target.parent.mkdir(parents=True, exist_ok=True)
                client.download_file(bucket, found["Key"], str(target))
    return folder


def readable(path: Path) -> bytes:
    """Return a file's bytes, decompressed; of a broken gzip file the bytes as they are."""
    data = path.read_bytes()
    if path.suffix != ".gz":
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        return data


def shown(cell: object) -> str:
    """Return a value as SQL would write it, a null as nothing."""
    if isinstance(cell, bool):
        return str(cell).lower()
    return "" if cell is None else str(cell)
