"""Native against plain, plain against the standard library, on made-up documents cut anywhere."""

import json
import os
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.fuzz.cases import Case, failure
from tests.fuzz.documents import TOKENS
from tests.support.guarded import Arena
from tests.support.ndjson import ENGINES, difference, lines, parse, split
from tributary.kernels.formats.asked import DEFAULT_LIMITS
from tributary.kernels.record_limits import RecordLimits

LONG_RUN = int(os.environ.get("TRIBUTARY_TEST_EXAMPLES", "1000"))
ARENA = Arena(1 << 16)


def object_of(members: list[tuple[str, str]], blank: str) -> str:
    inside = ",".join(f"{blank}{json.dumps(key)}{blank}:{blank}{value}{blank}" for key, value in members)
    return f"{{{inside or blank}}}"


BLANK = st.sampled_from(["", "", "", " ", "\t", "\r", " \t "])
TEXT = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=20),
    st.text('ab"\\\n\0é€😀', max_size=70),
)
KEY = st.one_of(st.sampled_from(["a", "b", "c", "", "A", "é", 'q"', "n\n"]), TEXT)
SCALAR = st.one_of(
    st.sampled_from(["null", "true", "false", "0", "-0", "1.10", "-12.5e-7", "12345678901234567890", "1E+5"]),
    st.builds(json.dumps, st.integers()),
    st.builds(json.dumps, st.floats(allow_nan=False, allow_infinity=False)),
)
STRING = st.builds(lambda text, is_ascii: json.dumps(text, ensure_ascii=is_ascii), TEXT, st.booleans())
VALUE = st.recursive(
    SCALAR | STRING,
    lambda inner: st.one_of(
        st.builds(lambda items, b: f"[{b}{f'{b},'.join(items)}{b}]", st.lists(inner, max_size=4), BLANK),
        st.builds(object_of, st.lists(st.tuples(KEY, inner), max_size=4), BLANK),
    ),
    max_leaves=8,
)
OBJECT = st.builds(
    object_of, st.lists(st.tuples(KEY, VALUE), max_size=5, unique_by=lambda member: member[0]), BLANK
).map(str.encode)


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    """An object with one to three small changes."""
    line: bytes = draw(OBJECT)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(line)))
        to = draw(st.integers(at, min(len(line), at + 5)))
        put = draw(st.one_of(st.sampled_from(TOKENS), st.binary(max_size=2)))
        line = line[:at] + put + line[to:]
    return line


LINE = st.one_of(
    OBJECT,
    OBJECT,
    broken(),
    broken(),
    VALUE.map(str.encode),
    st.lists(st.sampled_from(TOKENS), max_size=12).map(b"".join),
    st.binary(max_size=40),
)
END = st.sampled_from([b"\n", b"\n", b"\n", b"\r\n", b"\r\r\n", b"\n\n", b"\n \t\n", b"\r"])
DOCUMENT = st.one_of(
    st.builds(
        lambda mark, lines, last: mark + b"".join(line + end for line, end in lines) + last,
        st.sampled_from([b"", b"", b"\xef\xbb\xbf"]),
        st.lists(st.tuples(LINE, END), max_size=6),
        LINE | st.just(b""),
    ),
    st.binary(max_size=100),
)
LIMITS = st.builds(
    RecordLimits,
    line_bytes=st.sampled_from([DEFAULT_LIMITS.line_bytes] * 4 + [0, 5, 16, 33, 64]),
    kept_bytes=st.sampled_from([DEFAULT_LIMITS.kept_bytes] * 2 + [0, 7, 40]),
    depth=st.sampled_from([DEFAULT_LIMITS.depth] * 4 + [0, 1, 2, 3]),
    keys=st.sampled_from([DEFAULT_LIMITS.keys] * 4 + [0, 1, 2, 3]),
    key_bytes=st.sampled_from([DEFAULT_LIMITS.key_bytes] * 4 + [0, 1, 2, 5]),
    batch_lines=st.sampled_from([DEFAULT_LIMITS.batch_lines] * 3 + [1, 2]),
    batch_bytes=st.sampled_from([DEFAULT_LIMITS.batch_bytes] * 2 + [1, 9, 40]),
    batch_cells=st.sampled_from([DEFAULT_LIMITS.batch_cells] * 2 + [1, 2, 7]),
    declared=st.sampled_from([(), (), ("a",), ("", "a", "é", "never")]),
)
CUTS = st.lists(st.integers(0, 200), max_size=6)


def case(data: bytes, cuts: list[int], limits: RecordLimits, keep_lines: bool) -> Case:
    return Case(tuple(split(data, *(min(cut, len(data)) for cut in cuts))), limits, keep_lines)


CASES = given(
    case=st.builds(case, DOCUMENT, CUTS, LIMITS, st.booleans()), side=st.sampled_from(["end", "begin"])
)


@CASES
@settings(max_examples=100)
def test_native_equals_plain_however_cut(case: Case, side: str) -> None:
    assert failure(case, ARENA, side=side) is None  # type: ignore[arg-type]


@pytest.mark.slow
@CASES
@settings(max_examples=LONG_RUN)
def test_native_equals_plain_in_the_long_run(case: Case, side: str) -> None:
    """`TRIBUTARY_TEST_EXAMPLES` makes the run longer."""
    assert failure(case, ARENA, side=side) is None  # type: ignore[arg-type]


SPLIT = given(data=DOCUMENT, limits=LIMITS)


@SPLIT
@settings(max_examples=8)
def test_every_split_into_two_gives_the_same(data: bytes, limits: RecordLimits) -> None:
    check_every_split(data, limits)


@pytest.mark.slow
@SPLIT
@settings(max_examples=60)
def test_every_split_into_two_gives_the_same_in_the_long_run(data: bytes, limits: RecordLimits) -> None:
    check_every_split(data, limits)


def check_every_split(data: bytes, limits: RecordLimits) -> None:
    expected = list(parse("plain", [data], limits))
    for at in range(len(data) + 1):
        for engine in ENGINES:
            assert difference(parse(engine, split(data, at), limits), expected) is None


@pytest.mark.slow
@given(line=st.one_of(OBJECT, broken(), VALUE.map(str.encode)))
@example(line=b"{}{}")
@settings(max_examples=100)
def test_plain_judges_as_the_standard_library(line: bytes) -> None:
    if b"\n" in line or not line.strip(b" \t\r"):
        return
    # as the one record that the library takes it for
    [one] = lines(parse("plain", [b"\n" + line], RecordLimits(), several=False))
    found = one.found
    expected = by_standard_library(line)
    if isinstance(found, str) or isinstance(expected, str):
        # It tells of the grammar first, wherever it is broken.
        assert found == expected or (isinstance(expected, str) and found in SEEN_BEFORE.get(expected, []))
        return
    assert list(found) == [key for key, _ in expected]
    for key, value in expected:
        if isinstance(value, list | tuple):
            assert loaded(str(found[key])) == value
        else:
            assert found[key] == (json.dumps(value) if isinstance(value, bool) else value)


SEEN_BEFORE = {"not-json": ["lone-surrogate", "duplicate-key"], "lone-surrogate": ["duplicate-key"]}


def by_standard_library(line: bytes) -> tuple[tuple[str, object], ...] | str:
    """The members of the line or its reason; scalars but true and false are text, an object is its pairs."""
    try:
        value = loaded(line.decode())
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeDecodeError:
        return "invalid-utf8"
    except UnicodeEncodeError:
        return "lone-surrogate"
    except ValueError:
        return "not-json"
    if not isinstance(value, tuple):
        return "not-an-object"
    return value if len(value) == len(dict(value)) else "duplicate-key"


def loaded(text: str) -> object:
    def refused(name: str) -> None:
        raise ValueError(name)

    return json.loads(text, parse_int=str, parse_float=str, parse_constant=refused, object_pairs_hook=tuple)


@given(data=DOCUMENT, limits=LIMITS, cuts=CUTS)
@pytest.mark.parametrize("engine", ENGINES)
@settings(max_examples=30)
def test_rows_and_rejects_rebuild_the_lines(
    engine: str, data: bytes, limits: RecordLimits, cuts: list[int]
) -> None:
    """By offset and length; between them stand line ends and blank lines, and nothing else."""
    given_case = case(data, cuts, limits, True)
    found = lines(parse(engine, given_case.chunks, limits))
    begin = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    spans = [
        (begin, begin),
        *((line.offset, line.offset + line.length) for line in found),
        (len(data), len(data)),
    ]
    assert all(not data[end:start].strip(b" \t\r\n") for (_, end), (start, _) in pairwise(spans))
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    for line in found:
        whole = data[line.offset : line.offset + line.length]
        assert b"\n" not in whole
        assert line.number == data.count(b"\n", 0, line.offset) + 1
        assert line.kept == (whole[: limits.kept_bytes] if line.found == "line-too-long" else whole)
        assert len(whole) == line.length
