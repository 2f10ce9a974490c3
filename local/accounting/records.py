"""Records of uploaded files, and what each may become."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Literal

Row = dict[str, object]
"""Values of a published row by column, those that its path gives among them."""


def any_bytes(raw: bytes) -> bool:
    """Take any dead letter."""
    return bool(raw)


def any_row(row: Row) -> bool:
    """Take any row."""
    return isinstance(row, dict)


@dataclass(frozen=True)
class Record:
    """A record of a file: its line, element or row from 1, and what it may become.

    `becomes` is None where only the product's own rules tell. `identity` is that of its row, for a row that
    does not say which record it was made of.
    """

    place: int
    becomes: Literal["row", "letter"] | None = None
    identity: Hashable = None
    is_letter: Callable[[bytes], bool] = any_bytes
    is_row: Callable[[Row], bool] = any_row


class FileRecords:
    """The records of one version of a file, by place; those on one line have the same."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._at: defaultdict[int, list[Record]] = defaultdict(list)
        for record in records:
            self._at[record.place].append(record)

    def places(self) -> Counter[int]:
        """Return how many records each place has."""
        return Counter({place: len(records) for place, records in self._at.items() if records})

    def place_of_row(self, place: int, row: Row) -> int:
        """Return the place that a row names, below zero where no record there can have become it."""
        records = self._at.get(place, ())
        return place if any(each.becomes != "letter" and each.is_row(row) for each in records) else -place

    def place_of_letter(self, place: int, raw: bytes) -> int:
        """Return the place that a dead letter names, below zero where no record there can have become it."""
        return place if self._rejected(place, raw) else -place

    def take_letter(self, place: int, raw: bytes) -> int:
        """Leave out the record that became a dead letter; return its place as above."""
        record = self._rejected(place, raw)
        if record is None:
            return -place
        self._at[place].remove(record)
        return place

    def left(self) -> list[Record]:
        """Return what was not left out."""
        return [record for records in self._at.values() for record in records]

    def _rejected(self, place: int, raw: bytes) -> Record | None:
        records = self._at.get(place, ())
        return next((each for each in records if each.becomes != "row" and each.is_letter(raw)), None)
