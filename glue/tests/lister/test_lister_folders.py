"""Which folders are listed: the history and the weeks that are wanted, however their numbers are written."""

import itertools
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from unittest import mock

import pytest

from tests.support.raw_files import PREFIX, RawBucket
from tributary.lister.folders import WantedWeeks, listed_folders
from tributary.running.clients import s3_client

pytestmark = pytest.mark.usefixtures("emulator")

MONDAY = datetime(2026, 1, 5, 0, 0, tzinfo=UTC)


def listed(bucket: RawBucket, wanted: WantedWeeks) -> list[str]:
    folders = listed_folders(s3_client(), bucket.name, [PREFIX], wanted)
    return [folder.removeprefix(PREFIX) for folder in folders]


def test_finds_the_weeks_that_there_are_padded_or_not() -> None:
    bucket = RawBucket()
    weeks = ["2026/week1/", "2026/week01/", "2026/week53/", "2021/week7/", "2025/week52/"]
    for folder in ["all_historical_files/", *weeks]:
        bucket.put(f"{folder}a.json")
    assert listed(bucket, WantedWeeks(2021)) == ["all_historical_files/", *sorted(weeks), ""]


def test_lists_the_history_also_where_there_is_nothing() -> None:
    assert listed(RawBucket(), WantedWeeks(2021)) == ["all_historical_files/", ""]


def test_leaves_all_else_to_the_prefix_itself() -> None:
    bucket = RawBucket()
    weeks = ["week0", "week00", "week54", "week001", "week", "Week1"]
    for folder in [*(f"2026/{week}/" for week in weeks), "26/week1/", "２０２６/week1/", "loose"]:
        bucket.put(f"{folder}a.json")
    bucket.put("2026/")
    bucket.put("loosea.json")
    assert listed(bucket, WantedWeeks(2021)) == ["all_historical_files/", ""]


def test_lists_other_prefixes_as_a_whole() -> None:
    bucket = RawBucket()
    prefixes = ["input/orders/", "raw-json-data/all_historical_files/smoke_ledger/"]
    assert list(listed_folders(s3_client(), bucket.name, prefixes, WantedWeeks(2021))) == prefixes


def test_remembers_none_of_many_loose_files() -> None:
    loose = 50_000

    def pages(Prefix: str, **_: str) -> Iterator[dict[str, Any]]:  # noqa: N803 as S3 names it
        for first in range(0, loose, 1000):
            numbers = range(first, first + 1000)
            yield {
                "Versions": [{"Key": f"{Prefix}{number:0100}.json", "IsLatest": True} for number in numbers]
            }

    client = mock.Mock()
    client.get_paginator.return_value.paginate = pages
    tracemalloc.start()
    assert len(list(listed_folders(client, "raw", [PREFIX], WantedWeeks(2021)))) == 2
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3_000_000


def test_takes_all_names_where_too_many_files_hide_the_folders() -> None:
    asked: list[str] = []

    def pages(Prefix: str, **_: str) -> Iterator[dict[str, Any]]:  # noqa: N803 as S3 names it
        for number in itertools.count():
            asked.append(Prefix)
            yield {"Versions": [{"Key": f"{Prefix}{number}.json", "IsLatest": True}]}

    client = mock.Mock()
    client.get_paginator.return_value.paginate = pages
    next_year = datetime.now(UTC).year + 1
    folders = list(listed_folders(client, "raw", [PREFIX], WantedWeeks(next_year - 1)))
    assert len(folders) == 1 + 2 * 62 + 1
    assert {
        f"{PREFIX}{next_year}/week7/",
        f"{PREFIX}{next_year}/week07/",
        f"{PREFIX}{next_year}/week53/",
    } < set(folders)
    assert len(asked) == 3 * 101
    recent = WantedWeeks(2021, frozenset({(next_year, 1)}))
    assert list(listed_folders(client, "raw", [PREFIX], recent))[1:-1] == [
        f"{PREFIX}{next_year}/week01/",
        f"{PREFIX}{next_year}/week1/",
    ]


def test_begins_with_the_start_year() -> None:
    bucket = RawBucket()
    for year in ("2020", "2021", "2022"):
        bucket.put(f"{year}/week1/a.json")
    assert listed(bucket, WantedWeeks(2021)) == ["all_historical_files/", "2021/week1/", "2022/week1/", ""]


def test_ends_with_the_next_year() -> None:
    bucket = RawBucket()
    next_year = datetime.now(UTC).year + 1
    for year in (next_year, next_year + 2, 9999):
        bucket.put(f"{year}/week1/a.json")
    assert listed(bucket, WantedWeeks(2021)) == ["all_historical_files/", f"{next_year}/week1/", ""]


def test_takes_the_recent_weeks_over_the_turn_of_the_year() -> None:
    bucket = RawBucket()
    for folder in ("2025/week51", "2025/week52", "2026/week1", "2026/week02", "2026/week03", "2025/week2"):
        bucket.put(f"{folder}/a.json")
    wanted = WantedWeeks.recent(2021, 3, MONDAY)
    assert wanted.weeks == {(2025, 52), (2026, 1), (2026, 2)}
    assert listed(bucket, wanted)[1:-1] == ["2025/week52/", "2026/week02/", "2026/week1/"]


@pytest.mark.parametrize(
    ("now", "week"),
    [
        (MONDAY, (2026, 2)),
        (MONDAY - timedelta(seconds=1), (2026, 1)),
        (datetime(2027, 1, 1, tzinfo=UTC), (2026, 53)),
        (datetime(2024, 12, 30, tzinfo=UTC), (2025, 1)),
        (datetime(2026, 1, 5, 1, 0, tzinfo=timezone(timedelta(hours=2))), (2026, 1)),
    ],
)
def test_counts_weeks_as_iso_does_in_utc(now: datetime, week: tuple[int, int]) -> None:
    assert WantedWeeks.recent(2021, 1, now).weeks == {week}


def test_takes_all_weeks_where_none_are_counted() -> None:
    assert WantedWeeks.recent(2021, 0, MONDAY) == WantedWeeks(2021)


def test_wants_no_week_before_the_start_year_however_recent() -> None:
    wanted = WantedWeeks.recent(2026, 3, MONDAY)
    assert not wanted.has_year(2025)
    assert wanted.has_year(2026)
