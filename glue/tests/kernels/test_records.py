"""The CSV rules as a table, on the oracle and on the kernel alike."""

import pytest

from tests.kernels.support import by_kernel, by_oracle, layout
from tributary.kernels.formats.csv.records import Limits, Reject, Row

SMALL = Limits(record_bytes=20, kept_bytes=30)

RULES: dict[str, tuple[bytes, list[tuple[int, object]]]] = {
    "reads LF": (b"a,b\nc,d\n", [(1, ("a", "b")), (2, ("c", "d"))]),
    "reads CRLF": (b"a,b\r\nc,d\r\n", [(1, ("a", "b")), (2, ("c", "d"))]),
    "reads a last line without end": (b"a,b\nc,d", [(1, ("a", "b")), (2, ("c", "d"))]),
    "reads a last line that ends with CR": (b"a,b\r", [(1, ("a", "b"))]),
    "skips a byte order mark": (b"\xef\xbb\xbfa,b\n", [(1, ("a", "b"))]),
    "keeps a mark that stands later": (b"a,b\n\xef\xbb\xbfc,d\n", [(1, ("a", "b")), (2, ("\ufeffc", "d"))]),
    "counts blank lines": (b"\n \t\r\na,b\n\n\r\nc,d\n", [(3, ("a", "b")), (6, ("c", "d"))]),
    "keeps empty fields": (b",\n", [(1, ("", ""))]),
    "keeps spaces": (b" a , b \n", [(1, (" a ", " b "))]),
    "keeps NUL": (b"a\x00,b\n", [(1, ("a\x00", "b"))]),
    "keeps a lone CR": (b"a\rb,c\n", [(1, ("a\rb", "c"))]),
    "keeps a CR before the line's end": (b"a,b\r\r\n", [(1, ("a", "b\r"))]),
    "reads quotes": (b'"a","b,c"\n', [(1, ("a", "b,c"))]),
    "reads doubled quotes": (b'"a""b",""""\n', [(1, ('a"b', '"'))]),
    "reads empty quotes": (b'"",""\n', [(1, ("", ""))]),
    "reads line breaks in quotes": (b'"a\r\nb",c\nd,e\n', [(1, ("a\r\nb", "c")), (3, ("d", "e"))]),
    "reads quotes before CRLF": (b'a,"b"\r\nc,d\n', [(1, ("a", "b")), (2, ("c", "d"))]),
    "rejects too few fields": (b"a\nb,c\n", [(1, "wrong-field-count"), (2, ("b", "c"))]),
    "rejects too many fields": (b"a,b,c\nb,c\n", [(1, "wrong-field-count"), (2, ("b", "c"))]),
    "rejects a record of two lines as one": (b'"a\nb"\nc,d\n', [(1, "wrong-field-count"), (3, ("c", "d"))]),
    "rejects bytes that are not UTF-8": (b"\xff,a\nb,c\n", [(1, "invalid-utf8"), (2, ("b", "c"))]),
    "rejects overlong UTF-8": (b"\xc0\xaf,a\nb,c\n", [(1, "invalid-utf8"), (2, ("b", "c"))]),
    "rejects surrogates": (b"\xed\xa0\x80,a\nb,c\n", [(1, "invalid-utf8"), (2, ("b", "c"))]),
    "rejects a quote in the middle": (b'a"b,c\nd,e\n', [(1, "broken-quote"), (2, ("d", "e"))]),
    "rejects text after a quote": (b'"a"b,c\nd,e\n', [(1, "broken-quote"), (2, ("d", "e"))]),
    "resumes after broken quotes": (
        b'a,"b\nc,d\n"e,f\n',
        [(1, "broken-quote"), (2, ("c", "d")), (3, "unclosed-quote")],
    ),
    "resumes after an open quote": (
        b'a,"b\nc,d\ne,f',
        [(1, "unclosed-quote"), (2, ("c", "d")), (3, ("e", "f"))],
    ),
    "rejects a long line": (b"aaaaaaaaaaaaaaaaaaa,b\nc,d\n", [(1, "record-too-long"), (2, ("c", "d"))]),
    "takes a record of the limit": (b"aaaaaaaaaaaaaaaaaa,b\r\n", [(1, ("a" * 18, "b"))]),
    "resumes in a long record": (
        b'a,"b\nc,d\ne,f\ng,h\ni,j\nk,l"\n',
        [
            (1, "record-too-long"),
            *[(n, (x, y)) for n, x, y in [(2, "c", "d"), (3, "e", "f"), (4, "g", "h"), (5, "i", "j")]],
            (6, "broken-quote"),
        ],
    ),
    "rejects a record that a long line ends": (
        b'a,"b\n' + b"x" * 50 + b'"\nc,d\n',
        [(1, "record-too-long"), (2, "record-too-long"), (3, ("c", "d"))],
    ),
}


ESCAPES: dict[str, tuple[bytes, list[tuple[int, object]]]] = {
    "escapes a delimiter": (b"a\\,b,c\n", [(1, ("a,b", "c"))]),
    "escapes a quote outside quotes": (b'\\"a\\",b\n', [(1, ('"a"', "b"))]),
    "escapes a quote inside quotes": (b'"a\\"b",""\n', [(1, ('a"b', ""))]),
    "reads doubled quotes, too": (b'"a""b\\"",c\n', [(1, ('a"b"', "c"))]),
    "escapes itself": (b'a\\\\,"\\\\"\n', [(1, ("a\\", "\\"))]),
    "keeps what it need not escape": (b'C:\\dir,"\\N"\n', [(1, ("C:\\dir", "\\N"))]),
    "escapes LF": (b"a\\\nb,c\nd,e\n", [(1, ("a\nb", "c")), (3, ("d", "e"))]),
    "escapes CRLF": (b"a,b\\\r\nc\r\nd,e\n", [(1, ("a", "b\r\nc")), (3, ("d", "e"))]),
    "escapes LF in quotes": (b'"a\\\n\\"b",c\nd,e\n', [(1, ('a\n"b', "c")), (3, ("d", "e"))]),
    "rejects a quote behind an escaped line end": (b'a\\\n"b",c\n', [(1, "broken-quote"), (2, ("b", "c"))]),
    "rejects an escape at the end": (b"a,b\nc,d\\", [(1, ("a", "b")), (2, "escaped-end")]),
    "rejects an open quote before it": (b'c,"d\\', [(1, "unclosed-quote")]),
}


@pytest.mark.parametrize("block", [3, 7, 1 << 20])
@pytest.mark.parametrize("rule", ESCAPES)
def test_rule_of_escapes(rule: str, block: int) -> None:
    data, expected = ESCAPES[rule]
    shape = layout(",", 2, escape="\\")
    for read in (by_oracle(data, shape, Limits()), by_kernel([data], shape, Limits(), block)):
        records = sorted([*read[0], *read[1]], key=lambda record: record.line)
        assert [outline(record) for record in records] == expected


def outline(record: Row | Reject) -> tuple[int, object]:
    return record.line, record.fields if isinstance(record, Row) else record.reason


@pytest.mark.parametrize("block", [3, 7, 1 << 20])
@pytest.mark.parametrize("rule", RULES)
def test_rule(rule: str, block: int) -> None:
    data, expected = RULES[rule]
    for read in (by_oracle(data, layout(",", 2), SMALL), by_kernel([data], layout(",", 2), SMALL, block)):
        records = sorted([*read[0], *read[1]], key=lambda record: record.line)
        assert [outline(record) for record in records] == expected


@pytest.mark.parametrize(
    ("delimiter", "line", "fields"),
    [(";", b"a,1;b\n", ("a,1", "b")), ("\t", b"a b\tc\n", ("a b", "c")), ("\t", b"\t\n", ("", ""))],
)
def test_cuts_at_the_declared_delimiter(delimiter: str, line: bytes, fields: tuple[str, ...]) -> None:
    assert by_kernel([line], layout(delimiter, 2), Limits(), 100)[0] == [Row(1, fields)]


def test_keeps_the_bytes_of_a_reject_without_its_line_end() -> None:
    _, rejects = by_kernel([b'"a\r\nb"\r\n'], layout(",", 2), SMALL, 100)
    assert rejects == [Reject(1, "wrong-field-count", "expected 2 fields, found 1", b'"a\r\nb"', 6)]


def test_cuts_what_it_keeps_of_a_very_long_line_and_says_how_long_it_was() -> None:
    _, rejects = by_kernel([b"x" * 70 + b"\r\n"], layout(",", 2), SMALL, 8)
    assert [(r.raw, r.length) for r in rejects] == [(b"x" * 30, 70)]
