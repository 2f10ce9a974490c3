"""Chunks of bytes in, Arrow batches of text and rejects out, in memory that a file's size does not change."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from tributary.datasets.declaration import CsvFormat
from tributary.errors import EmptyFileError, UnreadableHeaderError
from tributary.expected import expected
from tributary.kernels.formats.csv.block import Layout, Parsed, parse_block
from tributary.kernels.formats.csv.header import Header, delimited_otherwise
from tributary.kernels.formats.csv.likely_encoding import LikelyEncoding
from tributary.kernels.formats.csv.records import (
    BYTE_ORDER_MARK,
    Dialect,
    Limits,
    Reject,
    Row,
    UnfinishedError,
    has_bare_return,
    is_comment,
    is_skipped,
    leading_blank_bytes,
    read_record,
    rejected_line,
)

BLOCK_BYTES = 4 << 20
"""Input is parsed in blocks of that many bytes, whatever the chunks; measured best between 1 and 16 MiB."""


def fixed_blocks(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Yield the bytes in blocks of exactly `size`, the last one shorter."""
    pending: list[bytes] = []
    have = 0
    for chunk in chunks:
        start = 0
        while have + len(chunk) - start >= size:
            end = start + size - have
            yield b"".join([*pending, chunk[start:end]])
            pending, have, start = [], 0, end
        if start < len(chunk):
            pending.append(chunk[start:])
            have += len(chunk) - start
    if pending:
        yield b"".join(pending)


_SEPARATOR = re.compile(rb'"?sep=([^\r\n]{1,4}?)"?\r?(?:\n|\Z)', re.IGNORECASE)
"""The line by which Excel is told the delimiter."""

_SEPARATOR_BYTES = 16


def read_header(blocks: Iterator[bytes], options: CsvFormat, limits: Limits) -> Header:
    """Read the first record behind the lines to skip, blank lines and comments.

    Raises `EmptyFileError` and `UnreadableHeaderError`.
    """
    dialect = Dialect(options.delimiter, None, options.escape, options.comment)
    first_block = next(blocks, b"")
    encoding = LikelyEncoding(first_block.startswith(BYTE_ORDER_MARK))
    buffer = _skipped(first_block.removeprefix(BYTE_ORDER_MARK), blocks, options.skip_lines)
    line = 1 + options.skip_lines
    while len(buffer) < _SEPARATOR_BYTES and (block := next(blocks, None)) is not None:
        buffer += block
    separator = _separator(buffer)
    if separator is not None:
        buffer, line = buffer[separator.end() :], line + 1
    while True:
        if leading_blank_bytes(buffer, dialect) > limits.record_bytes:
            raise UnreadableHeaderError(
                expected(f"a header within the first {limits.record_bytes} bytes", "blank lines")
            )
        block = next(blocks, None)
        lines = buffer.split(b"\n")
        tail = lines.pop() if block is not None or not lines[-1] else b""
        skipped = _leading_skipped(lines, dialect)
        line += skipped
        lines = lines[skipped:]
        buffer = b"\n".join([*lines, tail])
        if block is None and not lines:
            raise EmptyFileError("the file has no line that is not blank, so it has no header")
        try:
            if lines:
                ending: Literal["unclosed-quote"] | None = "unclosed-quote" if block is None else None
                first = _FirstRecord(lines, tail + (block or b""), line, dialect, ending, encoding)
                named = None if separator is None else separator.group(1).decode("utf-8", "replace")
                return first.header(options, limits, named)
        except UnfinishedError:
            pass
        if len(buffer) > limits.record_bytes + 1:
            what = "header" if options.header else "first record"
            raise UnreadableHeaderError(
                f"the {what} on line {line} is longer than {limits.record_bytes} bytes"
                f"{_hint(buffer, options)}"
            )
        buffer += block or b""


def _skipped(buffer: bytes, blocks: Iterator[bytes], lines: int) -> bytes:
    """What is left behind so many physical lines."""
    at = 0
    for _ in range(lines):
        while (end := buffer.find(b"\n", at)) < 0:
            buffer, at = next(blocks, b""), 0
            if not buffer:
                raise EmptyFileError(expected(f"more than the {lines} lines to skip", "fewer"))
        at = end + 1
    return buffer[at:]


def _separator(buffer: bytes) -> re.Match[bytes] | None:
    found = _SEPARATOR.match(buffer)
    return found if found and len(found.group(1).decode("utf-8", "replace")) == 1 else None


def _leading_skipped(lines: list[bytes], dialect: Dialect) -> int:
    return next((index for index, line in enumerate(lines) if not is_skipped(line, dialect)), len(lines))


def _hint(raw: bytes, options: CsvFormat) -> str:
    return f"; {_other_line_ends(options)}" if b"\r" in raw else ""


def _other_line_ends(options: CsvFormat) -> str:
    declared, other = ("CR", "LF or CRLF") if options.line_end == "cr" else ("LF or CRLF", "CR")
    way_out = "lf" if options.line_end == "cr" else "cr"
    return (
        f'expected lines that end in {declared}, got some that end in {other}: declare "lineEnd": "{way_out}"'
    )


@dataclass(frozen=True, slots=True)
class _FirstRecord:
    """Whole lines, the first of them with a record, and what follows them."""

    lines: list[bytes]
    behind: bytes
    line: int
    dialect: Dialect
    ending: Literal["unclosed-quote"] | None
    encoding: LikelyEncoding

    def header(self, options: CsvFormat, limits: Limits, separator: str | None) -> Header:
        """The header that it is, or the row by which the number of fields is known."""
        record, start, taken = self._read(options, limits)
        own = tuple(line.removesuffix(b"\r") for line in self.lines[start : start + taken])
        rest = b"\n".join([*self.lines[taken if options.header else 0 :], self.behind])
        if has_bare_return(b"\n".join(own), self.dialect) or (
            options.line_end == "cr" and rest.startswith(b"\r")
        ):
            raise UnreadableHeaderError(_other_line_ends(options))
        line = self.line + (taken if options.header else 0)
        fields = tuple(field or "" for field in record.fields)
        return Header(fields, own, options.header, rest, line, separator)

    def _read(self, options: CsvFormat, limits: Limits) -> tuple[Row, int, int]:
        """The header, or the first record that is a row; the index of its first line and their number."""
        start = 0
        while True:
            record, taken = read_record(
                self.lines, start, self.dialect, limits, line=self.line + start, ending=self.ending
            )
            if isinstance(record, Row):
                return record, start, taken
            start += taken
            start += _leading_skipped(self.lines[start:], self.dialect)
            if options.header or start == len(self.lines):
                what = "header" if options.header else "first record"
                raise UnreadableHeaderError(
                    f"the {what} on line {record.line} cannot be read: {self.encoding.of_header(record)}"
                    f"{self._hint(record, options)}"
                )

    def _hint(self, record: Reject, options: CsvFormat) -> str:
        """What the header, which cannot be read, looks like."""
        if record.reason == "broken-quote" and record.raw.lstrip().startswith((b"{", b"[")):
            return "; the file looks like JSON"
        other = delimited_otherwise(record.raw, self.dialect) if record.reason == "broken-quote" else None
        return _hint(record.raw, options) if other is None else f"; {other}"


class CsvRows:
    """The rows and rejects after the header, block by block, in line order; iterate once."""

    def __init__(
        self, header: Header, blocks: Iterator[bytes], layout: Layout, limits: Limits | None = None
    ) -> None:
        self._blocks = blocks
        self._carry = header.rest
        self._line = header.next_line
        self._layout = layout
        self._limits = limits or Limits()
        self._long_line: _LongLine | None = None

    def __iter__(self) -> Iterator[Parsed]:
        for block in self._blocks:
            rest = self._skip_long_line(block)
            if rest.reject is not None:
                yield Parsed.rejected(rest.reject, self._layout)
            if self._long_line is None:
                yield from self._parse(self._carry + rest.data)
        if self._long_line is not None:
            reject = self._end_long_line()
            if reject is not None:
                yield Parsed.rejected(reject, self._layout)
        elif self._carry:
            yield parse_block(self._carry, self._line, self._layout, self._limits, "unclosed-quote")

    def _parse(self, buffer: bytes) -> Iterator[Parsed]:
        """Parse the whole lines of the buffer and carry what is not finished."""
        cut = buffer.rfind(b"\n") + 1
        data, tail = buffer[:cut], buffer[cut:]
        # A line that is too long already ends every record open before it.
        is_long = len(tail) > self._limits.record_bytes + 1
        parsed = parse_block(
            data, self._line, self._layout, self._limits, "record-too-long" if is_long else None
        )
        self._line += parsed.lines_taken
        self._carry = b"" if is_long else data[parsed.bytes_taken :] + tail
        if is_long:
            self._long_line = _LongLine(self._layout.dialect, self._limits.kept_bytes)
            self._long_line.add(tail)
        yield parsed

    def _skip_long_line(self, block: bytes) -> "_Rest":
        if self._long_line is None:
            return _Rest(block, None)
        end = block.find(b"\n")
        self._long_line.add(block if end < 0 else block[:end])
        if end < 0:
            return _Rest(b"", None)
        return _Rest(block[end + 1 :], self._end_long_line())

    def _end_long_line(self) -> Reject | None:
        line, self._long_line = self._long_line, None
        self._line += 1
        if line is None or line.is_skipped:
            return None
        raw, length = line.text()
        return rejected_line(raw, length, self._line - 1, "record-too-long", self._limits)


@dataclass(frozen=True, slots=True)
class _Rest:
    data: bytes
    reject: Reject | None


class _LongLine:
    """A line too long to hold: its first bytes, its length, and whether it is blank or a comment."""

    def __init__(self, dialect: Dialect, kept_bytes: int) -> None:
        self._dialect = dialect
        self._kept_bytes = kept_bytes
        self._kept = bytearray()
        self._length = 0
        self._ends_with_cr = False
        self._is_blank = True
        self._is_comment = False

    @property
    def is_skipped(self) -> bool:
        """Whether the line is no record."""
        return self._is_blank or self._is_comment

    def add(self, data: bytes) -> None:
        """Add bytes to it; the first ones are more than a record may have."""
        if not data:
            return
        if self._length == 0:
            self._is_comment = is_comment(data, self._dialect)
        self._kept += data[: self._kept_bytes - len(self._kept)]
        self._length += len(data)
        self._ends_with_cr = data.endswith(b"\r")
        self._is_blank = self._is_blank and leading_blank_bytes(data, self._dialect) == len(data)

    def text(self) -> tuple[bytes, int]:
        """The bytes kept and the length of the whole line, without a CR at its end."""
        length = self._length - self._ends_with_cr
        return bytes(self._kept[:length]), length
