"""Folders of a dataset to list: the history, and weekly folders `<year>/week<n>/`.

runtime/ledger/wanted.ts judges the keys of events by the same rule.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

from tributary.running.log import log

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

HISTORY = "all_historical_files/"
_YEAR = re.compile("([0-9]{4})/")
_WEEK = re.compile("week(0?[1-9]|[1-4][0-9]|5[0-3])/")
_NAMED_IN_LOG = 20

Week = tuple[int, int]


@dataclass(frozen=True)
class WantedWeeks:
    """Weekly folders to list: from `start_year` on, those of `weeks` as (year, week), None for all."""

    start_year: int
    weeks: frozenset[Week] | None = None

    @classmethod
    def recent(cls, start_year: int, count: int, now: datetime) -> Self:
        """The last so many ISO weeks of UTC, the current one included; all where `count` is 0."""
        if count == 0:
            return cls(start_year)
        days = (now.astimezone(UTC) - timedelta(weeks=back) for back in range(count))
        return cls(start_year, frozenset(day.isocalendar()[:2] for day in days))

    def has_year(self, year: int) -> bool:
        """Return True where weeks of this year are listed."""
        is_recent = self.weeks is None or any(year == recent for recent, _ in self.weeks)
        return year >= self.start_year and is_recent

    def has(self, week: Week) -> bool:
        """Return True where this week of a listed year is listed."""
        return self.weeks is None or week in self.weeks


class _PassedOver:
    """Skipped entries next to the listed folders: counted, for there may be millions of loose files."""

    def __init__(self, within: str) -> None:
        self._within = within
        self._first: list[str] = []
        self._count = 0

    def add(self, name: str) -> None:
        if len(self._first) < _NAMED_IN_LOG:
            self._first.append(name)
        self._count += 1

    def tell(self) -> None:
        if self._count:
            log("passed over", within=self._within, names=self._first, count=self._count)


def listed_folders(s3: "S3Client", bucket: str, prefix: str, wanted: WantedWeeks) -> Iterator[str]:
    """Yield the folders to list, as prefixes of keys: the history, then the existing weeks in order.

    `week1/` and `week01/` are folders of one week, and both are listed. Entries next to them are logged.
    """
    yield prefix + HISTORY
    passed_over = _PassedOver(prefix)
    for folder in _children(s3, bucket, prefix):
        if year := _YEAR.fullmatch(folder):
            if wanted.has_year(int(year[1])):
                yield from _weeks(s3, bucket, prefix, int(year[1]), wanted)
        elif folder != HISTORY:
            passed_over.add(folder)
    passed_over.tell()


def _weeks(s3: "S3Client", bucket: str, prefix: str, year: int, wanted: WantedWeeks) -> Iterator[str]:
    within = f"{prefix}{year:04}/"
    passed_over = _PassedOver(within)
    for folder in _children(s3, bucket, within):
        if not (week := _WEEK.fullmatch(folder)):
            passed_over.add(folder)
        elif wanted.has((year, int(week[1]))):
            yield within + folder
    passed_over.tell()


def _children(s3: "S3Client", bucket: str, prefix: str) -> Iterator[str]:
    """Yield the names directly below a prefix: of folders with a trailing slash, of files without.

    Versions are listed here, too, so that one permission is enough; a folder may have deleted objects only.
    """
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix, Delimiter="/")
    for page in pages:
        for common in page.get("CommonPrefixes", ()):
            yield common["Prefix"][len(prefix) :]
        for found in page.get("Versions", ()):
            if found["IsLatest"] and found["Key"] != prefix:
                yield found["Key"][len(prefix) :]
