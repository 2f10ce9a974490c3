"""JSON files in every form: the same objects are the same rows, and every byte that is none is a reject."""

import json
import time
from dataclasses import replace
from functools import partial
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tributary.datasets.declaration import JsonForm, JsonFormat
from tributary.datasets.types import column_type
from tributary.kernels.formats.json import forms, records
from tributary.kernels.formats.json.forms import parse_json
from tributary.kernels.formats.ndjson.parse import parse
from tributary.kernels.record_limits import RecordLimits
from tributary.kernels.transform.nested_types import cast, members

LIMITS = RecordLimits()
SMALL = RecordLimits(line_bytes=64, kept_bytes=8, batch_bytes=50)

Row = dict[str, str | None]
Found = dict[int, tuple[int, Row | str, bytes]]


def read(
    data: bytes, form: JsonForm = "detect", limits: RecordLimits = LIMITS, chunk_bytes: int = 1 << 20
) -> Found:
    """By offset: number, row or reason, and bytes; of rows these are checked to be those of the file."""
    found: Found = {}
    chunks = [data[start : start + chunk_bytes] for start in range(0, len(data), chunk_bytes)]
    for batch in parse_json(chunks, JsonFormat(form), limits):
        for row, place in zip(batch.rows.to_pylist(), batch.positions.to_pylist(), strict=True):
            values = {key: value for key, value in row.items() if value is not None}
            assert place["bytes"] == data[place["offset"] : place["offset"] + place["length"]]
            assert place["offset"] not in found
            found[place["offset"]] = place["line"], values, place["bytes"]
        for reject in batch.rejects.to_pylist():
            assert reject["offset"] not in found
            found[reject["offset"]] = reject["line"], reject["reason"], reject["bytes"]
            whole = data[reject["offset"] : reject["offset"] + reject["length"]]
            assert reject["bytes"] == (
                whole if len(whole) == len(reject["bytes"]) else whole[: limits.kept_bytes]
            )
    return found


def brief(found: Found) -> list[tuple[int, Row | str]]:
    return [(number, what) for _, (number, what, _) in sorted(found.items())]


MARK = b"\xef\xbb\xbf"
A, B = {"a": "1"}, {"b": "2"}

DETECTED: dict[str, tuple[bytes, list[tuple[int, Row | str]]]] = {
    "nothing": (b"", []),
    "blanks": (MARK + b" \n\t\r\n", []),
    "a document on one line": (b'{"a":1}', [(1, A)]),
    "a document below blank lines": (MARK + b' \n\r\n {"a":1}\n\n', [(1, A)]),
    "a document over lines": (b'{\n"a":\r\n1\n}\n', [(1, A)]),
    "a document whose first line looks like an object": (b'{"a":{}\n}', [(1, {"a": "{}"})]),
    "lines": (b'{"a":1}\r\n\n{"b":2}', [(1, A), (3, B)]),
    "lines below a mark and blank lines": (MARK + b'\n\n{"a":1}\n{"b":2}\n', [(3, A), (4, B)]),
    "lines of which the first is broken": (b'{"a":1\n{"b":2}\n', [(1, "not-json"), (2, B)]),
    "lines of which the first is no object": (b'5\n{"b":2}\n', [(1, "not-an-object"), (2, B)]),
    "lines of which the first is an object and rejected": (
        b'{"a":1,"a":2}\n{"b":2}\n',
        [(1, "duplicate-key"), (2, B)],
    ),
    "a document over lines that is rejected": (b'{"a":1,\n"a":2}\n', [(1, "duplicate-key")]),
    "a document over lines that is no object": (b'"x"\n\n', [(1, "not-an-object")]),
    "lines that are all broken": (b'{"a":1,}\n{"b":2,}\n{"c":}', [(n, "not-json") for n in (1, 2, 3)]),
    "lines with several objects": (b'{"a":1}{"b":2}\n{"b":2}\n', [(1, A), (1, B), (2, B)]),
    "lines of which none is an object": (
        b'x\n"y\n5\n',
        [(1, "not-json"), (2, "not-json"), (3, "not-an-object")],
    ),
    "lines below two that are none": (b'# x\n# y\n{"b":2}\n', [(1, "not-json"), (2, "not-json"), (3, B)]),
    "lines of which the first is cut off in a text": (
        b'{"a":1,"c":"x\n\n{"b":\n{"b":2}\n',
        [(1, "not-json"), (3, "not-json"), (4, B)],
    ),
    "a broken document": (b'{\n"a":1,\n}', [(1, "not-json")]),
    "a broken document with an object on a line": (b'{\n"b":\n {"a":1}\n"c":2\n}', [(1, "not-json")]),
    "a broken document without indentation": (b'{"c":[\n{"a":1}\n{"b":2}\n]}', [(1, "not-json")]),
    "a document that is not closed": (b'{\n "a":[\n  {"a":1},\n  {"b":2}\n', [(1, "not-json")]),
    "one document behind another over lines": (b'{\n"a":1}\n{"b":2}', [(1, A), (2, B)]),
    "documents without a gap": (b'{\n"a":1}{"b":\n2}{}', [(1, A), (2, B), (3, {})]),
    "a broken document among others": (
        b'{"a":\n1}\n{"b":\n2,}\n{"b":2}\n',
        [(1, A), (2, "not-json"), (3, B)],
    ),
    "documents of which one is not closed": (b'{"a":\n1}\n{"b":[\n2}\n{"b":2}\n', [(1, A), (2, "not-json")]),
    "documents with commas between": (b'{"a":\n1},\n{"b":2}\n', [(1, "not-json")]),
    "objects on one line": (b'{"a":1}{"b":2} {}', [(1, A), (2, B), (3, {})]),
    "a document with bytes that are no UTF-8": (b'{\n"a":"\xff"}', [(1, "invalid-utf8")]),
    "an array": (MARK + b' [ {"a":1},\n{"b":\n2} ]\n', [(1, A), (2, B)]),
    "an empty array": (b"[\n]", []),
    "an array of all but objects": (
        b'[5, "]", [{"a":1}], null]',
        [(number, "not-an-object") for number in (1, 2, 3, 4)],
    ),
    "an array with elements that are no JSON": (
        b'[{"a":01}, {"a":NaN} , {"a":"\xff"},{"x":"\t"},{"y":1} z,{"b":2}]',
        [(1, "not-json"), (2, "not-json"), (3, "invalid-utf8"), (4, "not-json"), (5, "not-json"), (6, B)],
    ),
    "an array that is not closed": (b'[{"a":1},{"b":2}', [(1, A), (2, "broken-array")]),
    "an array that ends in a comma": (b'[{"a":1},]', [(1, A), (2, "broken-array")]),
    "an array with an empty element": (b'[{"a":1},,{"b":2}]', [(1, A), (2, "broken-array")]),
    "an array with a quote too many": (b'[{"a":1},{"b":2"},{"c":"3"}]', [(1, A), (2, "broken-array")]),
    "an array with a bracket too few": (b'[{"a":1},{"b":2,{"c":3}]', [(1, A), (2, "broken-array")]),
    "an array with something behind it": (b'[{"a":1}]\n{"b":2}\n', [(1, A), (2, "broken-array")]),
    "an array closed by another bracket": (b'[{"a":1}}', [(1, "broken-array")]),
    "a bracket": (b"[", [(1, "broken-array")]),
}


@pytest.mark.parametrize("chunk_bytes", [1, 5, 1 << 20])
@pytest.mark.parametrize("case", DETECTED)
def test_detects_what_a_file_holds(case: str, chunk_bytes: int) -> None:
    data, expected = DETECTED[case]
    assert brief(read(data, chunk_bytes=chunk_bytes)) == expected


def test_detects_the_same_without_the_native_library(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (forms, records):
        monkeypatch.setattr(module, "parse", partial(parse, engine="plain"))
    for data, expected in DETECTED.values():
        assert brief(read(data)) == expected
    found = members(pa.array(['{"a":\n[1]}', "{}", "5"]), ["a"])
    assert (found.texts["a"].to_pylist(), found.bad.to_pylist()) == (
        ["[1]", None, None],
        [False, False, True],
    )
    assert members(pa.array(['{"a":1}']), ["a"]).texts["a"].to_pylist() == ["1"]


@pytest.mark.parametrize(
    ("form", "data", "expected"),
    [
        ("document", b'{"a":1}\n{"b":2}\n', [(1, A), (2, B)]),
        ("document", b'[{"a":1}]', [(1, "not-an-object")]),
        ("document", b"\n", []),
        ("lines", b'[{"a":1}]\n{"b":2}', [(1, "not-an-object"), (2, B)]),
        ("lines", b'{\n"a":1}', [(1, "not-json"), (2, "not-json")]),
        ("array", b'{"a":1}\n', [(1, "broken-array")]),
        ("array", b"", []),
    ],
)
def test_takes_a_declared_form_at_its_word(
    form: JsonForm, data: bytes, expected: list[tuple[int, Row | str]]
) -> None:
    assert brief(read(data, form)) == expected


def test_keeps_nested_values_to_the_byte() -> None:
    text = b'{\r\n\t"a": {"x":\r[1.10,\n 1E5,"\\r\\n"],\t"y" :-0}\n,"b":"\\r \\r\\t\\u000d",  "c":[\n\r\n] }'
    expected = {"a": '{"x":\r[1.10,\n 1E5,"\\r\\n"],\t"y" :-0}', "b": "\r \r\t\r", "c": "[\n\r\n]"}
    assert brief(read(text)) == [(1, expected)]
    assert brief(read(b"[\n" + text + b",\n" + text + b"]")) == [(1, expected), (2, expected)]


@pytest.mark.parametrize("control", [b"\n", b"\r", b"\t", b"\r\n", b"\r \t"])
@pytest.mark.parametrize("place", [b'{"a":"%b"}', b'{\n"a":"%b"}', b'{"%b":\n1}', b'{"a":[\n"%b"]}'])
def test_takes_no_line_break_inside_a_string(place: bytes, control: bytes) -> None:
    assert brief(read(place % control, "document")) == [(1, "not-json")]


def test_bounds_documents_and_elements() -> None:
    long, fits = b'{"a":"%s"}' % (b"x" * 57), b'{"a":"%s"}' % (b"x" * 56)
    assert (len(long), len(fits)) == (65, 64)
    assert read(b" " + long, "document", SMALL) == {1: (1, "line-too-long", long[:8])}
    assert brief(read(fits, "document", SMALL)) == [(1, {"a": "x" * 56})]
    assert brief(read(b"[" + fits + b"," + fits + b"]", "array", SMALL)) == [
        (1, {"a": "x" * 56}),
        (2, {"a": "x" * 56}),
    ]
    broken = b'{"a":\n"%s"}' % (b"x" * 57)
    assert read(broken, "document", replace(SMALL, kept_bytes=6)) == {0: (1, "line-too-long", b'{"a":\n')}
    found = read(b'[{"a":1},' + long + b',{"b":2}]', "array", SMALL)
    assert found == read(b'[{"a":1},' + long + b',{"b":2}]', "array", SMALL, 3)
    assert brief(found) == [(1, A), (2, "broken-array")]
    endless = b'[{"a":1},{"b":"' + b"x" * 3_000_000
    assert brief(read(endless, "array", SMALL, 1000)) == [(1, A), (2, "broken-array")]


def test_takes_time_in_proportion_to_broken_elements_and_to_escapes() -> None:
    def seconds(times: int) -> float:
        """Of the CPU, so that other work on the machine matters little."""
        began = time.process_time()
        assert len(read(b"[" + b"{x}," * 15_000 * times + b"{}]")) == 15_000 * times + 1
        nested = {f"k{number}": {"a": [number]} for number in range(500 * times)}
        assert len(read(json.dumps({**nested, "b": "\r\n"}, indent=1).encode())) == 1
        return time.process_time() - began

    # Four times as much, and sixteen times if time grew with the square.
    assert seconds(4) < 8 * seconds(1)


@pytest.mark.parametrize("beyond", range(-4, 5))
def test_cuts_no_value_short_where_it_is_longer_than_a_first_look(beyond: int) -> None:
    for end in ("e+5", ".5", "0", ""):
        number = "1" * ((1 << 12) + beyond - len(end)) + end
        values = cast(pa.array([f"[{number},1]"]), column_type("array<string>")).values
        assert values.to_pylist() == [[number, "1"]]
        text = '{"a":' + number[:-5] + "}"
        assert brief(read(f"[{text},{text}]".encode())) == [(at, {"a": number[:-5]}) for at in (1, 2)]


def test_streams_a_file_beyond_the_limit() -> None:
    document = b'{\n"a":"%s"}' % (b"x" * 60)
    assert brief(read(document, limits=SMALL)) == [(1, "line-too-long")]
    documents = b'{\n"a":\n1}' * 20
    assert brief(read(documents, limits=SMALL, chunk_bytes=3)) == [(number, A) for number in range(1, 21)]
    assert brief(read(documents + document, limits=SMALL, chunk_bytes=3))[-1] == (21, "line-too-long")
    lines = b'{"a":1}\n' * 20
    assert brief(read(lines, limits=SMALL)) == [(number, A) for number in range(1, 21)]


INSIDE = b'{"a":1,"b":2}'


@pytest.mark.parametrize(
    "begin",
    [
        b'{\n "x": 1\n',
        b' "x": 1,\n',
        b'"x" : {"y": 1},\n',
        b"{\n \"x\": '1',\n",
        b'{\n "x": NaN,\n',
        b'{\n "x": 1,,\n',
    ],
    ids=[
        "a comma lacks",
        "the bracket lacks",
        "it lacks before a colon",
        "single quotes",
        "NaN",
        "two commas",
    ],
)
def test_takes_nothing_out_of_the_inside_of_a_broken_document(begin: bytes) -> None:
    [(_, reason)] = brief(read(begin + b' "previous":\n  ' + INSIDE + b',\n "next": null\n}\n'))
    assert reason in ("not-json", "not-an-object")


@pytest.mark.parametrize("opening", [b"[" * 100_000, b'{"a":' * 100_000, b'[{"a":' * 50_000])
def test_survives_any_depth(opening: bytes) -> None:
    for form in ("document", "array", "detect"):
        assert {what for _, what in brief(read(opening, form))} <= {"not-json", "broken-array", "too-deep"}
    deep = b"[" * 2_000 + b"]" * 2_000
    assert brief(read(b'[{"a":%s},{"b":2}]' % deep)) == [(1, "too-deep"), (2, B)]


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from('\r\n\t "\\[]{},:'), max_size=8),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text('ab\r"{', max_size=3), inner)
    ),
    max_leaves=8,
)
objects = st.dictionaries(st.text("abc\r\n[", max_size=3), values, max_size=4)


def as_told(value: Any) -> str | None:
    """The text that a column has for a value, as Python's parser reads it."""
    return value if value is None or isinstance(value, str) else json.dumps(value)


def written_apart(value: Any, gap: str) -> str:
    """JSON with a gap at each place where white space may be."""
    if isinstance(value, dict):
        members = (f"{gap}{json.dumps(k)}{gap}:{gap}{written_apart(v, gap)}{gap}" for k, v in value.items())
        return "{" + (",".join(members) or gap) + "}"
    if isinstance(value, list):
        return "[" + (",".join(f"{gap}{written_apart(each, gap)}{gap}" for each in value) or gap) + "]"
    return json.dumps(value, ensure_ascii=False)


@given(
    st.lists(objects, max_size=5),
    st.sampled_from(["\n", "\r\n", "\t\n ", "\r", " \r\n\t\r "]),
    st.integers(1, 40),
)
@example([{"a": "\r", "b": [{"c": "\r\n"}]}], "\r\n", 3)
def test_gives_the_same_rows_in_every_form(rows: list[dict[str, Any]], gap: str, chunk_bytes: int) -> None:
    expected = [
        {
            key: value if isinstance(value, str) else written_apart(value, gap)
            for key, value in row.items()
            if value is not None
        }
        for row in rows
    ]
    documents = [written_apart(row, gap).encode() for row in rows]
    for data, value in zip(documents, expected, strict=True):
        assert brief(read(gap.encode() + data + gap.encode(), "document", chunk_bytes=chunk_bytes)) == [
            (1, value)
        ]
    array = b"[" + b" ,\n".join(documents) + b"]"
    assert brief(read(array, "detect", chunk_bytes=chunk_bytes)) == [*enumerate(expected, 1)]
    plain = [{key: as_told(value) for key, value in row.items() if value is not None} for row in rows]
    lines = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    assert brief(read(lines, "lines", chunk_bytes=chunk_bytes)) == [*enumerate(plain, 1)]
    if len(rows) > 1:
        assert read(lines, "detect", chunk_bytes=chunk_bytes) == read(lines, "lines")


@given(
    st.lists(
        st.sampled_from([b"[", b"]", b"{", b"}", b",", b'"', b"\\", b'{"a":1}', b" ", b"\n", b"1", b"\xff"])
    )
)
def test_puts_every_byte_of_an_array_somewhere(pieces: list[bytes]) -> None:
    data = b"[" + b"".join(pieces)
    found = read(data, "array")
    held = bytearray(data)
    for offset, (_, _, text) in found.items():
        held[offset : offset + len(text)] = b" " * len(text)
    assert bytes(held).strip(b" \n[],") == b""
