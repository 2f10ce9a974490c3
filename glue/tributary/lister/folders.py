"""Folders of a dataset to list: the history, and weekly folders `<year>/week<n>/`.

runtime/ledger/wanted.ts judges the keys of events by the same rule, but takes years to come as well: a file
of one costs a row, and its folder would cost a listing in every run.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Self

from tributary.running.clock import utc_now
from tributary.running.log import log

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

HISTORY = "all_historical_files/"
_YEAR = re.compile("([0-9]{4})/")
_WEEK = re.compile("week(0?[1-9]|[1-4][0-9]|5[0-3])/")
_ALL_WEEKS = sorted({f"week{number:0{width}}/" for number in range(1, 54) for width in (1, 2)})
_NAMED_IN_LOG = 20
# Of up to 1,000 names each.
_MOST_PAGES = 100

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

    `week1/` and `week01/` are folders of one week, and both are listed. Entries next to them are logged, as
    years after the next one are. Where these are too many to look through, all names of weeks are listed.
    """
    yield prefix + HISTORY
    last_year = utc_now().year + 1
    years = _folders(s3, bucket, prefix, lambda name: name == HISTORY or _is_year(name, last_year))
    if years is None:
        years = [f"{year:04}/" for year in range(wanted.start_year, last_year + 1)]
    for folder in years:
        if (year := _YEAR.fullmatch(folder)) and wanted.has_year(int(year[1])):
            yield from _weeks(s3, bucket, prefix + folder, int(year[1]), wanted)


def _is_year(name: str, last: int) -> bool:
    year = _YEAR.fullmatch(name)
    return year is not None and int(year[1]) <= last


def _weeks(s3: "S3Client", bucket: str, within: str, year: int, wanted: WantedWeeks) -> Iterator[str]:
    weeks = _folders(s3, bucket, within, lambda name: _WEEK.fullmatch(name) is not None)
    for folder in _ALL_WEEKS if weeks is None else weeks:
        if (week := _WEEK.fullmatch(folder)) and wanted.has((year, int(week[1]))):
            yield within + folder


def _folders(s3: "S3Client", bucket: str, prefix: str, is_folder: Callable[[str], bool]) -> list[str] | None:
    """Return the folders directly below a prefix; None where too many names stand there."""
    found: list[str] = []
    passed_over = _PassedOver(prefix)
    for number, page in enumerate(_children(s3, bucket, prefix)):
        if number == _MOST_PAGES:
            break
        for name in page:
            if is_folder(name):
                found.append(name)
            else:
                passed_over.add(name)
    else:
        passed_over.tell()
        return found
    passed_over.tell()
    return None


def _children(s3: "S3Client", bucket: str, prefix: str) -> Iterator[Iterator[str]]:
    """Yield the names directly below a prefix, page by page; those of folders have a trailing slash.

    Versions are listed here, too, so that one permission is enough; a folder may have deleted objects only.
    """
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix, Delimiter="/")
    for page in pages:
        folders = (common["Prefix"] for common in page.get("CommonPrefixes", ()))
        files = (found["Key"] for found in page.get("Versions", ()) if found["IsLatest"])
        yield (name[len(prefix) :] for name in chain(folders, files) if name != prefix)
