"""What the CSV kernel does with lines that are there to cost time."""

from unittest import mock

import pytest

from tributary.datasets.declaration import CsvFormat
from tributary.errors import TooManyDeadLettersError, UnreadableHeaderError
from tributary.kernels.formats.csv import records
from tributary.kernels.formats.csv.block import Layout, parse_block
from tributary.kernels.formats.csv.reader import read_header
from tributary.kernels.formats.csv.records import Dialect, Limits

LAYOUT = Layout(Dialect(",", 2), ("a", "b"))
LIMITS = Limits(record_bytes=1000, rejects=5)


@pytest.mark.parametrize("line", [b"x\n", b"\xff\n", b'"x"y\n', b"1,2,3\n"], ids=repr)
def test_makes_no_more_rejects_than_a_file_may_have(line: bytes) -> None:
    good = b'1,"2"\n'
    parsed = parse_block(good + line * 5 + good, 1, LAYOUT, LIMITS, None)
    assert (parsed.rows.num_rows, len(parsed.rejects)) == (2, 5)
    with (
        mock.patch(
            "tributary.kernels.formats.csv.block.wrong_field_count", wraps=records.wrong_field_count
        ) as made,
        pytest.raises(TooManyDeadLettersError, match=r"at most 5 dead letters of one file .*, got 6"),
    ):
        parse_block(good + line * 1000, 1, LAYOUT, LIMITS, None)
    assert made.call_count == 0


def test_counts_no_line_of_spaces_for_a_reject() -> None:
    parsed = parse_block(b"1,2\n" + b"  \n" * 10 + b"3,4\n", 1, LAYOUT, LIMITS, None)
    assert (parsed.rows.num_rows, parsed.rejects, parsed.lines_taken) == (2, [], 12)


def test_looks_at_no_line_of_a_blank_block() -> None:
    with mock.patch("tributary.kernels.formats.csv.block.is_skipped") as looked:
        parsed = parse_block(b"\n \r\n" * 1000 + b"\t", 1, LAYOUT, LIMITS, None)
    assert (parsed.rows.num_rows, parsed.lines_taken, parsed.bytes_taken) == (0, 2001, 4001)
    assert not looked.called


@pytest.mark.parametrize(("blank", "is_found"), [(1000, True), (1001, False)])
def test_looks_for_the_header_no_further_than_a_record_may_be_long(blank: int, is_found: bool) -> None:
    data = b"\n" * blank + b"a,b\n"
    if is_found:
        assert read_header(iter([data]), CsvFormat(), LIMITS).fields == ("a", "b")
        return
    with pytest.raises(UnreadableHeaderError, match="a header within the first 1000 bytes"):
        read_header(iter([data]), CsvFormat(), LIMITS)
