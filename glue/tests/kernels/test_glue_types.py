"""Texts read as values of the declared types: exactly, or not at all."""

import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tributary.datasets.types import column_type
from tributary.kernels.transform.nested_types import cast

BAD = object()


def cast_one(text: str, glue_type: str) -> Any:
    result = cast(pa.array([text], pa.string()), column_type(glue_type))
    value = result.values[0].as_py()
    assert (value is None) == (result.bad is not None)
    return BAD if value is None else value


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


TABLE: dict[str, dict[str, Any]] = {
    "string": {"": "", "a": "a", "1.10": "1.10", "\0": "\0"},
    "boolean": {"true": True, "false": False, "True": BAD, "1": BAD, "": BAD, "true\n": BAD},
    "int": {"2147483647": 2147483647, "-2147483648": -2147483648, "2147483648": BAD, "-2147483649": BAD},
    "bigint": {
        "0": 0,
        "-0": 0,
        "9223372036854775807": 9223372036854775807,
        "9223372036854775808": BAD,
        **dict.fromkeys(["", "007", "+1", "1.0", "1e3", "0x1F", " 1", "1 ", "1\n", "-", "١", "{}"], BAD),
    },
    "double": {
        "1.5": 1.5,
        "-0": 0.0,
        "1E5": 100000.0,
        "0.1": 0.1,
        "12345678901234567890": 1.2345678901234567e19,
        "4.9e-324": 5e-324,
        **dict.fromkeys(
            ["1e400", "-1e400", "NaN", "inf", "Infinity", ".5", "5.", "01", "1e", "", "0x1"], BAD
        ),
    },
    "decimal(5,2)": {
        "1.5": Decimal("1.50"),
        "-999.99": Decimal("-999.99"),
        "1.500": Decimal("1.50"),
        "1e2": Decimal("100.00"),
        "100e-2": Decimal("1.00"),
        **dict.fromkeys(
            ["1.505", "1000", "1e3", "1e-3", "1e999999999", ".5", "5.", "00012", "", "1,5", "NaN"], BAD
        ),
    },
    "decimal(1,0)": {
        "1E-39": BAD,
        "0." + "0" * 38 + "1": BAD,
        "0E-39": Decimal(0),
        "1" + "0" * 40 + "E-40": Decimal(1),
    },
    "decimal(38,0)": {"9" * 38: Decimal("9" * 38), "1" + "0" * 38: BAD, "1e37": Decimal("1e37"), "1e38": BAD},
    "date": {
        "2024-02-29": date(2024, 2, 29),
        "0001-01-01": date(1, 1, 1),
        "9999-12-31": date(9999, 12, 31),
        **dict.fromkeys(
            ["2025-02-29", "0000-01-01", "2025-1-1", "20250101", "2025-01-01T00:00:00Z", "", "today"], BAD
        ),
    },
    "timestamp": {
        "2025-02-09T03:31:48Z": utc(2025, 2, 9, 3, 31, 48),
        "2025-02-09T03:31:48.46Z": utc(2025, 2, 9, 3, 31, 48, 460000),
        "2025-02-09T03:31:48.123456+02:00": utc(2025, 2, 9, 1, 31, 48, 123456),
        "2025-02-09T03:31:48-00:30": utc(2025, 2, 9, 4, 1, 48),
        "2025-02-09T03:31:48.123456000Z": utc(2025, 2, 9, 3, 31, 48, 123456),
        "2025-02-09T03:31:48.1234560+00:00": utc(2025, 2, 9, 3, 31, 48, 123456),
        "2025-02-09T03:31Z": utc(2025, 2, 9, 3, 31),
        "2025-02-09 03:31:48Z": utc(2025, 2, 9, 3, 31, 48),
        "2025-02-09t03:31:48.5z": utc(2025, 2, 9, 3, 31, 48, 500000),
        "2025-02-09T03:31:48+0200": utc(2025, 2, 9, 1, 31, 48),
        "20250209T033148,1234560+02": utc(2025, 2, 9, 1, 31, 48, 123456),
        "0001-01-01T00:00:00Z": utc(1, 1, 1),
        "9999-12-31T23:59:59.999999Z": utc(9999, 12, 31, 23, 59, 59, 999999),
        **dict.fromkeys(
            [
                "2025-02-09T03:31:48",
                "2025-02-09T03:31:48.1234567Z",
                "2025-02-09T03:31:48+25:00",
                "2025-02-30T00:00:00Z",
                "2025-02-09T24:00:00Z",
                "2025-02-09T23:59:60Z",
                "0001-01-01T00:00:00+00:01",
                "9999-12-31T23:59:59-00:01",
                "2025-02-09",
                "1739071908",
                "",
            ],
            BAD,
        ),
    },
}


@pytest.mark.parametrize(
    ("glue_type", "text"), [(glue_type, text) for glue_type, texts in TABLE.items() for text in texts]
)
def test_reads_a_text_exactly_or_not_at_all(glue_type: str, text: str) -> None:
    assert cast_one(text, glue_type) == TABLE[glue_type][text]


@pytest.mark.parametrize("glue_type", TABLE)
def test_reads_the_good_texts_among_bad_ones_and_nulls(glue_type: str) -> None:
    texts = [text for text in TABLE[glue_type] for _ in range(3)]
    column = pa.array([*texts, None] * 50, pa.string())
    result = cast(column, column_type(glue_type))
    expected = [TABLE[glue_type].get(text, BAD) if text is not None else None for text in column.to_pylist()]
    assert result.values.to_pylist() == [None if value is BAD else value for value in expected]
    bad = [value is BAD for value in expected]
    assert (result.bad.to_pylist() if result.bad is not None else [False] * len(column)) == bad


def test_leaves_nulls_alone() -> None:
    for glue_type in TABLE:
        result = cast(pa.nulls(3, pa.string()), column_type(glue_type))
        assert (result.values.null_count, result.bad) == (3, None)


NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,15})?([eE][+-]?[0-9]{1,2})?", fullmatch=True)


@given(NUMBERS, st.integers(1, 38).flatmap(lambda p: st.tuples(st.just(p), st.integers(0, p))))
@example("0e-99", (5, 2))
@example("-0.0", (1, 0))
def test_holds_a_decimal_exactly_or_refuses_it(text: str, size: tuple[int, int]) -> None:
    precision, scale = size
    found = cast_one(text, f"decimal({precision},{scale})")
    exact = Decimal(text)
    digits = exact.scaleb(scale)
    fits = digits == digits.to_integral_value() and abs(digits) < Decimal(10) ** precision
    if found is BAD:
        # Arrow takes at most 38 digits, and no zero of 39 places, before it looks at what they mean.
        assert not fits or len(re.sub(r"[eE].*|[^0-9]", "", text)) > 38 or exact.adjusted() > 37
    else:
        assert found == exact


@given(st.integers(-(2**70), 2**70) | st.sampled_from([2**31, 2**63, -(2**31), -(2**63)]))
def test_holds_an_integer_in_range_or_refuses_it(number: int) -> None:
    assert cast_one(str(number), "bigint") == (number if -(2**63) <= number < 2**63 else BAD)
    assert cast_one(str(number), "int") == (number if -(2**31) <= number < 2**31 else BAD)


@given(NUMBERS)
def test_gives_the_double_nearest_to_a_number(text: str) -> None:
    assert cast_one(text, "double") == float(json.loads(text, parse_int=float))


@given(st.datetimes(), st.sampled_from(["Z", "+00:00", "-05:30", "+14:00"]))
def test_reads_every_moment(moment: datetime, zone: str) -> None:
    text = moment.isoformat() + zone
    try:
        expected = datetime.fromisoformat(text).astimezone(UTC)
    except OverflowError:
        assert cast_one(text, "timestamp") is BAD
    else:
        assert cast_one(text, "timestamp") == expected


@given(st.text(st.characters(codec="utf-8")) | st.text("0123456789-+.eETZ:infaNtrue "))
def test_reads_no_text_that_is_not_written_as_the_type_demands(text: str) -> None:
    for glue_type in ("boolean", "int", "bigint", "double", "decimal(9,3)", "date", "timestamp"):
        if cast_one(text, glue_type) is not BAD:
            assert re.fullmatch(r"true|false|[0-9TZeE:.+-]+", text, re.ASCII)


def test_refuses_every_text_by_its_value_alone() -> None:
    result = cast(pa.repeat("2025-02-30", 20_000), column_type("date"))
    assert result.values.null_count == 20_000
