"""Records inside of objects, and typed attribute values: each record a row, all else a reject."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tributary.datasets.declaration import Format, JsonFormat, NdjsonFormat
from tributary.errors import DecompressedTooLargeError
from tributary.kernels.file_limits import FileLimits
from tributary.kernels.formats.asked import Asked, Content
from tributary.kernels.formats.reader import read
from tributary.kernels.record_limits import RecordLimits

RECORDS = JsonFormat(records=("Records",))
LOGS = JsonFormat(records=("logEvents",), around=("owner", "group"))
DEEP = JsonFormat(records=("detail", "items"), around=("id",))
ITEM = JsonFormat(records=("Item",), attribute_values="dynamodb")
LIMITS = RecordLimits()
SMALL = RecordLimits(line_bytes=64, kept_bytes=8)

Found = list[dict[str, str] | tuple[str, bytes]]


def found(data: bytes, kind: Format, limits: RecordLimits = LIMITS, chunk_bytes: int = 1 << 20) -> Found:
    """Rows, and reasons with bytes of rejects, by their numbers; the bytes of rows are those of the file."""
    numbered: dict[int, Any] = {}
    chunks = [data[start : start + chunk_bytes] for start in range(0, len(data), chunk_bytes)]
    for batch in read(Asked(kind, (), limits, keeps_bytes=True), Content(chunks, Path(), print)):
        for row, place in zip(batch.rows.to_pylist(), batch.positions.to_pylist(), strict=True):
            assert place["bytes"] == data[place["offset"] : place["offset"] + place["length"]]
            assert place["line"] not in numbered
            numbered[place["line"]] = {key: value for key, value in row.items() if value is not None}
        for reject in batch.rejects.to_pylist():
            assert data[reject["offset"] :].startswith(reject["bytes"])
            assert reject["line"] not in numbered
            numbered[reject["line"]] = reject["reason"], reject["bytes"]
    return [numbered[number] for number in sorted(numbered)]


A, B = {"a": "1"}, {"b": "2"}

NO_ATTRIBUTE_VALUES = (
    b"1",
    b'"x"',
    b"{}",
    b'{"S":1}',
    b'{"N":"x"}',
    b'{"N":1}',
    b'{"X":"x"}',
    b'{"S":"x","N":"1"}',
    b'{"M":{"k":{"S":"x"},"k":{"S":"x"}}}',
    b'{"L":[1]}',
    b'{"NULL":false}',
    b'{"NULL":"x"}',
)

CASES: dict[str, tuple[JsonFormat, bytes, Found]] = {
    "one envelope": (RECORDS, b'{"Records": [{"a":1}, {"b":2}]}', [A, B]),
    "one over lines": (
        RECORDS,
        b'\xef\xbb\xbf{\n "Records": [\n  {"a":1},\n  {\n"b":2}\n ],\n "x": {}\n}\n',
        [A, B],
    ),
    "one behind the other": (RECORDS, b'{"Records":[{"a":1}]}{"Records":[]} {"Records":[{"b":2}]}', [A, B]),
    "one a line": (RECORDS, b'{"Records":[{"a":1}]}\r\n\n{"x":"}","Records":[{"b":2}]}\n', [A, B]),
    "an array of them": (RECORDS, b'[{"Records":[{"a":1}]},\n {"Records":[{"b":2}]}]', [A, B]),
    "a text that reads like an object": (
        RECORDS,
        b'{"Records":"{}"}\n{"Records": {}}\n{"x":{},"Records":"{}"}\n{"x":{},"Records":"\\u007b}"}\n'
        b'{"x":{"a":1},"Records":"{\\"a\\":1}"}\n{"x":{"Records":{}},"Records":"{\\u007d"}\n'
        b'{"x":{"Records":{}},"\\u0052ecords":"{\\u007d"}',
        [
            ("not-an-object", b'"{}"'),
            {},
            ("not-an-object", b'"{}"'),
            ("not-an-object", b'"\\u007b}"'),
            ("not-an-object", b'"{\\"a\\":1}"'),
            *[("not-an-object", b'"{\\u007d"')] * 2,
        ],
    ),
    "an object instead of an array": (RECORDS, b'{"Records":{"a":1}}\n{"Records":{"b":2}}', [A, B]),
    "a key that is written with an escape": (RECORDS, b'{"\\u0052ecords":[{"a":1}]}', [A]),
    "one with the key inside of another value": (
        RECORDS,
        b'{"x":{"Records":[{"b":2}]},"Records":[{"a":1}]}',
        [A],
    ),
    "elements that are no objects": (
        RECORDS,
        b'{"Records":[1,{"a":1},"x",{"a":01}]}',
        [("not-an-object", b"1"), A, ("not-an-object", b'"x"'), ("not-json", b'{"a":01}')],
    ),
    "records that are none": (
        RECORDS,
        b'{"Records":5}\n{"Records":null}\n{}\n{"Records":[{"a":1}]}',
        [("not-an-object", b"5"), ("no-records", b'{"Records":null}'), ("no-records", b"{}"), A],
    ),
    "lines that are no envelopes": (
        RECORDS,
        b'{"Records":[{"a":1}]}\n5\nx\n[1]\n{"Records":[{"b":2}]}\n',
        [A, ("broken-envelope", b"5"), ("broken-envelope", b"x"), ("broken-envelope", b"1]"), B],
    ),
    "a line that is cut off": (
        RECORDS,
        b'{"Records":[{"a":1}]}\n{"Records":[{"a":1},{"a":\n{"Records":[{"b":2}]}\n',
        [A, A, ("broken-envelope", b'{"a":'), B],
    ),
    "a line that lacks its end": (
        RECORDS,
        b'{"Records":[{"a":1}]}\n{"Records":[{"a":1}]\n{"Records":[{"b":2}]}\n',
        [A, A, ("broken-envelope", b""), B],
    ),
    "a broken one among others on a line": (
        RECORDS,
        b'{"Records":[{"a":1}]}{"x" "y":2}{"Records":[{"b":2}]}',
        [A, ("broken-envelope", b'{"x" "y":2}'), B],
    ),
    "the records twice": (
        RECORDS,
        b'{"Records":[{"a":1}],"Records":[{"b":2}]}',
        [A, ("broken-envelope", b'[{"b":2}]}')],
    ),
    "keys around": (
        LOGS,
        b'{"owner":"1","group":"g\\n","logEvents":[{"a":1},{}],"x":{}}'
        b'{"owner":null,"group":{"k": [1.10]},"logEvents":[{}]}',
        [
            {"owner": "1", "group": "g\n", "a": "1"},
            {"owner": "1", "group": "g\n"},
            {"group": '{"k": [1.10]}'},
        ],
    ),
    "keys around behind the records": (
        LOGS,
        b'{\n"owner":"1","logEvents":[{"a":1},\n{"b":\n2}],"group":\n{"k":\n1}}',
        [{"owner": "1", "group": '{"k":\n1}', "a": "1"}, {"owner": "1", "group": '{"k":\n1}', "b": "2"}],
    ),
    "no such keys around": (LOGS, b'{"logEvents":[{"a":1}]}', [A]),
    "a key around that a record has, too": (
        LOGS,
        b'{"owner":"1","group":"g","logEvents":[{"owner":"2"},{"b":2}]}',
        [("duplicate-key", b'{"owner":"2"}'), {"owner": "1", "group": "g", "b": "2"}],
    ),
    "what is around is broken": (
        LOGS,
        b'{"owner":NaN,"group":"g","logEvents":[{"a":1}]}',
        [("broken-envelope", b'{"owner":NaN,"group":"g","logEvents":[{"a":1}]}')],
    ),
    "a path": (DEEP, b'{"id":7,"detail":{"x":[],"items":[{"a":1}],"y":1}}', [{"id": "7", "a": "1"}]),
    "a path that leads nowhere": (DEEP, b'{"id":7,"detail":[]}', [("no-records", b'{"id":7,"detail":[]}')]),
    "attribute values": (
        ITEM,
        b'{"Item":{"a":{"S":"x\\n\\u00e9"},"n":{"N":"1.10"},"t":{"BOOL":true},'
        b'"z":{"NULL":true},"e":{"S":""}}}\n'
        b'{"Item":{"m":{"M":{"k":{"L":[{"N":"1e5"},{"S":"\\""},{"NULL":true}]}}},'
        b'"s":{"SS":["a"]},"d":{"NS":["1","2"]}}}\n',
        [
            {"a": "x\né", "n": "1.10", "t": "true", "e": ""},
            {"m": '{"k":[1e5,"\\"",null]}', "s": '["a"]', "d": "[1,2]"},
        ],
    ),
    "binary attribute values": (
        ITEM,
        b'{"Item":{"b":{"B":"AQ=="},"c":{"BS":["AQ=="]}}}',
        [{"b": "AQ==", "c": '["AQ=="]'}],
    ),
    "what is no attribute value": (
        ITEM,
        b"\n".join(b'{"Item":{"a":%s}}' % value for value in NO_ATTRIBUTE_VALUES),
        [("bad-attribute-value", b'{"a":%s}' % value) for value in NO_ATTRIBUTE_VALUES],
    ),
}


@pytest.mark.parametrize("chunk_bytes", [1, 7, 1 << 20])
@pytest.mark.parametrize("case", CASES)
def test_reads_the_records_inside(case: str, chunk_bytes: int) -> None:
    kind, data, expected = CASES[case]
    assert found(data, kind, chunk_bytes=chunk_bytes) == expected


def test_says_what_is_wrong_with_an_envelope() -> None:
    data = b'{"Records":[{"a":1}]}\n{"x":1}\n{"Records":[{"a":1}],"Records":[]}\n{"Item":1}'
    batches = read(Asked(RECORDS, ()), Content([data], Path(), print))
    assert [each["message"] for batch in batches for each in batch.rejects.to_pylist()] == [
        'the envelope has no "Records"',
        'the envelope is broken: the key "Records" stands twice',
        'the envelope has no "Records"',
    ]
    [batch] = read(Asked(ITEM, ()), Content([b'{"Item":{"a":{"S":1}}}'], Path(), print))
    assert batch.rejects["message"].to_pylist() == [
        'the key "a" has "{\\"S\\":1}", which is no attribute value of DynamoDB, such as {"S": "x"}'
    ]


def messages(data: bytes, kind: Format) -> list[str | None]:
    batches = read(Asked(kind, ()), Content([data], Path(), print))
    return [each["message"] for batch in batches for each in batch.rejects.to_pylist()]


def test_says_of_a_key_that_stands_twice_whether_it_stands_around_the_record() -> None:
    records = b'{"owner":2}, {"a":1,"a":2}, {"x":0,"group":null,"owner":1}, {"owner":[1 2]}'
    around = "the key {} stands twice: around the records, in the envelope, and in the record itself"
    somewhere = "a key stands twice in the record, or around it in the envelope and in the record"
    expected = [
        around.format('"owner"'),
        'the key "a" stands twice, the second time at column 8',
        around.format('"group"'),
        somewhere,  # and the record is broken behind it
    ]
    assert messages(b'{"owner":1,"group":"g","logEvents":[%s]}' % records, LOGS) == expected
    assert messages(b'{"logEvents":[%s],"owner":1,"group":"g"}' % records, LOGS) == expected
    lines = b"".join(b'{"owner":1,"group":"g","logEvents":[%s]}\n' % each for each in records.split(b", "))
    assert messages(lines, LOGS) == expected
    many = b'{"owner":1,"group":"g","logEvents":[%s]}' % b",".join(
        [b'{"x":"%s","owner":1}' % (b"x" * 9000)] * 99
    )
    assert {*messages(many, LOGS)} == {around.format('"owner"'), somewhere}


def test_bounds_records_and_what_must_wait() -> None:
    long = b'{"a":"%s"}' % (b"x" * 60)
    records = b",".join([b'{"a":1}'] * 30)
    assert found(b'{"x":1,\n"Records":[%s]}' % records, RECORDS, SMALL, 5) == [A] * 30
    assert found(b'{"Records":\n[{"a":1},%s]}' % long, RECORDS, SMALL, 5) == [
        A,
        ("broken-envelope", long[:8]),
    ]
    late = b'{"logEvents":\n[%s],"owner":1,"group":2}' % records
    assert found(late, LOGS, SMALL, 5) == [("broken-envelope", late[:8])]
    early = b'{"owner":1,"group":2,"logEvents":\n[%s]}' % records
    assert found(early, LOGS, SMALL, 5) == [{"owner": "1", "group": "2", "a": "1"}] * 30
    lines = b'{"Records":[]}\n{"Records":[%s]}\n{"Records":[{"a":1}]}' % records
    assert found(lines, RECORDS, SMALL, 5) == [("line-too-long", b'{"Record'), A]


def test_bounds_what_is_kept_around_many_records() -> None:
    small = FileLimits(ratio=5, ratio_from_bytes=100)
    data = b'{"owner":"%s","logEvents":[%s{}]}' % (b"x" * 30, b"{}," * 20)
    with pytest.raises(DecompressedTooLargeError, match=f"of the first {len(data)} stored"):
        list(read(Asked(LOGS, (), file_limits=small), Content([data], Path(), print)))
    assert len(found(data, LOGS)) == 21


def test_reads_attribute_values_of_lines() -> None:
    data = b'{"a":{"N":"1"}}{"a":{"N":"x"}}\n{"a":{"S":"2"}}\n'
    batches = list(read(Asked(NdjsonFormat("dynamodb"), ()), Content([data], Path(), print)))
    assert [row for batch in batches for row in batch.rows.to_pylist()] == [A, {"a": "2"}]
    assert [each["offset"] for batch in batches for each in batch.rejects.to_pylist()] == [15]


def attribute(value: Any) -> Any:
    """A value as DynamoDB exports it."""
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, list):
        return {"L": [attribute(each) for each in value]}
    return {"M": {key: attribute(each) for key, each in value.items()}}


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
scalars = st.one_of(st.none(), st.booleans(), st.integers(), texts)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(texts, values, max_size=4)


def as_told(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@given(st.lists(objects, max_size=4), st.sampled_from([None, 2]), st.integers(1, 50))
def test_gives_the_rows_that_were_exported(
    rows: list[dict[str, Any]], indent: int | None, chunk_bytes: int
) -> None:
    expected = [{key: as_told(value) for key, value in row.items() if value is not None} for row in rows]
    exported = [{"Item": {key: attribute(value) for key, value in row.items()}} for row in rows]
    data = "".join(json.dumps(each, indent=indent) + "\n" for each in exported).encode()
    assert found(data, ITEM, chunk_bytes=chunk_bytes) == expected
    plain = json.dumps({"x": [{"Records": 1}], "Records": rows}, indent=indent, separators=(",", ":"))
    given_back = found(plain.encode(), RECORDS, chunk_bytes=chunk_bytes)
    assert [{key: json_text(text) for key, text in row.items()} for row in given_back] == [
        {key: json_text(text) for key, text in row.items()} for row in expected
    ]


def json_text(text: str) -> Any:
    """A text without the white space that a nested value has kept."""
    try:
        return json.loads(text)
    except ValueError:
        return text
