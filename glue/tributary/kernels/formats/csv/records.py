"""The CSV rules, slow and obvious: one record at a time, in plain Python.

`read_record` is what the fast kernel falls back to where a region looks suspicious, and `read_document`
is the whole kernel in a few lines: the oracle that the fast one must equal on any bytes.

The rules are those of RFC 4180, strictly, with these decided where it is silent:

- A line ends with LF or CRLF; a CR anywhere else is text. The last line may lack its end.
- A line of nothing but spaces, tabs and CR, and without a delimiter, is blank: counted, otherwise skipped. So
  is one that begins with the comment character, and the header where it stands again.
- A quote that is neither around a whole field nor doubled inside one is broken quoting.
- An escape character takes the meaning from a delimiter, a quote, a line end or itself behind it, in quotes
  or not; before anything else it is text.
- Broken quoting, a record longer than the limit, and one still open at the end of the file make a dead
  letter of the record's first physical line, or of the whole lines before the one at fault where a line end
  among these is escaped; and reading resumes at the next line.
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

MAXIMUM_FIELDS = 10_000
"""As many as the top-level keys of a file of JSON."""

MAXIMUM_KEPT_BYTES = 8 << 20
"""A dead letter keeps that many bytes of its line; only a single line without an end can be longer."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

Reason = Literal[
    "wrong-field-count",
    "invalid-utf8",
    "invalid-encoding",
    "broken-quote",
    "unclosed-quote",
    "escaped-end",
    "record-too-long",
]
"""Why a record is none; `invalid-encoding` is the `invalid-utf8` of a file in another encoding."""

_MESSAGES: dict[Reason, str] = {
    "record-too-long": "the record is longer than {limit} bytes",
    "broken-quote": "a quote stands neither around a whole field nor doubled inside one",
    "unclosed-quote": "a quote is still open at the end of the file",
    "escaped-end": "the file ends with the escape character, which escapes nothing there",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A good record: the physical number of its first line (from 1) and its fields, None for null."""

    line: int
    fields: tuple[str | None, ...]


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
    """Bounds of the kernel, smaller in tests; `rejects` bounds those of one block, before they are made.

    `fields` are those that no column declares.
    """

    record_bytes: int = MAXIMUM_RECORD_BYTES
    kept_bytes: int = MAXIMUM_KEPT_BYTES
    rejects: int = sys.maxsize
    fields: int = MAXIMUM_FIELDS


@dataclass(frozen=True, slots=True)
class Dialect:
    """Dialect of a file: its delimiter, the number of fields of a row (None: any), escape, comment character.

    `nulls` are the texts that stand for null where they are not quoted. `header` are the physical lines of
    the header, which are no row where they stand again.
    """

    delimiter: str
    fields: int | None
    escape: str | None = None
    comment: str | None = None
    nulls: tuple[str, ...] = ()
    header: tuple[bytes, ...] = ()


class UnfinishedError(Exception):
    """The lines given end inside a record that later lines may still complete."""


@dataclass(frozen=True, slots=True)
class _Patterns:
    delimiter: bytes
    escape: bytes
    comment: bytes
    blanks: bytes
    unquoted: re.Pattern[bytes]
    inside: re.Pattern[bytes]
    fields: re.Pattern[bytes]
    plain: re.Pattern[bytes]
    quoted: re.Pattern[bytes]
    field: re.Pattern[bytes]
    escaped: re.Pattern[bytes]


def _patterns(dialect: Dialect) -> _Patterns:
    return _patterns_of(dialect.delimiter, dialect.escape or "", dialect.comment or "")


@cache
def _patterns_of(delimiter: str, escape: str, comment: str) -> _Patterns:
    d, e = re.escape(delimiter.encode()), re.escape(escape.encode())
    pair = rb"|" + e + rb"." if e else rb""
    text = _none_of(b'"', delimiter.encode(), escape.encode())
    unquoted = rb"(?:" + text + rb"++" + pair + rb")*+"
    inside = rb"(?:" + _none_of(b'"', escape.encode()) + rb'++|""' + pair + rb")*+"
    # At the end of a line an escape character is left, for the line end is what it escapes.
    left = rb"(?:" + e + rb")?" if e else rb""

    def compiled(pattern: bytes) -> re.Pattern[bytes]:
        return re.compile(pattern, re.DOTALL)

    return _Patterns(
        delimiter=delimiter.encode(),
        escape=escape.encode(),
        comment=comment.encode(),
        blanks=b" \t\r".replace(delimiter.encode(), b""),
        unquoted=compiled(unquoted),
        inside=compiled(inside),
        fields=compiled(rb"(?:(?:" + unquoted + rb'|"' + inside + rb'")' + d + rb")*+"),
        plain=compiled(unquoted + rb"(" + left + rb")\Z"),
        quoted=compiled(rb'"' + inside + rb'(?:(")|' + left + rb")\Z"),
        field=compiled(rb'("' + inside + rb'"|' + unquoted + rb")(" + d + rb"|\Z)"),
        escaped=compiled(rb'""' + (rb"|" + e + rb'("|' + e + rb"|" + d + rb"|[\r\n])" if e else rb"()")),
    )


def _none_of(*texts: bytes) -> bytes:
    """A pattern of one byte with which none of the texts, empty ones left out, begins."""
    some = [re.escape(text) for text in texts if text]
    if all(len(text) < 2 for text in texts):
        return rb"[^" + b"".join(some) + rb"]"
    return rb"(?:(?!" + b"|".join(some) + rb").)"


def is_skipped(line: bytes, dialect: Dialect) -> bool:
    """Return True where a physical line (without LF) is blank or a comment."""
    patterns = _patterns(dialect)
    return not line.strip(patterns.blanks) or is_comment(line, dialect)


def is_comment(line: bytes, dialect: Dialect) -> bool:
    """Return True where a line, or what begins one, begins with the comment character."""
    return dialect.comment is not None and line.startswith(_patterns(dialect).comment)


def leading_blank_bytes(data: bytes, dialect: Dialect) -> int:
    """Return how many bytes of blank lines stand first, without looking at each line."""
    return len(data) - len(data.lstrip(_patterns(dialect).blanks + b"\n"))


def has_bare_return(record: bytes, dialect: Dialect) -> bool:
    """Return True where a CR stands outside quotes in a well-formed record, and is not escaped."""
    patterns = _patterns(dialect)
    outside = (
        found.group(1) for found in patterns.field.finditer(record) if not found.group(1).startswith(b'"')
    )
    return any(b"\r" in patterns.escaped.sub(b"", field) for field in outside)


def header_lines(lines: Sequence[bytes], start: int, dialect: Dialect) -> int:
    """Return how many lines the header takes that stands again at `lines[start]`, 0 where none does."""
    count = len(dialect.header)
    if count == 0 or not is_header_line(lines[start], dialect):
        return 0
    behind = [line.removesuffix(b"\r") for line in lines[start + 1 : start + count]]
    return count if tuple(behind) == dialect.header[1:] else 0


def is_header_line(line: bytes, dialect: Dialect) -> bool:
    """Return True for the first line of the header, with a byte order mark before it or not."""
    return line.removeprefix(BYTE_ORDER_MARK).removesuffix(b"\r") == dialect.header[0]


def read_document(data: bytes, dialect: Dialect, limits: Limits | None = None) -> Iterator[Row | Reject]:
    """Every record of a whole document behind its header, in order; the first line is number 1."""
    limits = limits or Limits()
    lines = data.removeprefix(BYTE_ORDER_MARK).split(b"\n")
    if not lines[-1]:
        lines.pop()
    index = 0
    while index < len(lines):
        if skipped := is_skipped(lines[index], dialect) or header_lines(lines, index, dialect):
            index += skipped
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

    `ending` says what a record still open after the last line means; None raises `UnfinishedError`, for
    more lines are to come.
    """
    length = 0
    state: _State = "closed"
    # A reject takes one line, but all those that escapes join: of a run of them, each would else be read from
    # every line before it.
    taken, is_joined = 1, False
    for index in range(start, len(lines)):
        text = lines[index].removesuffix(b"\r")
        if length + len(text) > limits.record_bytes:
            return _rejected(lines[start : start + taken], line, "record-too-long", limits), taken
        state = _scan(text, dialect, state)
        if state == "broken":
            return _rejected(lines[start : start + taken], line, "broken-quote", limits), taken
        if state == "closed":
            raw = b"\n".join([*lines[start:index], text])
            return _row_or_reject(raw, dialect, line), index + 1 - start
        is_joined = is_joined or state == "escaped"
        taken = index + 1 - start if is_joined else 1
        length += len(lines[index]) + 1
    if ending is None:
        raise UnfinishedError
    reason = "escaped-end" if ending == "unclosed-quote" and state == "escaped" else ending
    return _rejected(lines[start : start + taken], line, reason, limits), taken


_State = Literal["closed", "open", "escaped", "broken"]
"""The state at the end of a line: a finished record, an open quote, a line end escaped outside quotes, or
broken quoting.
"""


def _scan(text: bytes, dialect: Dialect, before: _State) -> _State:
    """Return the state at the end of a line, from that at the end of the line before it in the record."""
    patterns = _patterns(dialect)
    position = 0
    if before != "closed":
        pattern = patterns.inside if before == "open" else patterns.unquoted
        position = _end(pattern, text, 0)
        if patterns.escape and text[position:] == patterns.escape:
            return before
        if position == len(text):
            return "open" if before == "open" else "closed"
        # A quote stands there, which closes an open one.
        position += before == "open"
        if position == len(text):
            return "closed"
        if not text.startswith(patterns.delimiter, position):
            return "broken"
        position += len(patterns.delimiter)
    return _scan_fields(text, patterns, position)


def _scan_fields(text: bytes, patterns: _Patterns, start: int) -> _State:
    """Return the state at the end of a line from the beginning of a field on."""
    position = _end(patterns.fields, text, start)
    if plain := patterns.plain.match(text, position):
        return "escaped" if plain.group(1) else "closed"
    last = patterns.quoted.match(text, position)
    if last is None:
        return "broken"
    return "closed" if last.group(1) else "open"


def _end(pattern: re.Pattern[bytes], text: bytes, position: int) -> int:
    found = pattern.match(text, position)
    return position if found is None else found.end()


def _rejected(lines: Sequence[bytes], line: int, reason: Reason, limits: Limits) -> Reject:
    text = b"\n".join(lines).removesuffix(b"\r")
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
    fields = split_record(raw, dialect)
    if dialect.fields not in (None, len(fields)):
        return wrong_field_count(raw, len(fields), dialect, line)
    return Row(line, fields)


_BARE_RETURN = re.compile(rb"\r(?!\n)")


def wrong_field_count(raw: bytes, found: int, dialect: Dialect, line: int) -> Reject:
    """The dead letter of a record that has more or fewer fields than the header."""
    message = f"expected {dialect.fields} fields, found {found}"
    if _BARE_RETURN.search(raw):
        message += " (a line break in it ends no line here)"
    return Reject(line, "wrong-field-count", message, raw, len(raw))


def split_record(raw: bytes, dialect: Dialect) -> tuple[str | None, ...]:
    """The fields of a well-formed record of valid UTF-8, without quotes and escapes."""
    patterns = _patterns(dialect)
    nulls = _encoded(dialect.nulls)
    fields: list[str | None] = []
    for field, delimiter in patterns.field.findall(raw):
        fields.append(None if field in nulls else _text(field, patterns))
        if not delimiter:
            break
    return tuple(fields)


@cache
def _encoded(texts: tuple[str, ...]) -> frozenset[bytes]:
    return frozenset(text.encode() for text in texts)


def _text(field: bytes, patterns: _Patterns) -> str:
    if field.startswith(b'"'):
        field = patterns.escaped.sub(_meant, field[1:-1])
    elif patterns.escape and patterns.escape in field:
        field = patterns.escaped.sub(_meant, field)
    return field.decode("utf-8")


def _meant(pair: re.Match[bytes]) -> bytes:
    return pair.group(1) or b'"'
