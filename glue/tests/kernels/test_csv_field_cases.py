"""Files as people in the field get them, and their kinds: what is read, told, or refused, in which words."""

import re
from pathlib import Path
from typing import Any

import pytest

from tributary.datasets.declaration import CsvFormat, InputColumn, position_key
from tributary.errors import EmptyFileError, HeaderMismatchError, UnreadableHeaderError, WholeFileError
from tributary.kernels.formats.asked import Asked, Content
from tributary.kernels.formats.reader import read

CASES = Path(__file__).parents[1] / "field_cases"
CUSTOMERS = ("id", "name", "email", "date", "amount", "status")
HEADER = b"id,name,email,date,amount,status\n"
ANN = ("1", "Ann", "ann@example.com", "01-02-2026", "5", "active")
BO = ("2", "Bo", "bo@example.com", "01-02-2026", "6", "active")

Row = tuple[str | None, ...]


def column(name: str, *, required: bool = False) -> InputColumn:
    return InputColumn(name, "string", (name,), required=required)


def read_bytes(
    data: bytes,
    options: CsvFormat | None = None,
    columns: tuple[str, ...] = CUSTOMERS,
    required: tuple[str, ...] = ("id",),
    chunk_bytes: int = 7,
) -> tuple[list[Row], list[dict[str, Any]], list[str]]:
    """The texts of the declared columns, the rejects, and what was told."""
    told: list[str] = []
    chunks = [data[start : start + chunk_bytes] for start in range(0, len(data), chunk_bytes)]
    declared = tuple(column(name, required=name in required) for name in columns)
    asked = Asked(options or CsvFormat(), declared, keeps_bytes=True)
    batches = list(read(asked, Content(chunks, Path("/nowhere"), told.append)))
    rows = [row for batch in batches for row in batch.rows.to_pylist()]
    rejects = [reject for batch in batches for reject in batch.rejects.to_pylist()]
    return [tuple(row.get(name) for name in columns) for row in rows], rejects, told


def read_case(
    name: str, options: CsvFormat | None = None
) -> tuple[list[Row], list[dict[str, Any]], list[str]]:
    return read_bytes((CASES / name).read_bytes(), options)


def refusal(data: bytes, options: CsvFormat | None = None, **more: Any) -> str:
    with pytest.raises(WholeFileError) as error:
        read_bytes(data, options, **more)
    return str(error.value)


def test_reads_lines_that_end_in_cr_where_that_is_declared() -> None:
    assert read_case("cr-only.csv", CsvFormat(line_end="cr")) == ([ANN, BO], [], [])


@pytest.mark.parametrize("last", [b"", b"\r"])
def test_quarantines_lines_that_end_in_cr_where_it_is_not(last: bytes) -> None:
    data = (CASES / "cr-only.csv").read_bytes().rstrip(b"\r") + last
    assert refusal(data) == (
        'expected lines that end in LF or CRLF, got some that end in CR: declare "lineEnd": "cr"'
    )
    assert "lines that end in LF or CRLF" in refusal(data * 20_000, chunk_bytes=1 << 20)
    assert "lines that end in LF or CRLF" in refusal(data.replace(b"Ann", b'"Ann"'))
    assert "lines that end in LF or CRLF" in refusal(data, CsvFormat(header=False), columns=("field_1",))


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_quarantines_lines_that_end_in_lf_where_cr_is_declared(end: bytes) -> None:
    data = HEADER.replace(b"\n", end) + b"1,Ann,e,d,5,s" + end
    assert refusal(data, CsvFormat(line_end="cr")).endswith('declare "lineEnd": "lf"')


def test_takes_a_cr_in_a_quoted_name_for_text() -> None:
    rows, _, told = read_bytes(b'id,"a\rb"\n1,2\n', columns=("id", "a\rb"))
    assert (rows, told) == ([("1", "2")], [])


def test_keeps_the_line_ends_in_the_quotes_of_a_file_of_cr() -> None:
    data = b'id,note\r1,"a\rb\nc"\r2,d\ne\r3\r'
    rows, rejects, _ = read_bytes(data, CsvFormat(line_end="cr"), columns=("id", "note"))
    assert rows == [("1", "a\rb\nc"), ("2", "d\ne")]
    assert [(reject["line"], reject["bytes"]) for reject in rejects] == [(5, b"3")]


def test_skips_the_line_that_names_the_separator_to_excel() -> None:
    assert read_case("excel-sep-line.csv") == ([ANN], [], [])


@pytest.mark.parametrize("line", [b"SEP=;\r\n", b'"sep=;"\n', b"\xef\xbb\xbfsep=;\n"])
def test_skips_it_however_it_is_written(line: bytes) -> None:
    rows, _, told = read_bytes(line + b"id;name\n1;Ann\n", CsvFormat(";"), columns=("id", "name"))
    assert (rows, told) == ([("1", "Ann")], [])


def test_tells_a_separator_that_contradicts_the_declaration() -> None:
    rows, _, told = read_bytes(b"sep=;\n" + HEADER + ",".join(ANN).encode())
    assert (rows, told) == ([ANN], ['expected fields delimited by ",", got the line "sep=;"'])
    data = b"sep=~\n" + HEADER.replace(b",", b"~")
    assert refusal(data).startswith('expected fields delimited by ",", got those delimited by "~"')


def test_quarantines_another_delimiter_by_its_name() -> None:
    wanted = (
        'expected fields delimited by ",", got those delimited by ";": declare it as "delimiter"; '
        'the required column "id" is missing; the header has "id;name;email;date;amount;status"'
    )
    data = (CASES / "semicolons.csv").read_bytes()
    assert refusal(data) == wanted
    assert "none of the declared columns is there" in refusal(data, required=())
    assert '"\\u{9}"' in refusal(data.replace(b";", b"\t"))
    assert '"|"' in refusal(data.replace(b";", b"|"))


@pytest.mark.parametrize("delimiter", [b";", b"\t", b"|"])
def test_names_another_delimiter_of_a_header_in_quotes(delimiter: bytes) -> None:
    header = delimiter.join(b'"%s"' % name.encode() for name in CUSTOMERS)
    shown = "\\u{9}" if delimiter == b"\t" else delimiter.decode()
    assert refusal(header + b"\n").endswith(f'got those delimited by "{shown}": declare it as "delimiter"')


@pytest.mark.parametrize("data", [b'[{"id":1}]', b'{"id":1,"name":"Ann"}\n', b'\n  {"id": 1}\n'])
def test_names_json_where_a_header_is_expected(data: bytes) -> None:
    assert refusal(data).endswith("; the file looks like JSON")


def test_says_of_a_record_that_has_a_line_break_of_another_kind_that_it_has() -> None:
    data = HEADER + (",".join(ANN) + "\r" + ",".join(BO) + "\n").encode()
    _, [reject], _ = read_bytes(data)
    assert reject["message"] == "expected 6 fields, found 11 (a line break in it ends no line here)"


def test_tells_another_delimiter_of_a_file_whose_columns_are_not_declared() -> None:
    _, _, told = read_bytes(b"a;b\n1;2\n", columns=(), required=())
    assert told[-1].startswith('expected fields delimited by ",", got those delimited by ";"')


def test_quarantines_another_delimiter_where_no_header_names_the_fields() -> None:
    options = CsvFormat(header=False)
    columns = (position_key(1), position_key(3))
    assert 'delimited by ";"' in refusal(b"1;2;3\n", options, columns=columns, required=())


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_takes_a_header_that_stands_again_for_no_row(end: bytes) -> None:
    data = (CASES / "second-header.csv").read_bytes().replace(b"\n", end)
    told = "the header stands again once, first on line 3, and is no row"
    assert read_bytes(data) == ([ANN, BO], [], [told])


@pytest.mark.parametrize(
    "again",
    [
        b'"id","name","email","date","amount","status"',
        HEADER.upper().strip(),
        HEADER.replace(b",", b", ").strip(),
        b'ID,"Name" ,email,date,amount,STATUS'.replace(b'" ', b'"'),
    ],
    ids=["quoted", "in capitals", "with spaces", "some of each"],
)
def test_takes_a_header_for_no_row_however_it_is_written_the_second_time(again: bytes) -> None:
    data = HEADER + ",".join(ANN).encode() + b"\n" + again + b"\n" + ",".join(BO).encode() + b"\n3\n" + HEADER
    rows, rejects, told = read_bytes(data)
    assert (rows, [reject["line"] for reject in rejects]) == ([ANN, BO], [5])
    assert told == ["the header stands again 2 times, first on line 3, and is no row"]


@pytest.mark.parametrize(
    "row", [b"name,id,email,date,amount,status", b"id,name,email,date,amount,", b"id,,,,,", b"ID,x,y,z,1,2"]
)
def test_takes_no_row_for_a_header_that_differs_in_a_name(row: bytes) -> None:
    rows, _, told = read_bytes(HEADER + row + b"\n")
    assert (len(rows), told) == (1, [])
    assert read_bytes(b"id\nID\n", columns=("id",))[0] == [("ID",)]  # a word alone may be a value


def test_counts_the_headers_of_many_appended_files() -> None:
    rows, rejects, told = read_bytes((HEADER + b"1,a,b,c,d,e\n") * 5 + b'"x\n' + HEADER)
    assert (len(rows), [reject["line"] for reject in rejects]) == (5, [11])
    assert told == ["the header stands again 5 times, first on line 3, and is no row"]


def test_knows_a_header_of_several_lines_again() -> None:
    header = b'id,"a\r\nb"\r\n'
    rows, _, told = read_bytes(header + b"1,2\n\xef\xbb\xbf" + header + b"3,4\n", columns=("id", "a\r\nb"))
    assert rows == [("1", "2"), ("3", "4")]
    assert told == ["the header stands again once, first on line 4, and is no row"]


def test_reads_utf_16_by_its_mark() -> None:
    assert read_case("utf-16.csv") == ([ANN], [], [])


def test_names_the_likely_encoding_of_bytes_that_are_not_utf_8() -> None:
    rows, rejects, _ = read_case("windows-1252.csv")
    assert [row[0] for row in rows] == ["2"]
    assert [reject["reason"] for reject in rejects] == ["invalid-utf8"] * 2
    assert rejects[0]["message"] == (
        "byte 6 of the record is not UTF-8; the file is likely windows-1252, "
        'where it is "é" (declare "encoding")'
    )
    assert rejects[0]["bytes"].startswith(b"1,Jos\xe9")


CUT_OFF = b"3,Jos\xc3,e,d,5,s\n"


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + HEADER + CUT_OFF,
        (HEADER.decode() + "1,a,b,c,d,e\n").encode("utf-16")[:-1],
        HEADER + "1,Zoë,e,d,5,s\n".encode() + CUT_OFF,
        HEADER + CUT_OFF + "1,Zoë,e,d,5,s\n".encode(),
        HEADER + "1,Zoë,e\xff,d,5,s\n".encode().replace(b"\xc3\xbf", b"\xff"),
        HEADER.replace(b"status", "größe".encode()) + CUT_OFF,
        HEADER.replace(b"\n", b"\r") + ("1,Zoë,e,d,5,s\r".encode() + CUT_OFF.replace(b"\n", b"\r")),
    ],
    ids=["a mark", "UTF-16", "a row before", "a row behind", "the same record", "a name", "lines of CR"],
)
def test_names_no_encoding_for_a_damaged_byte_of_a_file_that_shows_itself_as_utf_8(data: bytes) -> None:
    _, [reject], _ = read_bytes(data, CsvFormat(line_end="cr" if b"\n" not in data else "lf"))
    assert reject["reason"] == "invalid-utf8"
    assert re.fullmatch(r"byte \d+ of the record is not UTF-8", reject["message"])


def test_names_the_likely_encoding_of_a_header_unless_the_file_has_the_mark_of_utf_8() -> None:
    assert 'likely windows-1252, where it is "ö"' in refusal(b"id,gr\xf6sse\n")
    assert "windows-1252" not in refusal(b"\xef\xbb\xbfid,gr\xf6sse\n")
    assert "windows-1252" not in refusal("id,größe,".encode() + b"gr\xf6sse\n")
    assert "windows-1252" not in refusal(b"id,gr\x81sse\n")  # no character there either


@pytest.mark.parametrize(
    "name",
    ["山田太郎", "東京都", "すずき", "スズキ", "ひ", "ア"],
)
def test_names_no_windows_1252_for_text_of_shift_jis(name: str) -> None:
    name_bytes = name.encode("shift_jis")
    _, rejects, _ = read_bytes(HEADER + b"1," + name_bytes + b",e,d,5,s\n")
    assert [reject["message"] for reject in rejects] == ["byte 3 of the record is not UTF-8"]
    assert "windows-1252" not in refusal(b"id," + name_bytes + b"\n")


@pytest.mark.parametrize("others", [b"\x8fhoes", "すずき".encode("shift_jis")])
def test_names_no_windows_1252_where_another_record_contradicts_it(others: bytes) -> None:
    # in windows-1252 the first record alone would be text
    _, rejects, _ = read_bytes(HEADER + b"1,\x97\xd1,e,d,5,s\n2," + others + b",e,d,5,s\n")
    assert [reject["message"] for reject in rejects] == ["byte 3 of the record is not UTF-8"] * 2


@pytest.mark.parametrize(
    "text",
    [
        "don’t",
        "It’s “as is”",
        "l’été",
        "l’école – à côté",
        "téléphone",
        "„Größe‚ über“",
        "coöperatie…",
        "Ñandú",
        "†‡",
        "price—€7",
    ],
)
def test_names_windows_1252_for_text_of_it(text: str) -> None:
    _, [reject], _ = read_bytes(HEADER + b"1," + text.encode("cp1252") + b",e,d,5,s\n")
    assert "likely windows-1252" in reject["message"]


def test_reads_windows_1252_where_it_is_declared() -> None:
    rows, rejects, _ = read_case("windows-1252.csv", CsvFormat(encoding="windows-1252"))
    assert ([row[1] for row in rows], rows[2][4], rejects) == (["José Müller", "Plain", "It’s"], "€7", [])


def test_reads_escapes_where_they_are_declared() -> None:
    rows, rejects, _ = read_case("backslash-escapes.csv", CsvFormat(escape="\\"))
    assert [row[1] for row in rows] == ['Ann "Nan" Lee', "Bo,Lee"]
    assert [(reject["line"], reject["reason"]) for reject in rejects] == [
        (4, "wrong-field-count"),
        (5, "unclosed-quote"),
    ]
    rows, rejects, _ = read_case("backslash-escapes.csv")
    assert [row[0] for row in rows] == ["3", "4"]
    assert [reject["reason"] for reject in rejects] == ["broken-quote", "wrong-field-count"]


@pytest.mark.parametrize(
    "unseen", ["\u200b", "\ufeff", "\u00a0", "\u2060", "\x1b", " \t", "\u3164", "\u034f", "\ufe0f", "\u00ad"]
)
def test_trims_what_is_not_seen_at_the_ends_of_a_name(unseen: str) -> None:
    header = f"name,{unseen}id{unseen}\n".encode()
    rows, _, told = read_bytes(header + b"Ann,1\n", columns=("id", "name"))
    assert (rows, told) == ([("1", "Ann")], [])


def test_trims_the_header_of_the_field() -> None:
    assert read_case("invisible-header.csv") == ([ANN], [], [])


def test_shows_what_is_not_seen_inside_a_name_by_code_point() -> None:
    assert 'the header has "i\\u{200b}d", "na\\u{a0}me"' in refusal("i\u200bd,na\u00a0me\n".encode())
    assert 'the header has "i\\u{3164}d"' in refusal("i\u3164d\n".encode())
    _, _, told = read_bytes(b"id\n", columns=("id", "na\u00a0me"))
    assert told == ["missing column: na\\u{a0}me"]


def test_keeps_escape_sequences_in_the_data_and_shows_them_by_code_point() -> None:
    data = (CASES / "terminal-escapes.csv").read_bytes()
    rows, _, _ = read_bytes(data, columns=("name", "x\x1b[31m"), required=())
    assert rows == [("A\x1b[31mB\x1b[0m", "2")]
    assert 'the header has "id", "name", "email", "date", "amount", "status", "x\\u{1b}[31m"' in refusal(
        data, required=("id", "other"), columns=("id", "other")
    )


@pytest.mark.parametrize("header", ["Cost Total $", "straße", 'Ä "x"', "a\u0301", "１", "🐋 sold"])
def test_takes_any_text_as_a_header(header: str) -> None:
    data = ('"' + header.replace('"', '""').upper() + '"\n7\n').encode()
    assert read_bytes(data, columns=(header,), required=(header,))[0] == [("7",)]


def test_compares_names_however_their_accents_are_coded() -> None:
    assert read_bytes("e\u0301\n7\n".encode(), columns=("\u00e9",), required=())[0] == [("7",)]


def test_reads_a_file_without_header_by_position() -> None:
    columns = (position_key(3), position_key(1), position_key(5))
    rows, rejects, told = read_bytes(
        b"\xff,x,y\n\n1,2,3\n4,5,6\n7,8\n", CsvFormat(header=False), columns=columns, required=()
    )
    assert rows == [("3", "1", None), ("6", "4", None)]
    assert [(reject["line"], reject["reason"]) for reject in rejects] == [
        (1, "invalid-utf8"),
        (5, "wrong-field-count"),
    ]
    assert told == ["missing column: field_5"]
    assert "the first record on line 1 cannot be read" in refusal(b"\xff\n", CsvFormat(header=False))


def test_skips_lines_and_comments_and_counts_them() -> None:
    data = b'a "report", of\r\nsomebody,\n# "made\n\nid,name\n#\n1,#2\n"3\n# x",4\n5\n'
    rows, rejects, told = read_bytes(data, CsvFormat(skip_lines=2, comment="#"), columns=("id", "name"))
    assert (rows, told) == ([("1", "#2"), ("3\n# x", "4")], [])
    assert [reject["line"] for reject in rejects] == [10]
    with pytest.raises(EmptyFileError, match="more than the 20 lines to skip"):
        read_bytes(data, CsvFormat(skip_lines=20))


def test_reads_texts_that_stand_for_null() -> None:
    data = b'id,name\n\\N,NULL\n"NULL",""\n,"a\n"\n'
    rows, _, _ = read_bytes(data, CsvFormat(nulls=("", "NULL", "\\N")), columns=("id", "name"))
    assert rows == [(None, None), ("NULL", ""), (None, "a\n")]
    rows, _, _ = read_bytes(
        data + b"\\\\N,a\n", CsvFormat(nulls=("\\N",), escape="\\"), columns=("id", "name")
    )
    assert [row[0] for row in rows] == [None, "NULL", "", "\\N"]


@pytest.mark.parametrize("delimiter", ["|", "\x01", " ", "x", "^", "]", "\\", "-", "§", "þ", "🐋"])
def test_cuts_at_any_declared_character(delimiter: str) -> None:
    data = f'id{delimiter}name\n"1"{delimiter}"A{delimiter}""n"\n2{delimiter}Bo\n3\n'.encode()
    rows, rejects, _ = read_bytes(data, CsvFormat(delimiter), columns=("id", "name"))
    assert rows == [("1", f'A{delimiter}"n'), ("2", "Bo")]
    assert [reject["message"] for reject in rejects] == ["expected 2 fields, found 1"]


def test_refuses_more_fields_than_a_table_may_have() -> None:
    data = ",".join(f"c{number}" for number in range(10_002)).encode() + b"\n"
    assert read_bytes(data, columns=("c0", "c1"), chunk_bytes=1 << 20)[0] == []
    with pytest.raises(
        UnreadableHeaderError, match="at most 10000 fields that no column declares, got 10001"
    ):
        read_bytes(data, columns=("c0",), chunk_bytes=1 << 20)


def test_names_a_column_that_stands_twice() -> None:
    with pytest.raises(
        HeaderMismatchError, match='the column "id" stands 2 times; the header has "id", "ID"'
    ):
        read_bytes(b"id,ID\n")


def test_reads_a_field_that_is_called_line() -> None:
    rows, rejects, _ = read_bytes(b'id,line\n1,x\n2,"y\nz"\n3\n', columns=("id", "line"))
    assert (rows, [reject["line"] for reject in rejects]) == ([("1", "x"), ("2", "y\nz")], [5])
    undeclared, _, told = read_bytes(b"id,line\n1,x\n", columns=("id",))
    assert (undeclared, told) == ([("1",)], [])
