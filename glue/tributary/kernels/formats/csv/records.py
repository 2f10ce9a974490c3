"""The CSV rules, slow and obvious: one record at a time, in plain Python.

`read_record` is what the fast kernel falls back to where a region looks suspicious, and `read_document`
is the whole kernel in a few lines: the oracle that the fast one must equal on any bytes.

The rules are those of RFC 4180, strictly, with these decided where it is silent:

- A line ends with LF or CRLF; a CR anywhere else is text. The last line may lack its end.
- A line of nothing but spaces, tabs and CR, and without a delimiter, is blank: counted, otherwise skipped.
- A quote that is neither around a whole field nor doubled inside one is broken quoting.
- Broken quoting, a record longer than the limit, and quotes still open at the end of the file make a dead
  letter of the record's first physical line, and reading resumes at the next line.
- A well-formed record with a wrong number of fields, or that is not UTF-8, is one dead letter as a whole.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

MAXIMUM_RECORD_BYTES = 1 << 20
"""A longer record is a dead letter; its last line end is not counted."""

MAXIMUM_KEPT_BYTES = 8 << 20
"""A dead letter keeps that many bytes of its line; only a single line without an end can be longer."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

Reason = Literal["wrong-field-count", "invalid-utf8", "broken-quote", "unclosed-quote", "record-too-long"]


_MESSAGES: dict[Reason, str] = {
    "record-too-long": "the record is longer than {limit} bytes",
    "broken-quote": "a quote stands neither around a whole field nor doubled inside one",
    "unclosed-quote": "a quote is still open at the end of the file",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A good record: the physical number of its first line (from 1) and its fields."""

    line: int
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reject:
    """A dead letter: the physical number of its first line (from 1), why, and its bytes.

    `raw` lacks the last line end; `length` is the number of bytes that it had, more than `len(raw)` only
    for a line longer than the kernel keeps.
    """

    line: int
    reason: Reason
    message: str
    raw: bytes
    length: int


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the kernel, smaller in tests; `rejects` bounds those of one block, before they are made."""

    record_bytes: int = MAXIMUM_RECORD_BYTES
    kept_bytes: int = MAXIMUM_KEPT_BYTES
    rejects: int = sys.maxsize


@dataclass(frozen=True, slots=True)
class Dialect:
    """Dialect of a file: its delimiter, and the number of fields of a row (None: any)."""

    delimiter: str
    fields: int | None


class UnfinishedError(Exception):
    """The lines given end inside a record that later lines may still complete."""


@dataclass(frozen=True, slots=True)
class _Patterns:
    fields: re.Pattern[bytes]
    plain: re.Pattern[bytes]
    quoted: re.Pattern[bytes]
    field: re.Pattern[bytes]
    inside: re.Pattern[bytes]
    blank: re.Pattern[bytes]


@cache
def _patterns(delimiter: str) -> _Patterns:
    d = re.escape(delimiter.encode())
    quoted = rb'"[^"]*+(?:""[^"]*+)*+'
    return _Patterns(
        fields=re.compile(rb'(?:(?:[^"' + d + rb"]*+|" + quoted + rb'")' + d + rb")*+"),
        plain=re.compile(rb'[^"' + d + rb"]*\Z"),
        quoted=re.compile(quoted + rb'("?)\Z'),
        field=re.compile(rb"(?:" + quoted + rb'"|[^"' + d + rb"]*)(?:" + d + rb"|\Z)"),
        inside=re.compile(rb'[^"]*+(?:""[^"]*+)*+'),
        blank=re.compile(rb"[ \t\r]*\Z" if delimiter != "\t" else rb"[ \r]*\Z"),
    )


def is_blank(line: bytes, delimiter: str) -> bool:
    """Return True where a physical line (without LF) is blank."""
    return _patterns(delimiter).blank.match(line) is not None


def leading_blank_bytes(data: bytes, delimiter: str) -> int:
    """Return how many bytes of blank lines stand first, without looking at each line."""
    return len(data) - len(data.lstrip(b" \t\r\n" if delimiter != "\t" else b" \r\n"))


def read_document(data: bytes, dialect: Dialect, limits: Limits | None = None) -> Iterator[Row | Reject]:
    """Every record of a whole document without header, in order; the first line is number 1."""
    limits = limits or Limits()
    lines = data.removeprefix(BYTE_ORDER_MARK).split(b"\n")
    if not lines[-1]:
        lines.pop()
    index = 0
    while index < len(lines):
        if is_blank(lines[index], dialect.delimiter):
            index += 1
            continue
        record, taken = read_record(lines, index, dialect, limits, line=index + 1, ending="unclosed-quote")
        yield record
        index += taken


def read_record(
    lines: Sequence[bytes],
    start: int,
    dialect: Dialect,
    limits: Limits,
    *,
    line: int,
    ending: Literal["unclosed-quote", "record-too-long"] | None,
) -> tuple[Row | Reject, int]:
    """The record that begins at `lines[start]` (LF taken off, CR not) and the number of lines it takes.

    `ending` says what a quote still open after the last line means; None raises `UnfinishedError`, for
    more lines are to come.
    """
    length = 0
    is_open = False
    for index in range(start, len(lines)):
        text = lines[index].removesuffix(b"\r")
        if length + len(text) > limits.record_bytes:
            return _first_line(lines[start], line, "record-too-long", limits), 1
        state = _scan(text, dialect.delimiter, is_open)
        if state == "broken":
            return _first_line(lines[start], line, "broken-quote", limits), 1
        if state == "closed":
            raw = b"\n".join([*lines[start:index], text])
            return _row_or_reject(raw, dialect, line), index + 1 - start
        is_open = True
        length += len(lines[index]) + 1
    if ending is None:
        raise UnfinishedError
    return _first_line(lines[start], line, ending, limits), 1


def _scan(text: bytes, delimiter: str, is_open: bool) -> Literal["closed", "open", "broken"]:
    """Return the state at the end of a line: a finished record, an open quote, or broken quoting."""
    patterns = _patterns(delimiter)
    position = 0
    if is_open:
        position = _end(patterns.inside, text, 0)
        if position == len(text):
            return "open"
        position += 1
        if position == len(text):
            return "closed"
        if text[position : position + 1] != delimiter.encode():
            return "broken"
        position += 1
    position = _end(patterns.fields, text, position)
    if patterns.plain.match(text, position):
        return "closed"
    last = patterns.quoted.match(text, position)
    if last is None:
        return "broken"
    return "closed" if last.group(1) else "open"


def _end(pattern: re.Pattern[bytes], text: bytes, position: int) -> int:
    found = pattern.match(text, position)
    return position if found is None else found.end()


def _first_line(raw: bytes, line: int, reason: Reason, limits: Limits) -> Reject:
    text = raw.removesuffix(b"\r")
    return rejected_line(text[: limits.kept_bytes], len(text), line, reason, limits)


def rejected_line(raw: bytes, length: int, line: int, reason: Reason, limits: Limits) -> Reject:
    """The dead letter of a single physical line, with the message that its reason has."""
    return Reject(line, reason, _MESSAGES[reason].format(limit=limits.record_bytes), raw, length)


def _row_or_reject(raw: bytes, dialect: Dialect, line: int) -> Row | Reject:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"byte {error.start + 1} of the record is not UTF-8"
        return Reject(line, "invalid-utf8", message, raw, len(raw))
    fields = split_record(raw, dialect.delimiter)
    if dialect.fields not in (None, len(fields)):
        return wrong_field_count(raw, len(fields), dialect, line)
    return Row(line, fields)


def wrong_field_count(raw: bytes, found: int, dialect: Dialect, line: int) -> Reject:
    """The dead letter of a record that has more or fewer fields than the header."""
    message = f"expected {dialect.fields} fields, found {found}"
    return Reject(line, "wrong-field-count", message, raw, len(raw))


def split_record(raw: bytes, delimiter: str) -> tuple[str, ...]:
    """The fields of a well-formed record of valid UTF-8, unquoted."""
    fields = []
    position = 0
    pattern = _patterns(delimiter).field
    while True:
        found = pattern.match(raw, position)
        if found is None:
            raise ValueError(f"not a well-formed record: {raw[:80]!r}")
        text = found.group()
        is_last = found.end() == len(raw) and not text.endswith(delimiter.encode())
        fields.append(_unquoted(text if is_last else text[:-1]))
        if is_last:
            return tuple(fields)
        position = found.end()


def _unquoted(field: bytes) -> str:
    if field.startswith(b'"'):
        field = field[1:-1].replace(b'""', b'"')
    return field.decode("utf-8")
