"""Published rows and dead letters, as copies of the buckets have them."""

import base64
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import pyarrow.parquet as pq

from local.accounting.accounts import Accounts
from local.accounting.inputs import BrokenFileError, Upload
from local.accounting.records import FileRecords, Row
from local.accounting.rules import Rules
from tributary.kernels.output.dead_letters import read_letters

Version = tuple[str, str]
"""Key and version id: the files of a run lie in one bucket."""

Letter = tuple[Version, int, bytes]
"""Source of a dead letter, its place, and the record."""


@dataclass
class Found:
    """Places of outputs by version: how often each, below zero where the record there is another."""

    rows: defaultdict[Version, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    letters: defaultdict[Version, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))

    def take(self, version: Version) -> tuple[Counter[int], Counter[int]]:
        """Return rows and dead letters of a version, once."""
        return self.rows.pop(version, Counter()), self.letters.pop(version, Counter())


def compare_places(
    rules: Rules,
    uploads: Iterable[Upload],
    rows: Iterable[tuple[Path, Row]],
    letters: Iterable[tuple[Path, Letter]],
    is_placed: Callable[[Path, str], bool] = lambda _path, _key: True,
) -> Found:
    """Compare rows and dead letters that say their places with the records there.

    `is_placed` tells whether what came of a key may lie in a file.
    """
    by_version = {(upload.key, upload.version): upload for upload in uploads}

    # The outputs of a file lie behind each other: so few files are read at a time.
    @lru_cache(maxsize=4)
    def records_of(version: Version) -> FileRecords:
        return records(rules, by_version[version]) if version in by_version else FileRecords(())

    address, version_id, line = rules.place_columns or ("", "", "")
    found = Found()
    for path, row in rows:
        key = key_of_address(str(row[address]))
        source, place = (key, str(row[version_id])), int(str(row[line]))
        fits = is_placed(path, key)
        found.rows[source][records_of(source).place_of_row(place, row) if fits else -place] += 1
    for path, (source, place, raw) in letters:
        fits = is_placed(path, source[0])
        found.letters[source][records_of(source).place_of_letter(place, raw) if fits else -place] += 1
    return found


def account_for_foreign(accounts: Accounts, found: Found) -> None:
    """Count what was published of no upload."""
    for version in {**found.rows, **found.letters}:
        rows, letters = found.take(version)
        accounts.rowsOut += rows.total()
        accounts.deadLetters += letters.total()
        accounts.compare(" ".join(version), "records", Counter(), rows + letters)


def key_of_address(address: str) -> str:
    """Return the key of `s3://bucket/key`, or of what is one already."""
    return address.split("/", 3)[3] if address.startswith("s3://") else address


def records(rules: Rules, upload: Upload) -> FileRecords:
    """Return the records of a file; none of one that nobody can read."""
    try:
        return FileRecords(rules.records(upload.path))
    except BrokenFileError:
        return FileRecords(())


def rows_below(folder: Path, columns: Sequence[str] | None = None) -> Iterator[tuple[Path, Row]]:
    """Give the rows of all Parquet objects, of all columns or some, with what their paths say."""
    for path in sorted(folder.rglob("*.parquet")):
        partition = partition_of(path.relative_to(folder))
        for row in rows_of(path, columns):
            yield path, row | partition


def rows_of(path: Path, columns: Sequence[str] | None = None) -> Iterator[Row]:
    """Give the rows of one Parquet object."""
    file = pq.ParquetFile(path)
    wanted = None if columns is None else [name for name in columns if name in file.schema_arrow.names]
    if wanted == []:
        yield from ({} for _ in range(file.metadata.num_rows))
        return
    for batch in file.iter_batches(columns=wanted):
        yield from batch.to_pylist()


def partition_of(path: Path) -> Row:
    """Return the values that folders such as `year=2026` give."""
    return {name: value for name, equals, value in (part.partition("=") for part in path.parts) if equals}


def letters_below(folder: Path) -> Iterator[tuple[Path, Letter]]:
    """Give the dead letters of all objects."""
    for path in sorted(folder.rglob("*.ndjson")):
        for letter in read_letters(path.read_bytes().splitlines()):
            raw = (
                letter["raw_text"].encode()
                if "raw_text" in letter
                else base64.b64decode(letter["raw_base64"])
            )
            yield path, ((letter["source_key"], letter["source_version"]), letter["line"], raw)
