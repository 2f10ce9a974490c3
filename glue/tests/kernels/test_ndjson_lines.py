"""Where lines begin and end, every reason for a reject, limits at their edge, and how batches are cut."""

import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest

from tests.support.ndjson import ENGINES, Line, Row, judge, lines, parse, read, split
from tributary.kernels.formats.batch import POSITIONS, POSITIONS_WITH_BYTES, REJECTS
from tributary.kernels.formats.ndjson.batch import MESSAGES
from tributary.kernels.record_limits import RecordLimits

pytestmark = pytest.mark.parametrize("engine", ENGINES)

MARK = b"\xef\xbb\xbf"

REASONS: dict[str, list[tuple[bytes, dict[str, int]]]] = {
    "line-too-long": [
        (b'{"a":1}', {"line_bytes": 6}),
        (b"\xff" * 7, {"line_bytes": 6}),
        (b"x" * 99, {"line_bytes": 6}),
    ],
    "invalid-utf8": [(b'{"a":"\xff"}', {}), (b"{]\xff", {})],
    "not-json": [
        (b"{", {}),
        (b'{"a":1} 2', {}),
        (b"NaN", {}),
        (b'{"a":1,"b" 2,"a":3}', {}),
        (MARK + b"x", {}),
    ],
    "not-an-object": [(b"[]", {}), (b' "a" ', {}), (b"null", {}), (b'[{"a":1,"a":2}]', {})],
    "too-deep": [
        (b'{"a":[[', {"depth": 2}),
        (b'{"a":{"b":{}}}', {"depth": 2}),
        (b"[[[", {"depth": 2}),
        (b"{}", {"depth": 0}),
    ],
    "lone-surrogate": [
        (rb'{"a":"\ud800"}', {}),
        (rb'{"\udc00":1}', {}),
        (rb'{"a":{"b\udfff":[]}}', {}),
        (rb'["\ud800', {}),
    ],
    "duplicate-key": [(b'{"a":1,"a":2}', {}), (rb'{"a":1,"\u0061":', {}), (b'{"":null,"":null}', {})],
    "too-many-keys": [
        (b'{"a":1,"b":2}', {"keys": 1}),
        (b'{"a"', {"keys": 0}),
        (b'{"a":1,"bc":2}', {"key_bytes": 2}),
        (b'{"a"', {"key_bytes": 0}),
    ],
}

FIRST_PROBLEM_WINS = [
    (b'{"a":["\\ud800",[[', {"depth": 2}, "lone-surrogate"),
    (b'{"a":[[["\\ud800"}', {"depth": 2}, "too-deep"),
    (b'{"a":1,"a":"\\ud800"}', {}, "duplicate-key"),
    (b'{"a":"\\ud800","a":1}', {}, "lone-surrogate"),
    (b'{"a":1,"a\\ud800":1}', {}, "lone-surrogate"),
    (b'{"a":1,"a":[[[[', {"depth": 2}, "duplicate-key"),
    (b'{"a":1 "a":1}', {}, "not-json"),
    (b'{"a":1,"a"}', {}, "duplicate-key"),
    (b'{"a":1,"b" x', {"keys": 1}, "too-many-keys"),
    (b'{"a":1,"a":1}', {"keys": 1}, "duplicate-key"),
    (b'{"a":1,"a":1,"b":1}', {"keys": 1}, "duplicate-key"),
    (b'{"a":1,"b":1,"a":1}', {"keys": 1}, "too-many-keys"),
    (b'{"ab":1,"ab":1}', {"key_bytes": 2}, "duplicate-key"),
    (b'{"ab":1,"c":1,"ab":1}', {"key_bytes": 2}, "too-many-keys"),
    (b'{"abc\\ud800":1}', {"key_bytes": 2}, "lone-surrogate"),
    (b'{"a":1}]', {}, "not-json"),
    (b"[1]]", {}, "not-json"),
    (b'[[["\\ud800', {"depth": 2}, "too-deep"),
    (b'"\\ud800', {}, "lone-surrogate"),
    (b'"a', {}, "not-json"),
    (b"\xff{]", {}, "invalid-utf8"),
    (b'{"a":1,"a":2}\xff', {}, "invalid-utf8"),
    (b'{"a":1,"a":2}\xff', {"line_bytes": 13}, "line-too-long"),
    (b"{{", {"depth": 1}, "not-json"),
    (b'{"a":[', {"depth": 1}, "too-deep"),
    (b'{"a":"\\ud800\\u00"}', {}, "lone-surrogate"),
    (b'{"a":"\\u00\\ud800"}', {}, "not-json"),
]

LINE_ENDS: dict[bytes, list[tuple[int, int, bytes]]] = {
    b"": [],
    b"\n": [],
    b"\n\n\r\n \n\t\r\n": [],
    b"\r": [],
    b" ": [],
    b"\r\r\r\n": [],
    b"{}": [(1, 0, b"{}")],
    b"{}\n": [(1, 0, b"{}")],
    b"{}\r\n": [(1, 0, b"{}")],
    b"{}\r": [(1, 0, b"{}")],
    b"{}\r\r\n": [(1, 0, b"{}\r")],
    b"{}\r\r": [(1, 0, b"{}\r")],
    b"{}\n{}": [(1, 0, b"{}"), (2, 3, b"{}")],
    b"{}\r\n{}\r\n": [(1, 0, b"{}"), (2, 4, b"{}")],
    b"{}\r{}\n": [(1, 0, b"{}\r"), (1, 3, b"{}")],
    b"\r{}\n": [(1, 0, b"\r{}")],
    b"\n\r\n {}\t\n \n{}": [(3, 3, b" {}\t"), (5, 10, b"{}")],
    b"x\n\n{}": [(1, 0, b"x"), (3, 3, b"{}")],
    MARK: [],
    MARK + b"{}": [(1, 3, b"{}")],
    MARK + b"\n{}": [(2, 4, b"{}")],
    MARK + MARK + b"{}": [(1, 3, MARK + b"{}")],
    b"\n" + MARK + b"{}": [(2, 1, MARK + b"{}")],
    b" " + MARK: [(1, 0, b" " + MARK)],
    MARK[:1]: [(1, 0, MARK[:1])],
    MARK[:2]: [(1, 0, MARK[:2])],
    MARK[:2] + b"\n{}": [(1, 0, MARK[:2]), (2, 3, b"{}")],
    b"\x00\n": [(1, 0, b"\x00")],
}


SEVERAL: dict[bytes, list[tuple[bytes, Row | str]]] = {
    b'{"a":1}{"a":2}{}': [(b'{"a":1}', {"a": "1"}), (b'{"a":2}', {"a": "2"}), (b"{}", {})],
    b' {"a":1} \t{"b":2} ': [(b' {"a":1} \t', {"a": "1"}), (b'{"b":2} ', {"b": "2"})],
    b'{"a":"}{"}{"a":"\\"}{"}': [(b'{"a":"}{"}', {"a": "}{"}), (b'{"a":"\\"}{"}', {"a": '"}{'})],
    b'{"a":[{},{}]}{}': [(b'{"a":[{},{}]}', {"a": "[{},{}]"}), (b"{}", {})],
    b'{"a":01}{"a":{}}{"a":1,"a":1}{}': [
        (b'{"a":01}', "not-json"),
        (b'{"a":{}}', {"a": "{}"}),
        (b'{"a":1,"a":1}', "duplicate-key"),
        (b"{}", {}),
    ],
    b'{"a":"\xff"}{"a":"\xc3\xa9"}': [(b'{"a":"\xff"}', "invalid-utf8"), (b'{"a":"\xc3\xa9"}', {"a": "é"})],
    b'{"a":"\t"}{}': [(b'{"a":"\t"}', "not-json"), (b"{}", {})],
    b'{}{"a":{}{}': [(b"{}", {}), (b'{"a":{}{}', "not-json")],
    b'{}{"a":"}{}': [(b"{}", {}), (b'{"a":"}{}', "not-json")],
    b'{}{"a":"\\': [(b"{}", {}), (b'{"a":"\\', "not-json")],
    b"{}{}]": [(b"{}", {}), (b"{}]", "not-json")],
    b"{},{}": [(b"{},{}", "not-json")],
    b"{}}{}": [(b"{}}{}", "not-json")],
    b"{]{}": [(b"{]{}", "not-json")],
    b"[{}{}]": [(b"[{}{}]", "not-json")],
    b"[]{}": [(b"[]{}", "not-json")],
    b"{} // {}": [(b"{} // {}", "not-json")],
}


@pytest.mark.parametrize("data", SEVERAL)
def test_reads_objects_one_behind_the_other(data: bytes, engine: str) -> None:
    for size in (1, 5, 1 << 20):
        chunks = [data[at : at + size] for at in range(0, len(data), size)]
        for batch_bytes in (1, 1 << 20):
            found = lines(parse(engine, [b"\n", *chunks, b"\n{}"], RecordLimits(batch_bytes=batch_bytes)))
            assert [line.number for line in found] == [2] * len(SEVERAL[data]) + [3]
            assert [(line.kept, own(line.found)) for line in found[:-1]] == SEVERAL[data]
            assert b"".join(line.kept for line in found[:-1]) == data


def own(found: Row | str) -> Row | str:
    return (
        found if isinstance(found, str) else {key: value for key, value in found.items() if value is not None}
    )


@pytest.mark.parametrize(
    ("reason", "number"), [(r, n) for r, cases in REASONS.items() for n in range(len(cases))]
)
def test_gives_every_reason(reason: str, number: int, engine: str) -> None:
    line, limits = REASONS[reason][number]
    assert judge(engine, b"\n" + line, **limits) == reason


def test_knows_no_other_reason(engine: str) -> None:
    assert list(REASONS) == list(MESSAGES)
    for message in MESSAGES.values():
        assert message.format(limits=RecordLimits())


@pytest.mark.parametrize(("line", "limits", "reason"), FIRST_PROBLEM_WINS)
def test_tells_the_first_problem_from_the_left(
    line: bytes, limits: dict[str, int], reason: str, engine: str
) -> None:
    assert judge(engine, line, **limits) == reason


@pytest.mark.parametrize("data", LINE_ENDS)
def test_tells_lines_apart_however_the_stream_is_cut(data: bytes, engine: str) -> None:
    chunkings = [
        [data],
        [data[at : at + 1] for at in range(len(data))],
        [b"", *split(data, len(data) // 2), b""],
    ]
    for chunks in chunkings:
        found = lines(parse(engine, chunks, RecordLimits()))
        assert [(line.number, line.offset, line.kept) for line in found] == LINE_ENDS[data]
        assert all(line.length == len(line.kept) for line in found)


# limits at their edge


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\r"])
def test_takes_a_line_of_just_the_most_bytes(end: bytes, engine: str) -> None:
    line = b'{"a":"xyz"}'
    assert judge(engine, line + end, line_bytes=len(line)) == {"a": "xyz"}
    assert judge(engine, line + end, line_bytes=len(line) - 1) == "line-too-long"


@pytest.mark.parametrize("length", [21, 22, 49, 50, 51, 1000, 3000])
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_keeps_the_beginning_of_a_line_that_is_too_long(length: int, end: bytes, engine: str) -> None:
    long = bytes(range(128, 256)) * (length // 128 + 1)
    data = b"{}\n" + long[:length] + end
    for size in (1, 7, 1 << 20):
        chunks = [data[at : at + size] for at in range(0, len(data), size)]
        found = lines(parse(engine, chunks, RecordLimits(line_bytes=20, kept_bytes=50)))
        assert found[1] == Line(2, 3, length, long[: min(50, length)], "line-too-long")


def test_counts_no_declared_key(engine: str) -> None:
    data = b'{"a":1,"b":1}\n{"x":1,"y":2}\n{"x":1,"c":3}\n{"b":1,"y":2}\n'
    found = lines(parse(engine, [data], RecordLimits(keys=2, key_bytes=2, declared=("x", "y"))))
    assert [line.found if isinstance(line.found, str) else None for line in found] == [
        None,
        None,
        "too-many-keys",
        None,
    ]


def test_keeps_a_whole_reject_of_just_the_most_bytes(engine: str) -> None:
    assert read(engine, b"x" * 20, line_bytes=20, kept_bytes=5)[0].kept == b"x" * 20
    assert read(engine, b"x" * 21, line_bytes=20, kept_bytes=5)[0].kept == b"x" * 5
    assert read(engine, b"x" * 21, line_bytes=20, kept_bytes=0)[0].kept == b""


@pytest.mark.parametrize("blank", [b" ", b"\t", b"\r", b" \t\r"])
def test_passes_over_a_blank_line_however_long(blank: bytes, engine: str) -> None:
    data = blank * 50 + b"\n{}\n" + blank * 50
    assert [(line.number, line.found) for line in read(engine, data, line_bytes=20)] == [(2, {})]
    late = blank * 50 + b"x\n{}"
    assert [line.found for line in read(engine, late, line_bytes=20)] == ["line-too-long", {}]


@pytest.mark.parametrize("depth", [1, 2, 3, 63, 64, 65, 127, 128, 129, 1000])
def test_takes_just_the_deepest_nesting(depth: int, engine: str) -> None:
    nested = b"[" * (depth - 1) + b"]" * (depth - 1) or b"0"
    mixed = b'{"a":' * depth + b"0" + b"}" * depth
    for line in (b'{"a":' + nested + b"}", mixed):
        assert isinstance(judge(engine, line, depth=depth), dict)
        assert judge(engine, line, depth=depth - 1) == "too-deep"
    flat = b'{"a":[' + b",".join([b"[]"] * 500) + b"]}"
    assert isinstance(judge(engine, flat, depth=3), dict)


def test_closes_what_was_opened_at_every_depth(engine: str) -> None:
    for depth in range(1, 128):
        brackets = [b"{["[(n * 7 + depth) % 2 : (n * 7 + depth) % 2 + 1] for n in range(depth)]
        opened = b"".join(b'{"k":' if bracket == b"{" else b"[" for bracket in brackets)
        closed = b"".join(b"}" if bracket == b"{" else b"]" for bracket in reversed(brackets))
        assert isinstance(judge(engine, b'{"a":' + opened + b"1" + closed + b"}"), dict)
        wrong = closed.replace(b"}", b"]", 1) if closed.startswith(b"}") else closed.replace(b"]", b"}", 1)
        assert judge(engine, b'{"a":' + opened + b"1" + wrong + b"}") == "not-json"


def test_counts_keys_of_accepted_lines_only(engine: str) -> None:
    data = b"\n".join(
        [
            b'{"a":1,"b":2}',
            b'{"c":1,"d":2}',  # would be four
            b'{"c":1,"c":2}',  # broken: c does not count
            b'{"a":1,"e":1,',
            b'{"d":null}',  # the third
            b'{"d":1,"b":1,"a":1}',
            b'{"c":1}',
            b'{"a":{"z":1,"y":2}}',
            b"{}",
        ]
    )
    assert [line.found if isinstance(line.found, str) else "row" for line in read(engine, data, keys=3)] == [
        "row", "too-many-keys", "duplicate-key", "not-json", "row", "row", "too-many-keys", "row", "row",
    ]  # fmt: skip


def test_counts_the_bytes_of_keys_of_accepted_lines_only(engine: str) -> None:
    data = b"\n".join(
        [
            b'{"a":1,"bc":{"long and nested":1}}',
            b'{"def":1,"g":2}',  # would be seven
            b'{"ghi":1,',
            b'{"":1,"a":2}',  # takes none
            '{"é":1}'.encode(),  # five
            rb'{"\u00e9":1}',
            rb'{"\u0078":1}',  # six
            b'{"y":1}',
            b'{"bc":1,"x":2}',
        ]
    )
    found = read(engine, data, key_bytes=6)
    assert [line.found if isinstance(line.found, str) else "row" for line in found] == [
        "row", "too-many-keys", "not-json", "row", "row", "row", "row", "too-many-keys", "row",
    ]  # fmt: skip


def test_counts_keys_over_all_batches(engine: str) -> None:
    data = b"".join(b'{"k%d":1}\n' % n for n in range(30)) + b'{"k9":2}\n'
    found = read(engine, data, keys=20, batch_bytes=1)
    assert [line.number for line in found if line.found == "too-many-keys"] == list(range(21, 31))
    assert found[-1].found == {"k9": "2"}


def test_takes_ten_thousand_keys_and_no_more(engine: str) -> None:
    members = [b'"%d":%d' % (n, n) for n in range(10_001)]
    assert judge(engine, b"{" + b",".join(members) + b"}") == "too-many-keys"
    row = judge(engine, b"{" + b",".join(members[:-1]) + b"}")
    assert row == {str(n): str(n) for n in range(10_000)}
    assert judge(engine, b"{" + b",".join([*members[:9_999], members[0]]) + b"}") == "duplicate-key"


# keys


@pytest.mark.parametrize(
    "key",
    ["", ".", "a.b", 'say "x"', "two\nlines", "nul\0", "\0", "ü", "😀", " ", "a b", "'", "\\", "x" * 5000],
)
def test_names_a_column_by_the_key_itself(key: str, engine: str) -> None:
    written = ascii_json(key)
    (batch,) = parse(engine, [b'{"A":1,"a":2,' + written + b':"v"}'], RecordLimits())
    assert batch.rows.schema.names == ["A", "a", key]
    assert batch.rows.to_pylist() == [{"A": "1", "a": "2", key: "v"}]
    assert judge(engine, b'{"A":1,' + written + b":1,\t" + written + b":2}") == "duplicate-key"


def ascii_json(text: str) -> bytes:
    units = text.encode("utf-16-be")
    return (
        b'"' + b"".join(b"\\u%02x%02x" % (units[at], units[at + 1]) for at in range(0, len(units), 2)) + b'"'
    )


def test_orders_columns_as_first_seen_in_the_batch(engine: str) -> None:
    data = b'{"b":1,"a":null}\n{"x":1,"x":1}\n{"c":1,"a":2}\n{"z":\n{"b":3,"d":null}\n'
    (batch,) = parse(engine, [data], RecordLimits())
    assert batch.rows.schema == pa.schema([(name, pa.string()) for name in "bacd"])
    assert batch.rows.to_pydict() == {
        "b": ["1", None, "3"],
        "a": [None, "2", None],
        "c": [None, "1", None],
        "d": [None, None, None],
    }


def test_forgets_the_columns_of_the_batch_before(engine: str) -> None:
    data = b'{"a":1}\n{"b":2}\n{"a":3,"b":4}\n'
    given = [batch.rows.to_pydict() for batch in parse(engine, [data], RecordLimits(batch_bytes=1))]
    assert given == [{"a": ["1"]}, {"b": ["2"]}, {"a": ["3"], "b": ["4"]}]


def test_takes_an_empty_object_for_a_row(engine: str) -> None:
    (batch,) = parse(engine, [b"{}\n{ }\n"], RecordLimits())
    assert (batch.rows.num_rows, batch.rows.num_columns, batch.positions.num_rows) == (2, 0, 2)
    assert judge(engine, b"{}", keys=0) == {}


# batches


def ends(engine: str, data: bytes, **limits: int) -> list[int]:
    """The number of the last row or reject of each batch."""
    given = parse(engine, [data], RecordLimits(**limits))
    return [max(line.number for line in lines([batch])) for batch in given]


def test_ends_a_batch_with_the_line_that_fills_it(engine: str) -> None:
    data = b'{"a":1}\n' * 10  # of 8 bytes each
    assert ends(engine, data, batch_bytes=16) == [2, 4, 6, 8, 10]
    assert ends(engine, data, batch_bytes=17) == [3, 6, 9, 10]
    assert ends(engine, data[:-1], batch_bytes=80) == [10]
    assert ends(engine, b"x\n" * 8, batch_bytes=5) == [3, 6, 8]


def test_counts_line_ends_blanks_and_long_lines_but_not_the_mark(engine: str) -> None:
    assert ends(engine, b"{}\r\n{}\r\n{}\r\n", batch_bytes=8) == [2, 3]
    assert ends(engine, b"{}\n \n\n{}\n{}\n", batch_bytes=6) == [1, 5]
    assert ends(engine, MARK + b"{}\n{}\n{}\n", batch_bytes=6) == [2, 3]
    assert ends(engine, b"{}\n" + b"x" * 100 + b"\n{}\n{}\n", batch_bytes=50, line_bytes=9) == [2, 4]


def test_ends_a_batch_by_cells(engine: str) -> None:
    data = b'{"a":1,"b":2}\n' * 5 + b'{"c":1}\n' * 2 + b"{}\n" * 9 + b"x\n{}\n"
    assert ends(engine, data, batch_cells=6) == [3, 5, 11, 18]
    assert ends(engine, b"{}\n" * 50, batch_cells=1) == [50]


@pytest.mark.parametrize("cut", [0, 6, 11, 14, 15])
def test_ends_a_batch_before_a_row_whose_columns_it_has_no_room_for(engine: str, cut: int) -> None:
    def rows(data: bytes, **limits: int) -> list[tuple[list[int], list[str]]]:
        given = parse(engine, split(data, cut), RecordLimits(**limits))
        return [(batch.positions["line"].to_pylist(), batch.rows.schema.names) for batch in given]

    wide = b'{"a":1,"b":{}}'
    assert rows(b"{}\n{}\n" + wide, batch_cells=5) == [([1, 2], []), ([3], ["a", "b"])]
    assert rows(b"{}\n{}\n" + wide + b"\n{}", batch_cells=5) == [([1, 2], []), ([3, 4], ["a", "b"])]
    assert rows(b"{}\n{}\n" + wide, batch_cells=6) == [([1, 2, 3], ["a", "b"])]
    assert rows(b"{}\nx\n" + wide[:-1] + b"\n{}", batch_cells=2) == [([1, 4], [])]
    assert rows(wide + b"\n" + wide, batch_cells=1) == [([1], ["a", "b"]), ([2], ["a", "b"])]
    assert rows(b"{}\n{}\n" + wide, batch_cells=5, keys=2) == [([1, 2], []), ([3], ["a", "b"])]


def test_ends_a_batch_by_rows_and_rejects(engine: str) -> None:
    data = b"{}\nx\n\n \n{}\n{}\n[\nx\n{}"
    assert ends(engine, data, batch_lines=1) == [1, 2, 5, 6, 7, 8, 9]
    assert ends(engine, data, batch_lines=2) == [2, 6, 8, 9]
    assert ends(engine, data, batch_lines=3) == [5, 8, 9]
    assert ends(engine, data, batch_lines=7) == [9]


def test_gives_no_batch_of_blanks_and_starts_anew_after_them(engine: str) -> None:
    data = b" \n" * 10 + b"{}\n{}\n{}\n"
    assert ends(engine, data, batch_bytes=6) == [
        12,
        13,
    ]  # the 18 bytes of nine blanks are three empty batches
    assert list(parse(engine, [b"\n \n"], RecordLimits())) == []
    assert list(parse(engine, [], RecordLimits())) == []
    assert list(parse(engine, [b"", b""], RecordLimits())) == []


@pytest.mark.parametrize("keep", [True, False])
def test_keeps_lines_when_asked(keep: bool, engine: str) -> None:
    data = b'{"a":1}\r\n\n[\n{ "a" : "\\u0041" }\n'
    (batch,) = parse(engine, [data], RecordLimits(), keep_lines=keep)
    assert batch.positions.schema == (POSITIONS_WITH_BYTES if keep else POSITIONS)
    assert batch.rejects.schema == REJECTS
    places = [{"line": 1, "offset": 0, "length": 7}, {"line": 4, "offset": 12, "length": 18}]
    kept = [b'{"a":1}', b'{ "a" : "\\u0041" }']
    assert batch.positions.to_pylist() == [
        {**place, "bytes": line} if keep else place for place, line in zip(places, kept, strict=True)
    ]


# the stream


def test_reads_no_further_than_the_batch_asked_for(engine: str) -> None:
    asked = []

    def chunks() -> Iterator[bytes]:
        for number in range(100):
            asked.append(number)
            yield b'{"a":1}\n'

    batches = parse(engine, chunks(), RecordLimits(batch_bytes=16))
    next(batches)
    assert len(asked) == 2


def test_passes_on_what_the_source_raises_after_what_came_before(engine: str) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"{}\n{}\n{}"
        raise ConnectionError

    batches = parse(engine, chunks(), RecordLimits(batch_bytes=3))
    assert next(batches).rows.num_rows == 1
    assert next(batches).rows.num_rows == 1
    with pytest.raises(ConnectionError):
        next(batches)


def test_gives_batches_that_outlive_the_reading(engine: str) -> None:
    data = b"".join(b'{"a":"value %d","b":[%d]}\nx\n' % (n, n) for n in range(1000))
    given = list(parse(engine, [data], RecordLimits(batch_bytes=500)))
    columns = [(batch.rows.column(0), batch.rejects.column(3)) for batch in given]
    del given
    gc.collect()
    assert [text for column, _ in columns for text in column.to_pylist()] == [
        f"value {n}" for n in range(1000)
    ]
    assert {text for _, column in columns for text in column.to_pylist()} == {"not-json"}


def test_can_be_left_in_the_middle(engine: str) -> None:
    batches = parse(engine, [b"{}\n" * 100], RecordLimits(batch_bytes=3))
    first = next(batches)
    del batches
    gc.collect()
    assert first.positions.to_pylist()[0]["line"] == 1


@pytest.mark.parametrize("mix", [1, 5])
def test_reads_several_inputs_side_by_side(mix: int, engine: str) -> None:
    inputs = [parse(engine, [b'{"a%d":%d}\n' % (n, n) * 9], RecordLimits(batch_bytes=mix)) for n in range(3)]
    given = [[], [], []]  # type: list[list[object]]
    for batches in zip(*inputs, strict=True):
        for number, batch in enumerate(batches):
            given[number].extend(batch.rows.to_pylist())
    assert given == [[{f"a{n}": str(n)}] * 9 for n in range(3)]


def test_reads_in_several_threads(engine: str) -> None:
    inputs = [b"".join(b'{"t%d":"%d\\u0041"}\nx\n' % (t, n) for n in range(2000)) for t in range(4)]
    limits = RecordLimits(batch_bytes=4096)
    with ThreadPoolExecutor(4) as pool:
        given = list(pool.map(lambda data: lines(parse(engine, split(data, 999), limits)), inputs))
    for thread, found in enumerate(given):
        assert [line.found for line in found[::2]] == [{f"t{thread}": f"{n}A"} for n in range(2000)]
        assert {line.found for line in found[1::2]} == {"not-json"}
