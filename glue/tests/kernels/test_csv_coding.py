"""Files in other encodings: the rows of their texts, and dead letters of their bytes."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tributary.datasets.declaration import CsvFormat
from tributary.kernels.formats.asked import Asked, Content
from tributary.kernels.formats.csv.coding import coded
from tributary.kernels.formats.csv.records import Reject
from tributary.kernels.formats.reader import read

TEXTS = st.lists(
    st.sampled_from([*'a,"\r\n', "\r\n", "é", "€", "“", "🐋", "\u0100", "\x81", "1,2\n", '"x\ny",z\n']),
    max_size=30,
).map("".join)

Found = tuple[list[dict[str, Any]], list[dict[str, Any]], list[bytes]]


def found(data: bytes, options: CsvFormat, cuts: list[int]) -> Found:
    """The rows, rejects, and the records of the rows."""
    chunks = [data[start:end] for start, end in pairwise([0, *sorted(cuts), max(len(data), *cuts, 0)])]
    asked = Asked(options, (), keeps_bytes=True)
    batches = list(read(asked, Content(chunks, Path("/nowhere"), lambda _: None)))
    return (
        [row for batch in batches for row in batch.rows.to_pylist()],
        [reject for batch in batches for reject in batch.rejects.to_pylist()],
        [place["bytes"] for batch in batches for place in batch.positions.to_pylist()],
    )


CUTS = st.lists(st.integers(0, 60), max_size=4)


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@given(text=TEXTS, cuts=CUTS)
@settings(max_examples=150)
def test_reads_utf_16_as_the_same_text_of_utf_8(codec: str, text: str, cuts: list[int]) -> None:
    text = "A,B\n" + text
    found_of_utf_16 = found(("\ufeff" + text).encode(codec), CsvFormat(encoding="windows-1252"), cuts)
    assert found_of_utf_16 == found(text.encode(), CsvFormat(), [])


@pytest.mark.parametrize(("encoding", "codec"), [("windows-1252", "cp1252"), ("latin-1", "latin-1")])
@given(
    data=st.lists(
        st.sampled_from([b"a", b",", b"\n", b'"', b"\xe9", b"\x80", b"\x81", b"\x92"]), max_size=30
    ),
    cuts=CUTS,
)
@settings(max_examples=150)
def test_reads_bytes_of_one_byte_encodings(
    encoding: Any, codec: str, data: list[bytes], cuts: list[int]
) -> None:
    body = b"".join(data)
    rows, rejects, records = found(b"A,B\n" + body, CsvFormat(encoding=encoding), cuts)
    for record, row in zip(records, rows, strict=True):
        assert (
            ",".join(row.values()) in record.decode(codec).replace('""', '"').replace('"', "")
            or b'"' in record
        )
    lines = [b"", b"A,B", *body.split(b"\n")]
    for reject in rejects:
        assert reject["bytes"].split(b"\n")[0] == lines[reject["line"]]
        if reject["reason"] == "invalid-encoding":
            assert codec == "cp1252"
            assert b"\x81" in reject["bytes"]
            assert reject["message"] == "the record has bytes that are no windows-1252"
        assert reject["reason"] != "invalid-utf8"


@given(text=TEXTS, cuts=CUTS)
@settings(max_examples=150)
def test_reads_cr_as_the_line_end_that_lf_is_else(text: str, cuts: list[int]) -> None:
    places = bytes.maketrans(b"\r\n", b"\n\r")
    data = ("A,B\n1,2\n" + text).encode()
    rows, rejects, records = found(data.translate(places), CsvFormat(line_end="cr"), cuts)
    same_rows, same_rejects, same_records = found(data, CsvFormat(), [])
    swapped = str.maketrans("\r\n", "\n\r")
    assert rows == [{name: value.translate(swapped) for name, value in row.items()} for row in same_rows]
    assert records == [record.translate(places) for record in same_records]
    assert [each["bytes"] for each in rejects] == [each["bytes"].translate(places) for each in same_rejects]


@pytest.mark.parametrize(
    ("broken", "bytes_"),
    [(b"\x00\xd8\n\x00", b"1,\xed\xa0\x80"), (b"\x00\xd8", b"1,\xff"), (b"2", b"1,\xff")],
)
def test_rejects_a_record_with_half_a_character_of_utf_16(broken: bytes, bytes_: bytes) -> None:
    data = "\ufeffa,b\n2,3\n1,".encode("utf-16-le") + broken
    rows, rejects, _ = found(data, CsvFormat(), [5, 9, 19])
    assert rows == [{"a": "2", "b": "3"}]
    assert [(each["line"], each["reason"], each["bytes"]) for each in rejects] == [
        (3, "invalid-utf8", bytes_)
    ]


def test_believes_a_mark_before_the_declaration() -> None:
    rows, _, _ = found("\ufeffa,é\n1,2\n".encode(), CsvFormat(encoding="windows-1252"), [1])
    assert rows == [{"a": "1", "é": "2"}]


def test_cuts_a_long_record_before_a_character() -> None:
    coding, _ = coded([b"a"], CsvFormat(encoding="windows-1252"))
    kept = "éé".encode()[:-1]
    reject = coding.original_reject(Reject(1, "record-too-long", "", kept, 50))
    assert (reject.raw, reject.length) == (b"\xe9", 50)
