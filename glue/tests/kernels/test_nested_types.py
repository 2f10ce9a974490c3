"""Instants, arrays and structs: the texts of JSON as values of declared types, exactly or not at all."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tributary.datasets.declaration import InputColumn
from tributary.datasets.types import column_type
from tributary.kernels.transform.column_values import column_values
from tributary.kernels.transform.faults import Fault, fault_of_value, fault_on_path
from tributary.kernels.transform.glue_types import arrow_type
from tributary.kernels.transform.iso import why_not
from tributary.kernels.transform.nested_types import cast, members

BAD = object()


def cast_all(texts: list[str | None], kind: str) -> list[Any]:
    """The values, `BAD` where a text will not do."""
    result = cast(pa.array(texts, pa.string()), column_type(kind))
    assert result.values.type == arrow_type(kind)
    bad = [False] * len(texts) if result.bad is None else result.bad.to_pylist()
    values = result.values.to_pylist()
    assert all(value is None for value, is_bad in zip(values, bad, strict=True) if is_bad)
    return [BAD if is_bad else value for value, is_bad in zip(values, bad, strict=True)]


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


ITEMS = "array<struct<sku:string,quantity:int,price:decimal(18,2)>>"

FAULTS: dict[tuple[str, str], tuple[str, str]] = {
    ("int", "x"): ("bad-value", 'the column "c" has "x", which is no int'),
    ("int", "1\N{ZERO WIDTH SPACE}"): ("bad-value", 'the column "c" has "1\\u200b", which is no int'),
    (ITEMS, '[{"quantity":1},{"quantity":2.5}]'): ("bad-value", 'c[1].quantity has "2.5", which is no int'),
    (ITEMS, '[{"price":1.001}]'): ("bad-value", 'c[0].price has "1.001", which is no decimal(18,2)'),
    (ITEMS, "[null,5]"): ("bad-value", 'c[1] has "5", which is no object'),
    (ITEMS, '[{"sku":1,"sku":2}]'): (
        "duplicate-key",
        'c[0] is no object: the key "sku" stands twice, the second time at column 10',
    ),
    (ITEMS, '[{"sku":1,}]'): (
        "bad-value",
        'c[0] has "{\\"sku\\":1,}", which is no JSON',
    ),
    (ITEMS, "2 x"): ("bad-value", f'the column "c" has "2 x", which is no {ITEMS}'),
    ("array<array<int>>", "[[1],[2,x]]"): ("bad-value", 'c[1] has "[2,x]", which is no JSON'),
    ("struct<a_b:struct<c:array<instant>>>", '{"a_b":{"c":[0,"soon"]}}'): (
        "bad-value",
        'c.a_b.c[1] has "soon", which is no instant',
    ),
    ("timestamp", "2026-01-31"): (
        "bad-value",
        'the column "c" has "2026-01-31", which is no timestamp: a date alone is no moment',
    ),
}


@pytest.mark.parametrize(("kind", "text"), FAULTS)
def test_says_where_in_a_value_the_fault_is(kind: str, text: str) -> None:
    assert cast_all([text], kind) == [BAD]
    fault = fault_of_value(InputColumn("c", kind, ("c",)), text)
    assert (fault.reason, fault.message) == FAULTS[kind, text]


def test_says_of_an_object_on_a_path_why_it_is_none() -> None:
    place = 'the column "c" lies in a.b, which'
    assert fault_on_path("c", ("a", "b"), '{"x":1, "x":2}') == Fault(
        "duplicate-key", f'{place} is no object: the key "x" stands twice, the second time at column 9'
    )
    assert fault_on_path("c", ("a", "b"), "\x1b") == Fault(
        "bad-value", f'{place} has "\\u001b" and is no object'
    )


def test_reads_fields_by_their_own_keys() -> None:
    declared = "struct<user_id:int,cost:decimal(5,2),plain:string>"
    keys = {"user_id": "userId", "cost": "Cost $"}
    text = '{"userId":7,"Cost $":1.5,"plain":"y","user_id":8,"cost":9}'
    expected = {"user_id": 7, "cost": Decimal("1.50"), "plain": "y"}
    found = cast(pa.array([text, '{"user_id":8}', '{"userId":"x"}']), column_type(declared, keys))
    assert found.values.to_pylist() == [expected, dict.fromkeys(expected), None]
    nested = cast(pa.array([f"[{text},null]"]), column_type(f"array<{declared}>", keys))
    assert nested.values.to_pylist() == [[expected, None]]
    column = InputColumn("c", declared, ("c",), keys=keys)
    assert column_values(pa.array([text]), column, empty_is_null=False).values.to_pylist() == [expected]
    assert fault_of_value(column, '{"userId":"x"}').message == 'c.userId has "x", which is no int'


def test_takes_no_two_objects_for_one() -> None:
    assert cast_all(['{"sku":"a"}{"sku":"b"}', '[{"sku":"a"}{"sku":"b"}]'], ITEM) == [BAD, BAD]
    assert cast_all(['[{"sku":"a"}{"sku":"b"}]', "[{}]"], ITEMS)[0] is BAD
    assert cast_all(['[{"a":1}{"a":2}]'], "array<string>") == [BAD]


NO_MOMENT = "there is no such moment from the year 1 to 9999, or it is finer than a microsecond"

ISO: dict[str, Any] = {
    "2026-01-31T00:00Z": at(2026, 1, 31),
    "2026-01-31T00:00+02:00": at(2026, 1, 30, 22),
    "2026-01-31t00:00:00z": at(2026, 1, 31),
    "2026-01-31T00:00:00,123Z": at(2026, 1, 31, 0, 0, 0, 123_000),
    "20260131T000000Z": at(2026, 1, 31),
    "20260131T0815+02": at(2026, 1, 31, 6, 15),
    "20260131T081500.5-0530": at(2026, 1, 31, 13, 45, 0, 500_000),
    "2026-01-31T00:00:00.000+00:00": at(2026, 1, 31),
    "2026-01-31T00:00:00-00:00": at(2026, 1, 31),
    "2026-01-31 00:00:00+00": at(2026, 1, 31),
    "2026-01-31 00:00:00 UTC": at(2026, 1, 31),
    "2026-01-31 00:00:00 +0200": at(2026, 1, 30, 22),
    "2026-01-31T00:00:00+14:00": at(2026, 1, 30, 10),
    "2026-01-31T00:00:00+23:59": at(2026, 1, 30, 0, 1),
    "2026-W05-6T00:00:00Z": "a date by week is not read: write month and day",
    "2026-031T00:00:00Z": "a date by the day of the year is not read: write month and day",
    "+002026-01-31T00:00:00Z": "a year has four digits",
    "2026-01-31T23:59:60Z": "the second 60 is not read: no table has leap seconds",
    "2026-01-31T24:00:00Z": "the hour 24 is not read: write 00 of the next day",
    "2026-01-31T00:00:00": "it lacks an offset, such as Z or +02:00",
    "2026-01-31T00:00:00[Europe/Berlin]": "a zone by name is not read but for UTC: write an offset",
    "2026-01-31 00:00:00 CET": "a zone by name is not read but for UTC: write an offset",
    "2026-02-30T00:00:00Z": NO_MOMENT,
    "2026-01-31T00:00:00+24:00": NO_MOMENT,
    "20260131": "a date alone is no moment",
    "2026-01-31T00:0000Z": None,
    "202601-31T00:00Z": None,
    "soon": None,
}


@pytest.mark.parametrize("text", ISO)
@pytest.mark.parametrize("kind", ["instant", "timestamp"])
def test_reads_a_moment_as_clocks_print_it_or_says_why_not(kind: str, text: str) -> None:
    if isinstance(ISO[text], datetime):
        assert cast_all([text, None, "x"], kind) == [ISO[text], None, BAD]
    elif kind == "timestamp" or not text.isdigit():
        assert cast_all([text], kind) == [BAD]
        assert why_not(text) == ISO[text]


INSTANTS: dict[str, Any] = {
    "0": at(1970, 1, 1),
    "-0": at(1970, 1, 1),
    "1735689600": at(2025, 1, 1),
    "1735689600000": at(2025, 1, 1),
    "-86400": at(1969, 12, 31),
    "-1.5": at(1969, 12, 31, 23, 59, 58, 500_000),
    "1735689600.25": at(2025, 1, 1, 0, 0, 0, 250_000),
    "1735689600.1234567": at(2025, 1, 1, 0, 0, 0, 123_456),
    "1735689600123.4567": at(2025, 1, 1, 0, 0, 0, 123_456),
    "1735689600123.9999": at(2025, 1, 1, 0, 0, 0, 123_999),
    "1.7356896e9": at(2025, 1, 1),
    "1.7356896E+12": at(2025, 1, 1),
    "1e-7": at(1970, 1, 1),
    "-25e-1": at(1969, 12, 31, 23, 59, 57, 500_000),
    "99999999999": at(5138, 11, 16, 9, 46, 39),
    "100000000000": at(1973, 3, 3, 9, 46, 40),
    "-100000000000": at(1966, 10, 31, 14, 13, 20),
    "253402300799999": at(9999, 12, 31, 23, 59, 59, 999_000),
    "253402300800000": BAD,
    "-62135596800": at(1, 1, 1),
    "-62135596801": BAD,
    "999999999999999": BAD,
    "1000000000000000": BAD,
    "1735689600000000": BAD,
    "1" + "0" * 400: BAD,
    "1e400": BAD,
    "1e-400": at(1970, 1, 1),
    "1e99999999999999999999": BAD,
    "-1e99999999999999999999": BAD,
    "1e-99999999999999999999": at(1970, 1, 1),
    "0e99999999999999999999": at(1970, 1, 1),
    f"1.735689600123456{'9' * 30}e9": at(2025, 1, 1, 0, 0, 0, 123_456),
    f"9.9999999999{'9' * 30}e10": at(5138, 11, 16, 9, 46, 39, 999_999),
    "2025-01-01T00:00:00Z": at(2025, 1, 1),
    "2025-01-01 00:00:00Z": at(2025, 1, 1),
    "2025-01-01T02:00:00+02:00": at(2025, 1, 1),
    "2025-01-01T02:00:00+0200": at(2025, 1, 1),
    "2025-01-01T02:00:00+02": at(2025, 1, 1),
    "2024-12-31T18:30:00-05:30": at(2025, 1, 1),
    "2025-01-01T00:00:00.123456789Z": at(2025, 1, 1, 0, 0, 0, 123_456),
    "2025-01-01T00:00:00,5Z": at(2025, 1, 1, 0, 0, 0, 500_000),
    "0001-01-01T00:00:00.5Z": at(1, 1, 1, 0, 0, 0, 500_000),
    "9999-12-31T23:59:59.999999999Z": at(9999, 12, 31, 23, 59, 59, 999_999),
    "0001-01-01T00:00:00+00:01": BAD,
    "9999-12-31T23:59:59-00:01": BAD,
    "2025-01-01T00:00:00": BAD,
    "2025-01-01": BAD,
    "2025-02-29T00:00:00Z": BAD,
    "2025-01-01T24:00:00Z": BAD,
    "2025-01-01T23:59:60Z": BAD,
    "2025-01-01T00:00:00+24:00": BAD,
    "2025-01-01T00:00:00.Z": BAD,
    "2025-01-01T00:00:00 Z": BAD,
    "": BAD,
    " 0": BAD,
    "0 ": BAD,
    "0\n": BAD,
    "+1": BAD,
    "01": BAD,
    "1.": BAD,
    ".5": BAD,
    "NaN": BAD,
    "Infinity": BAD,
    "0x10": BAD,
    "true": BAD,
    "{}": BAD,
    "٣": BAD,
}


@pytest.mark.parametrize("text", INSTANTS)
def test_reads_an_instant(text: str) -> None:
    assert cast_all([text], "instant") == [INSTANTS[text]]


def test_reads_instants_beside_each_other() -> None:
    texts = [*INSTANTS, None] * 30
    assert cast_all(texts, "instant") == [INSTANTS[text] if text is not None else None for text in texts]


@given(st.integers(-(10**15), 10**15), st.integers(0, 12), st.booleans())
@example(10**11, 0, False)
@example(10**12 - 1, 1, False)
def test_reads_every_number_exactly_to_the_microsecond(
    digits: int, decimals: int, with_exponent: bool
) -> None:
    number = Decimal(digits).scaleb(-decimals)
    text = f"{digits}e-{decimals}" if with_exponent else f"{number:f}"
    seconds = Fraction(number) / (1000 if abs(number) >= 10**11 else 1)
    micros = int(seconds * 10**6)
    try:
        expected: Any = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
    except OverflowError:
        expected = BAD
    assert cast_all([text], "instant") == [expected]


@given(
    st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31)),
    st.integers(-1439, 1439),
    st.sampled_from("T "),
)
def test_reads_what_python_writes(moment: datetime, minutes: int, between: str) -> None:
    offset = timezone(timedelta(minutes=minutes))
    told = moment.replace(tzinfo=UTC).astimezone(offset)
    assert cast_all([told.isoformat(between)], "instant") == [moment.replace(tzinfo=UTC)]


ITEM = "struct<sku:string,quantity:int,price:decimal(18,2)>"
NESTED: dict[str, dict[str, Any]] = {
    ITEM: {
        '{"sku":"a","quantity":1,"price":1.10}': {"sku": "a", "quantity": 1, "price": Decimal("1.10")},
        ' {"quantity":"7",\n"other":[1],"sku":"\\u00e9"} ': {"sku": "é", "quantity": 7, "price": None},
        "{}": {"sku": None, "quantity": None, "price": None},
        '{"sku":null}': {"sku": None, "quantity": None, "price": None},
        '{"sku":{"a": [1 ]}}': {"sku": '{"a": [1 ]}', "quantity": None, "price": None},
        '{"sku":1.10,"price":1e2}': {"sku": "1.10", "quantity": None, "price": Decimal("100.00")},
        '{"SKU":"a"}': {"sku": None, "quantity": None, "price": None},
        '{"quantity":1.0}': BAD,
        '{"price":1.001}': BAD,
        '{"sku":"a","sku":"a"}': BAD,
        '{"sku":"\\ud800"}': BAD,
        '{"sku":"a"': BAD,
        '{"sku":"a"}}': BAD,
        "[]": BAD,
        "null": BAD,
        "5": BAD,
        "": BAD,
        " \n": BAD,
    },
    "array<int>": {
        "[]": [],
        " [ ] ": [],
        "[1]": [1],
        '[1,"2" ,\n-0, null]': [1, 2, 0, None],
        "[1,]": BAD,
        "[,1]": BAD,
        "[1 2]": BAD,
        "[1.0]": BAD,
        "[NaN]": BAD,
        "[[1]]": BAD,
        "[1]]": BAD,
        "[1": BAD,
        "[1}": BAD,
        "[": BAD,
        "{}": BAD,
        "1": BAD,
        "": BAD,
        '[1],"":[2]': BAD,
        '[1, 1}, {"": 2]': BAD,
    },
    "array<string>": {
        '["a","\\n"," ]"]': ["a", "\n", " ]"],
        '[1.10, true, null, {"a" : [ 1]}, ["\\r",\r\n1]]': [
            "1.10",
            "true",
            None,
            '{"a" : [ 1]}',
            '["\\r",\r\n1]',
        ],
        '["\n"]': BAD,
        "[a]": BAD,
    },
    "array<array<instant>>": {
        '[[0],[],null,["2025-01-01T00:00:00Z", null]]': [[at(1970, 1, 1)], [], None, [at(2025, 1, 1), None]],
        '[[0],["x"]]': BAD,
        "[0]": BAD,
    },
    f"array<{ITEM}>": {
        '[{"sku":"a"},null,{"quantity":2}]': [
            {"sku": "a", "quantity": None, "price": None},
            None,
            {"sku": None, "quantity": 2, "price": None},
        ],
        '[{"sku":"a"},{"quantity":"three"}]': BAD,
        '[{"sku":"a"},5]': BAD,
    },
    "struct<a:struct<b:array<boolean>>,c:date,d:double,e:bigint,f:timestamp>": {
        '{"a":{"b":[true,"false"]},"c":"2025-01-31","d":0.1,"e":9223372036854775807,'
        '"f":"2025-01-01T00:00:00Z"}': {
            "a": {"b": [True, False]},
            "c": at(2025, 1, 31).date(),
            "d": 0.1,
            "e": 2**63 - 1,
            "f": at(2025, 1, 1),
        },
        '{"a":{"b":[1]}}': BAD,
        '{"f":0}': BAD,
    },
}


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in NESTED.items() for text in texts])
def test_reads_a_nested_value_exactly_or_not_at_all(kind: str, text: str) -> None:
    assert cast_all([text], kind) == [NESTED[kind][text]]


@pytest.mark.parametrize("kind", NESTED)
def test_reads_the_good_nested_values_among_bad_ones_and_nulls(kind: str) -> None:
    texts = [None, *NESTED[kind], None] * 3
    assert cast_all(texts, kind) == [None if text is None else NESTED[kind][text] for text in texts]
    assert cast_all([None, None], kind) == [None, None]
    assert cast_all([], kind) == []


json_values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.decimals(-9999, 9999, places=3), st.text(max_size=5)
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


def written(value: Any, gap: str) -> str:
    """JSON with numbers as they are, and a gap where white space may be."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dict):
        return (
            "{"
            + ",".join(f"{gap}{json.dumps(k)}{gap}:{written(v, gap)}" for k, v in value.items())
            + gap
            + "}"
        )
    if isinstance(value, list):
        return "[" + f"{gap},".join(gap + written(each, gap) for each in value) + gap + "]"
    return json.dumps(value)


@given(st.lists(json_values, max_size=5), st.sampled_from(["", " ", "\n", "\r\n ", "\t\r"]))
def test_keeps_the_text_of_every_element(elements: list[Any], gap: str) -> None:
    expected = [each if each is None or isinstance(each, str) else written(each, gap) for each in elements]
    assert cast_all([written(elements, gap)], "array<string>") == [expected]


@given(st.dictionaries(st.sampled_from("abcd"), json_values), st.sampled_from(["", "\n", "\r\n\t"]))
def test_keeps_the_text_of_every_member(row: dict[str, Any], gap: str) -> None:
    found = members(pa.array([None, written(row, gap)]), ["a", "b"])
    for name in ("a", "b"):
        value = row.get(name)
        expected = value if value is None or isinstance(value, str) else written(value, gap)
        assert found.texts[name].to_pylist() == [None, expected]
    assert found.bad is None or found.bad.to_pylist() == [False, False]


def test_takes_a_byte_order_mark_for_no_json_wherever_it_stands() -> None:
    marked, plain = '\N{BYTE ORDER MARK}{"a":1}', '{"a":2}'
    for texts in ([marked, plain], [plain, marked], [f"{marked}\n", plain]):
        found = members(pa.array(texts), ["a"])
        assert found.texts["a"].to_pylist() == [None if text != plain else "2" for text in texts]
        assert found.bad is not None
        assert found.bad.to_pylist() == [text != plain for text in texts]


def test_takes_objects_of_any_number_of_keys() -> None:
    texts = [json.dumps({f"k{row}-{key}": key for key in range(50)} | {"a": row}) for row in range(1000)]
    found = members(pa.array(texts), ["a"])
    assert found.bad is None
    assert found.texts["a"].to_pylist() == [str(row) for row in range(1000)]
