"""CSV files, by the slow reference parser."""

import re
import unicodedata
from collections.abc import Iterator
from functools import partial

from local.accounting.readers import Read, Values
from tributary.datasets import CsvFormat
from tributary.datasets.declaration import position_key
from tributary.kernels.formats.csv.records import (
    BYTE_ORDER_MARK,
    Dialect,
    Limits,
    Reject,
    Row,
    is_skipped,
    read_document,
    read_record,
    split_record,
)

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_SEPARATOR_LINE = re.compile(rb'"?sep=.{1,4}"?\r?', re.IGNORECASE)
_UNSEEN = ("Cc", "Cf", "Zs", "Zl", "Zp")


def csv_records(data: bytes, file_format: CsvFormat) -> Iterator[Read]:
    """Give the records behind the header, with the values by the names in it; none where it is unreadable."""
    lines = _text(data, file_format).removeprefix(BYTE_ORDER_MARK).split(b"\n")
    skipped = file_format.skip_lines or bool(_SEPARATOR_LINE.fullmatch(lines[0]))
    lines[:skipped] = [b""] * skipped
    any_fields = Dialect(file_format.delimiter, None, file_format.escape, file_format.comment)
    start = next((number for number, line in enumerate(lines) if not is_skipped(line, any_fields)), None)
    if start is None:
        return
    first, taken = read_record(lines, start, any_fields, Limits(), line=start + 1, ending="unclosed-quote")
    if isinstance(first, Reject):
        return
    names = [position_key(number) for number in range(1, len(first.fields) + 1)]
    header: tuple[bytes, ...] = ()
    if file_format.header:
        names = [compared(name or "") for name in first.fields]
        header = tuple(line.removesuffix(b"\r") for line in lines[start : start + taken])
        lines[start : start + taken] = [b""] * taken
    dialect = Dialect(
        file_format.delimiter,
        len(names),
        file_format.escape,
        file_format.comment,
        file_format.nulls or (),
        header,
    )
    for record in read_document(b"\n".join(lines), dialect):
        if isinstance(record, Row):
            values: Values = dict(zip(names, record.fields, strict=True))
            yield Read(record.line, values, partial(_is_of, record, dialect, file_format))
        else:
            yield Read(record.line, None, partial(_has_bytes, record.raw, file_format))


def compared(name: str) -> str:
    """Return a name of a header as it is compared."""
    seen = [place for place, each in enumerate(name) if unicodedata.category(each) not in _UNSEEN]
    return unicodedata.normalize("NFC", name[seen[0] : seen[-1] + 1]).casefold() if seen else ""


def _text(data: bytes, file_format: CsvFormat) -> bytes:
    """Return the file as UTF-8 with LF between the lines; a byte that is no character stays one."""
    if data.startswith(_UTF_16):
        data = data.decode("utf-16", "replace").encode()
    elif file_format.encoding != "utf-8":
        encoding = "cp1252" if file_format.encoding == "windows-1252" else file_format.encoding
        data = data.decode(encoding, "surrogateescape").encode("utf-8", "surrogateescape")
    return data.translate(bytes.maketrans(b"\r\n", b"\n\r")) if file_format.line_end == "cr" else data


def _is_of(row: Row, dialect: Dialect, file_format: CsvFormat, raw: bytes) -> bool:
    return split_record(_text(raw, file_format), dialect) == row.fields


def _has_bytes(expected: bytes, file_format: CsvFormat, raw: bytes) -> bool:
    return _text(raw, file_format) == expected
