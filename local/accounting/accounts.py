"""Base of the accounts of every pipeline."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeVar

import boto3
import pyarrow.parquet as pq

from local.accounting.inputs import Upload
from local.accounting.shown_letters import ReasonLetters

SHOWN_ROWS = 5
SHOWN_COLUMNS = 8
SHOWN_CHARACTERS = 32

Item = TypeVar("Item", bound=Hashable)

FileAccounts = dict[str, int | str]
"""Counts of one version of a file, by the names that those of a dataset have."""

_BY_FILE = ("rowsIn", "rowsOut", "deadLetters", "quarantined", "lost", "duplicated")


@dataclass
class Accounts:
    """Counts over all files of a dataset; the names are those of the JSON that the caller reads."""

    files: int = 0
    rowsIn: int = 0  # noqa: N815
    rowsOut: int = 0  # noqa: N815
    deadLetters: int = 0  # noqa: N815
    quarantined: int = 0
    lost: int = 0
    duplicated: int = 0
    problems: list[str] = field(default_factory=list)
    wholeFiles: list[str] = field(default_factory=list)  # noqa: N815
    firstRows: list[list[str]] = field(default_factory=list)  # noqa: N815
    places: list[tuple[str, str]] = field(default_factory=list)
    letters: list[ReasonLetters] = field(default_factory=list)
    byFile: dict[str, FileAccounts] = field(default_factory=dict)  # noqa: N815

    @contextmanager
    def of(self, upload: Upload, *, rows_say_it: bool = True) -> Iterator[None]:
        """Count what the block counts for one file as well; its rows only where they say whose they are.

        A file that was quarantined whole gets the reason.
        """
        names = [name for name in _BY_FILE if rows_say_it or name != "rowsOut"]
        before = {name: getattr(self, name) for name in names}
        known = len(self.wholeFiles)
        yield
        counts: FileAccounts = {name: getattr(self, name) - before[name] for name in names}
        if reasons := self.wholeFiles[known:]:
            counts["reason"] = reasons[0].removeprefix(f"{upload.key}: ")
        self.byFile[str(upload)] = counts

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
    for prefix in prefixes:
        _copy_prefix(bucket, folder, prefix)
    return folder


@cache
def _copy_prefix(bucket: str, folder: Path, prefix: str) -> None:
    """Copy once what several datasets share."""
    client = boto3.client("s3")
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for found in page.get("Contents", []):
            target = folder / found["Key"]
            target.parent.mkdir(parents=True, exist_ok=True)
            client.download_file(bucket, found["Key"], str(target))


def first_rows(folder: Path, left_out: Iterable[str]) -> list[list[str]]:
    """Return the column names and the first rows of the output that has most, as short texts."""
    paths = sorted(folder.rglob("*.parquet"))
    largest = max(paths, key=lambda path: pq.read_metadata(path).num_rows, default=None)
    if largest is None:
        return []
    table = pq.ParquetFile(largest).read()
    table = table.select([name for name in table.column_names if name not in left_out][:SHOWN_COLUMNS])
    rows = table.slice(0, SHOWN_ROWS).to_pylist()
    return [table.column_names, *([brief(shown(cell)) for cell in row.values()] for row in rows)]


def shown(cell: object) -> str:
    """Return a value as SQL would write it, a null as nothing."""
    if isinstance(cell, bool):
        return str(cell).lower()
    return "" if cell is None else str(cell)


def brief(text: str) -> str:
    """Return a text without control characters, cut where it is long."""
    text = "".join(character if character.isprintable() else " " for character in text)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 1]}…"
