"""Texts as values by declared forms, as tables and against the standard library."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tributary.datasets.declaration import InputColumn
from tributary.datasets.types import column_type
from tributary.errors import DeclarationError
from tributary.kernels.transform.text_values import text_values

DAY_FORMATS = ("%d/%m/%Y", "%m/%d/%Y", "%Y%m%d", "%d.%m.%y", "%d-%b-%Y", "%d %B %Y", "%Y-%m-%d 100%%")
TIME_FORMATS = ("%Y-%m-%d %H:%M:%S.%f", "%d/%m/%Y %I:%M:%S %p", "%Y%m%d%H%M%S", "%d %b %Y %H:%M:%S%z")


def values(kind: str, *texts: str | None, empty_is_null: bool = False, **form: Any) -> list[Any]:
    """The values, "bad" where a text is none."""
    column = InputColumn("c", kind, ("c",), **form)
    found = text_values(pa.array(texts, pa.string()), column_type(kind), column, empty_is_null=empty_is_null)
    bad = [False] * len(texts) if found.bad is None else found.bad.to_pylist()
    return ["bad" if each else value for value, each in zip(found.values.to_pylist(), bad, strict=True)]


def moment(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


TABLE: list[tuple[str, dict[str, Any], dict[str | None, Any]]] = [
    ("string", {"text": "trimmed"}, {" a ": "a", "": "", None: None}),
    ("string", {"text": "exact", "empty_is_null": True}, {" a ": " a ", "": ""}),
    ("string", {"text": "words"}, {"ann LEE": "Ann Lee"}),
    (
        "int",
        {"empty_is_null": True},
        {"": None, "12": 12, " 12": "bad", "+1": "bad", "007": "bad", "1.0": "bad"},
    ),
    ("int", {}, {"": "bad", "2147483647": 2147483647, "2147483648": "bad"}),
    (
        "bigint",
        {"grouping": " "},
        {"1 000": 1000, "1000": 1000, "10 00": "bad", "1 0000": "bad", " 100": "bad"},
    ),
    ("double", {"decimal": ","}, {"1,5": 1.5, "-0,25": -0.25, "1.5": "bad", "1e3": 1000.0, ",5": "bad"}),
    (
        "decimal(12,2)",
        {"decimal": ",", "grouping": "."},
        {
            "1.234.567,89": Decimal("1234567.89"),
            "1.000": Decimal(1000),
            "1.00": "bad",
            "1,234": "bad",
            "0.123": "bad",
            "-12,5": Decimal("-12.5"),
        },
    ),
    ("decimal(12,2)", {"grouping": ","}, {"1,234.50": Decimal("1234.5"), "1,2345": "bad", ",123": "bad"}),
    ("decimal(12,2)", {"grouping": "\u00a0"}, {"1\u00a0234.50": Decimal("1234.5"), "1 234": "bad"}),
    ("boolean", {}, {"true": True, "false": False, "TRUE": "bad"}),
    (
        "boolean",
        {"true_words": ("Yes", "Ä"), "false_words": ("no", ""), "empty_is_null": True},
        {"YES": True, "ä": True, "No": False, "": None, "y": "bad", "true": "bad", None: None},
    ),
    ("boolean", {"false_words": ("0",)}, {"0": False, "true": True, "false": "bad"}),
    ("date", {}, {"2026-01-31": date(2026, 1, 31), "31/01/2026": "bad", "2026-02-29": "bad"}),
    (
        "date",
        {"dates": ("%d/%m/%Y", "iso")},
        {
            "1/2/2026": date(2026, 2, 1),
            "31/02/2026": "bad",
            "2026-02-01": date(2026, 2, 1),
            "01/02/26": "bad",
            " 01/02/2026": "bad",
            "01/02/2026x": "bad",
            "01/01/0001": date(1, 1, 1),
            "01/01/0000": "bad",
        },
    ),
    ("date", {"dates": ("%d%m%Y",)}, {"01022026": date(2026, 2, 1), "1022026": "bad"}),
    ("date", {"dates": ("%d.%m.%y",)}, {"1.2.68": date(2068, 2, 1), "1.2.69": date(1969, 2, 1)}),
    ("date", {"dates": ("%d-%b-%Y",)}, {"5-JAN-2026": date(2026, 1, 5), "5-Mai-2026": "bad"}),
    (
        "date",
        {"dates": ("%d/%m/%Y %H:%M:%S",)},
        {"01/02/2026 00:00:00": date(2026, 2, 1), "01/02/2026 00:00:01": "bad", "01/02/2026": "bad"},
    ),
    (
        "timestamp",
        {},
        {
            "2026-07-01T12:00:00Z": moment(2026, 7, 1, 12),
            "2026-07-01 12:00+02:00": moment(2026, 7, 1, 10),
            "2026-07-01t12:00:00.5z": moment(2026, 7, 1, 12, 0, 0, 500_000),
            "2026-07-01T12:00:00": "bad",
            "2026-07-01T12:00:00+99:00": "bad",
            "2026-07-01T24:00:00Z": "bad",
            "2026-07-01T12:00:60Z": "bad",
        },
    ),
    (
        "timestamp",
        {"zone": "Europe/Berlin"},
        {
            "2026-07-01 12:00:00": moment(2026, 7, 1, 10),
            "2026-07-01T12:00": moment(2026, 7, 1, 10),
            "2026-07-01T12:00:00Z": moment(2026, 7, 1, 12),
            "20260701T1200": moment(2026, 7, 1, 10),
            "2026-07-01t12:00:00,5": moment(2026, 7, 1, 10, 0, 0, 500_000),
            "2026-07-01 12:00:00 UTC": moment(2026, 7, 1, 12),
            "2026-07-01 12:00:00 CET": "bad",
            "2026-07-01T12": "bad",
            "2026-07-01 12:00:00.1234560": moment(2026, 7, 1, 10, 0, 0, 123456),
            "2026-07-01 12:00:00.1234567": "bad",
            "2026-03-29 02:30:00": "bad",
            "2026-10-25 02:30:00": "bad",
            "2026-10-25 03:00:00": moment(2026, 10, 25, 2),
            "0001-01-01 00:00:00": "bad",
            "2026-07-01": "bad",
        },
    ),
    (
        "timestamp",
        {"zone": "America/New_York", "dates": ("%m/%d/%Y %I:%M %p", "%m/%d/%Y", "iso")},
        {
            "7/1/2026 12:05 AM": moment(2026, 7, 1, 4, 5),
            "7/1/2026 1:05 pm": moment(2026, 7, 1, 17, 5),
            "7/1/2026": moment(2026, 7, 1, 4),
            "2026-07-01 00:00:00": moment(2026, 7, 1, 4),
            "7/1/2026 0:05 pm": "bad",
            "7/1/2026 13:05 pm": "bad",
        },
    ),
    (
        "timestamp",
        {"dates": ("%d/%b/%Y:%H:%M:%S %z",)},
        {
            "01/Jul/2026:12:00:00 +0200": moment(2026, 7, 1, 10),
            "01/Jul/2026:12:00:00 Z": moment(2026, 7, 1, 12),
        },
    ),
    (
        "instant",
        {"zone": "UTC"},
        {
            "1735689600": moment(2025, 1, 1),
            "2025-01-01 00:00": moment(2025, 1, 1),
            "20250101T000000.1234567": moment(2025, 1, 1, 0, 0, 0, 123456),
            "20250101": moment(1970, 8, 23, 9, 1, 41),
            "2025-01-01 00:00:00.1234567": moment(2025, 1, 1, 0, 0, 0, 123456),
        },
    ),
    (
        "instant",
        {"zone": "UTC", "dates": ("%Y%m%d%H%M%S",)},
        {"20250101000000": moment(2025, 1, 1), "1735689600": "bad"},
    ),
    ("array<int>", {"empty_is_null": True}, {"[1,2]": [1, 2], "": None, "[1,x]": "bad"}),
]


@pytest.mark.parametrize(("kind", "form", "cases"), TABLE, ids=[f"{kind} {form}" for kind, form, _ in TABLE])
def test_takes_a_text_exactly_or_not_at_all(
    kind: str, form: dict[str, Any], cases: dict[str | None, Any]
) -> None:
    assert dict(zip(cases, values(kind, *cases, **form), strict=True)) == cases
    # Alone, a text has the same value as beside others.
    assert {text: values(kind, text, **form)[0] for text in cases} == cases


@pytest.mark.parametrize(
    "date_format", ["%Q", "%d/%m", "%d/%d/%m/%Y", "%Y-%y-%m-%d", "%d/%m/%Y %I", "%", "ISO"]
)
def test_refuses_a_format_that_tells_no_day(date_format: str) -> None:
    for kind in ("date", "timestamp", "instant"):
        with pytest.raises(DeclarationError, match='expected "iso", or a day, month and year among %Y'):
            values(kind, dates=(date_format,))


def test_refuses_a_zone_that_nobody_knows() -> None:
    with pytest.raises(DeclarationError, match='such as Europe/Berlin, got "Mars/Olympus"'):
        values("timestamp", "2026-07-01 12:00:00", zone="Mars/Olympus")


def python_has(text: str, date_format: str) -> datetime | None:
    try:
        return datetime.strptime(text, date_format)
    except ValueError:
        return None


@given(day=st.dates(date(1969, 1, 1), date(2068, 12, 31)), date_format=st.sampled_from(DAY_FORMATS))
@settings(max_examples=200)
def test_reads_back_what_the_standard_library_writes(day: date, date_format: str) -> None:
    assert values("date", day.strftime(date_format), dates=(date_format,)) == [day]


@given(
    time=st.datetimes(datetime(1969, 1, 1), datetime(2068, 12, 31)), date_format=st.sampled_from(TIME_FORMATS)
)
@settings(max_examples=200)
def test_reads_back_the_times_that_it_writes(time: datetime, date_format: str) -> None:
    text = time.replace(tzinfo=UTC).strftime(date_format)
    known = time if "%f" in date_format else time.replace(microsecond=0)
    assert values("timestamp", text, dates=(date_format,), zone="UTC") == [known.replace(tzinfo=UTC)]


TEXTS = st.lists(st.text("0123456789/.-: %JanFebAMpmZ+", max_size=12), min_size=1, max_size=8)


@given(texts=TEXTS, date_format=st.sampled_from(DAY_FORMATS))
@settings(max_examples=300)
def test_takes_no_text_that_the_standard_library_does_not(texts: list[str], date_format: str) -> None:
    for text, value in zip(texts, values("date", *texts, dates=(date_format,)), strict=True):
        if value != "bad":
            found = python_has(text, date_format)
            assert found is not None
            assert found.date() == value


ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca")


@given(time=st.datetimes(datetime(1975, 1, 1), datetime(2036, 1, 1)), zone=st.sampled_from(ZONES))
@settings(max_examples=300)
def test_takes_the_times_that_clocks_of_the_zone_show_once(time: datetime, zone: str) -> None:
    time = time.replace(microsecond=0)
    shown = [time.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1)]
    is_one = shown[0] == shown[1]
    assert values("timestamp", str(time), zone=zone) == [shown[0] if is_one else "bad"]


@pytest.mark.parametrize("zone", ZONES)
def test_takes_no_hour_that_clocks_skip_or_repeat(zone: str) -> None:
    """All quarters of an hour of a year, of which a change of clocks takes or gives an hour, or half one."""
    quarters = [datetime(2025, 1, 1) + timedelta(minutes=15 * index) for index in range(4 * 24 * 365)]
    found = values("timestamp", *map(str, quarters), zone=zone)
    for time, value in zip(quarters, found, strict=True):
        first, last = (time.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1))
        assert value == (first if first == last else "bad")


@given(
    number=st.decimals(-(10**9), 10**9, places=2),
    signs=st.sampled_from([(".", ","), (",", "."), (",", " "), (".", "'"), (",", "\u202f")]),
)
@settings(max_examples=200)
def test_reads_back_numbers_with_any_signs(number: Decimal, signs: tuple[str, str]) -> None:
    decimal, grouping = signs
    text = f"{number:,.2f}".translate(str.maketrans({",": grouping, ".": decimal}))
    form = {"decimal": decimal, "grouping": grouping}
    assert values("decimal(18,2)", text, text.replace(grouping, ""), **form) == [number, number]
