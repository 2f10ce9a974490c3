"""Folders to list: the datasets' prefixes, and below the weekly one the history and its weeks by themselves.

Weeks of years to come are announced by events alone: a file of one costs a row, and its folder would cost a
listing in every run.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

from tributary.lister.inputs import HISTORY, WEEK, WEEKLY_PREFIX
from tributary.running.clock import utc_now

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_YEAR = re.compile("([0-9]{4})/")
_ALL_WEEKS = sorted({f"week{number:0{width}}/" for number in range(1, 54) for width in (1, 2)})
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


def listed_folders(
    s3: "S3Client", bucket: str, prefixes: Iterable[str], wanted: WantedWeeks
) -> Iterator[str]:
    """Yield the folders to list, as prefixes of keys.

    Each prefix is one, whatever lies below it. Below the weekly one, so are the history and the existing
    weeks in order; `version_pages` leaves these out of the prefix's own listing. `week1/` and `week01/` are
    folders of one week, and both are listed. Where the folders are too many to look through, all names of
    weeks are.
    """
    for prefix in prefixes:
        if prefix == WEEKLY_PREFIX:
            yield from _weekly_folders(s3, bucket, prefix, wanted)
        yield prefix


def _weekly_folders(s3: "S3Client", bucket: str, prefix: str, wanted: WantedWeeks) -> Iterator[str]:
    yield prefix + HISTORY
    last_year = utc_now().year + 1
    years = _folders(s3, bucket, prefix, lambda name: _is_year(name, last_year))
    if years is None:
        years = [f"{year:04}/" for year in range(wanted.start_year, last_year + 1)]
    for folder in years:
        if (year := _YEAR.fullmatch(folder)) and wanted.has_year(int(year[1])):
            yield from _weeks(s3, bucket, prefix + folder, int(year[1]), wanted)


def _is_year(name: str, last: int) -> bool:
    year = _YEAR.fullmatch(name)
    return year is not None and int(year[1]) <= last


def _weeks(s3: "S3Client", bucket: str, within: str, year: int, wanted: WantedWeeks) -> Iterator[str]:
    weeks = _folders(s3, bucket, within, lambda name: WEEK.fullmatch(name) is not None)
    for folder in _ALL_WEEKS if weeks is None else weeks:
        if (week := WEEK.fullmatch(folder)) and wanted.has((year, int(week[1]))):
            yield within + folder


def _folders(s3: "S3Client", bucket: str, prefix: str, is_folder: Callable[[str], bool]) -> list[str] | None:
    """Return the folders directly below a prefix; None where too many names stand there."""
    found: list[str] = []
    for number, page in enumerate(_children(s3, bucket, prefix)):
        if number == _MOST_PAGES:
            return None
        found += filter(is_folder, page)
    return found


def _children(s3: "S3Client", bucket: str, prefix: str) -> Iterator[Iterator[str]]:
    """Yield the names of folders directly below a prefix, page by page, with a trailing slash.

    Versions are listed here, too, so that one permission is enough; a folder may have deleted objects only.
    """
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix, Delimiter="/")
    for page in pages:
        yield (common["Prefix"][len(prefix) :] for common in page.get("CommonPrefixes", ()))
