import csv
import io
import os
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernels.support import by_kernel, by_oracle, layout
from tributary.datasets.declaration import CsvFormat
from tributary.kernels.formats.csv.block import LINE_COLUMN, Layout
from tributary.kernels.formats.csv.reader import CsvRows, fixed_blocks, read_header
from tributary.kernels.formats.csv.records import Dialect, Limits, Row, is_skipped

SMALL = Limits(record_bytes=12, kept_bytes=20)

PIECES = [
    b"a",
    b"bc",
    b",",
    b";",
    b"\t",
    b'"',
    b'""',
    b"\n",
    b"\r\n",
    b"\r",
    b" ",
    b"\x00",
    b"\xff",
    b"\xc3",
    b"|",
    b"\\",
    b"#",
]
LONGER = [
    "\u00e9".encode(),
    "\u20ac".encode(),
    "\U0001f40b".encode(),
    b"\xef\xbb\xbf",
    b",,",
    b'"x",',
    b"\n\n",
    b"12345678",
    b"\na,bc\n",
    b"\\N",
]
DOCUMENTS = st.one_of(
    st.lists(st.sampled_from(PIECES + LONGER), max_size=40).map(b"".join),
    st.lists(st.sampled_from([b"a", b",", b'"', b"\n"]), max_size=40).map(b"".join),
    st.lists(st.sampled_from([b"a", b"bc", b",", b'"', b"\\", b"\n", b"\r\n"]), max_size=40).map(b"".join),
    st.binary(max_size=80),
)


def chunked(data: bytes, cuts: list[int]) -> list[bytes]:
    return [data[start:end] for start, end in pairwise([0, *sorted(cuts), max(len(data), *cuts, 0)])]


def check_against_oracle(data: bytes, shape: Layout, limits: Limits, block: int, cuts: list[int]) -> None:
    expected = by_oracle(data, shape, limits)
    assert by_kernel(chunked(data, cuts), shape, limits, block) == expected


# Usual dialects first, and those that share characters with each other and with the documents.
SHAPES = st.one_of(
    st.builds(layout, st.sampled_from([",", ";", "\t"]), st.integers(1, 3)),
    st.builds(
        layout,
        st.sampled_from([",", "\t", " ", "|", "\u00e9"]),
        st.integers(1, 3),
        escape=st.sampled_from([None, "\\", "b", "\u20ac"]),
        comment=st.sampled_from([None, "#", "a"]),
        nulls=st.sampled_from([(), ("",), ("a", "bc", "\\N")]),
        header=st.sampled_from([(), (b"a",), (b"a,bc",), (b'a,"bc', b'"')]),
    ),
)

GENERATED = given(
    data=DOCUMENTS,
    shape=SHAPES,
    limits=st.sampled_from([SMALL, Limits()]),
    block=st.integers(3, 40),
    cuts=st.lists(st.integers(0, 80), max_size=4),
)


@GENERATED
@settings(max_examples=150)
def test_kernel_equals_the_oracle_on_any_bytes_however_cut(
    data: bytes, shape: Layout, limits: Limits, block: int, cuts: list[int]
) -> None:
    check_against_oracle(data, shape, limits, block, cuts)


@pytest.mark.slow
@GENERATED
@settings(max_examples=int(os.environ.get("TRIBUTARY_TEST_EXAMPLES", "4000")))
def test_kernel_equals_the_oracle_in_the_long_run(
    data: bytes, shape: Layout, limits: Limits, block: int, cuts: list[int]
) -> None:
    """`TRIBUTARY_TEST_EXAMPLES` makes the run longer; a change of the kernel deserves 100,000."""
    check_against_oracle(data, shape, limits, block, cuts)


@given(data=DOCUMENTS, fields=st.integers(1, 3))
@settings(max_examples=150)
def test_every_line_that_is_not_blank_comes_out_exactly_once(data: bytes, fields: int) -> None:
    """Rows and rejects, put back in order, cover the lines without gap or overlap but for blank ones."""
    rows, rejects = by_kernel([data], layout(",", fields), Limits(), 1 << 10)
    starts = sorted([row.line for row in rows] + [reject.line for reject in rejects])
    assert len(starts) == len(set(starts))
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    spans = {row.line: 1 + sum(field.count("\n") for field in row.fields) for row in rows}
    spans |= {reject.line: 1 + reject.raw.count(b"\n") for reject in rejects}
    covered = [line for start in starts for line in range(start, start + spans[start])]
    assert len(covered) == len(set(covered))
    left = set(range(1, len(lines) + 1)) - set(covered)
    assert all(is_skipped(lines[line - 1], Dialect(",", None)) for line in left)


FIELDS = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=8)


@given(
    rows=st.lists(st.tuples(FIELDS, FIELDS), max_size=8),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
@settings(max_examples=100)
def test_reads_back_what_the_standard_library_writes(rows: list[tuple[str, str]], quoting: int) -> None:
    text = io.StringIO()
    csv.writer(text, quoting=quoting).writerows(rows)  # type: ignore[arg-type]
    read, rejects = by_kernel([text.getvalue().encode()], layout(",", 2), Limits(), 64)
    assert ([row.fields for row in read], rejects) == (rows, [])


@given(
    rows=st.lists(st.tuples(FIELDS, FIELDS), max_size=8),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONE]),
    delimiter=st.sampled_from([",", "|", " ", "\u00a7"]),
)
@settings(max_examples=100)
def test_reads_back_what_the_standard_library_escapes(
    rows: list[tuple[str, str]], quoting: int, delimiter: str
) -> None:
    text = io.StringIO()
    writer = csv.writer(
        text, quoting=quoting, escapechar="\\", doublequote=False, delimiter=delimiter, lineterminator="\n"
    )  # type: ignore[call-overload]
    writer.writerows(rows)
    shape = layout(delimiter, 2, escape="\\")
    read, rejects = by_kernel([text.getvalue().encode()], shape, Limits(), 64)
    assert ([row.fields for row in read], rejects) == (rows, [])


@given(data=DOCUMENTS, block=st.integers(3, 20))
@settings(max_examples=100)
def test_reads_on_right_after_the_header_whatever_the_blocks(data: bytes, block: int) -> None:
    blocks = fixed_blocks([b"\xef\xbb\xbf\r\n \nx,y\n" + data], block)
    header = read_header(blocks, CsvFormat(), Limits())
    assert header.fields == ("x", "y")
    parsed = list(CsvRows(header, blocks, layout(",", 2)))
    found = [Row(r.pop(LINE_COLUMN), tuple(r.values())) for p in parsed for r in p.rows.to_pylist()]
    # The mark is no mark behind a header, so the oracle gets the header's lines, too.
    rows, rejects = by_oracle(b"\n\nx,y\n" + data, layout(",", 2), Limits())
    assert (found, [r for p in parsed for r in p.rejects]) == (rows[1:], rejects)


ADVERSARIAL = {
    "a quote on each line": b'"\n',
    "an open quote on each line": b'a,"b\n',
    "a doubled quote on each line": b'"""x\n',
    "an open quote, then harmless lines": b'a,"b\n' + b"c,d\n" * 1000,
    "blank lines": b"\n",
    "spaces": b" \n",
    "lone CRs": b"a\rb\n",
    "bytes that are not UTF-8": b"\xff\n",
    "too few fields": b"a\n",
    "delimiters": b",,,,,,,,,,,,,,,,,,,,\n",
    "escapes at line ends": b"a\\\n",
    "escapes in a row": b"\\" * 40 + b",\n",
    "an escaped quote, then an open one": b'\\","\\"\n',
    "comments": b"#\n",
    "headers": b"a,b\n",
}


@pytest.mark.slow
@pytest.mark.parametrize("unit", [pytest.param(unit, id=name) for name, unit in ADVERSARIAL.items()])
def test_takes_time_in_proportion_to_the_input(unit: bytes) -> None:
    """Sixteen times the input: 16 times the time, and 256 times if it grew with the square."""

    def seconds(size: int) -> float:
        data = unit * (size // len(unit))
        began = time.process_time()
        shape = layout(",", 2, escape="\\", comment="#", header=(b"a,b",))
        for _ in CsvRows(read_header(iter([b"a,b\n"]), CsvFormat(), Limits()), iter([data]), shape):
            pass
        return time.process_time() - began

    small, large = 1 << 14, 1 << 18
    # Other work on the machine makes a run slower, never faster: the best of several is the kernel's own.
    of_small = min(seconds(small) for _ in range(5))
    assert any(seconds(large) < 48 * of_small for _ in range(4))
