"""Chunks of bytes in, Arrow batches of text and rejects out, in memory that a file's size does not change."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from tributary.errors import EmptyFileError, UnreadableHeaderError
from tributary.expected import expected
from tributary.kernels.formats.csv.block import Layout, Parsed, parse_block
from tributary.kernels.formats.csv.records import (
    BYTE_ORDER_MARK,
    Dialect,
    Limits,
    Reject,
    UnfinishedError,
    is_blank,
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


@dataclass(frozen=True, slots=True)
class Header:
    """The fields of the header as they stand; the bytes that follow it and the number of their first line."""

    fields: tuple[str, ...]
    rest: bytes
    next_line: int


def read_header(blocks: Iterator[bytes], delimiter: str, limits: Limits) -> Header:
    """Read the first record that is not blank.

    Raises `EmptyFileError` and `UnreadableHeaderError`.
    """
    buffer = next(blocks, b"").removeprefix(BYTE_ORDER_MARK)
    line = 1
    while True:
        if leading_blank_bytes(buffer, delimiter) > limits.record_bytes:
            raise UnreadableHeaderError(
                expected(f"a header within the first {limits.record_bytes} bytes", "blank lines")
            )
        block = next(blocks, None)
        lines = buffer.split(b"\n")
        tail = lines.pop() if block is not None or not lines[-1] else b""
        blank = _leading_blank(lines, delimiter)
        line += blank
        lines = lines[blank:]
        buffer = b"\n".join([*lines, tail])
        if block is None and not lines:
            raise EmptyFileError("the file has no line that is not blank, so it has no header")
        try:
            if lines:
                ending: Literal["unclosed-quote"] | None = "unclosed-quote" if block is None else None
                return _header(
                    lines, tail + (block or b""), line, delimiter=delimiter, limits=limits, ending=ending
                )
        except UnfinishedError:
            pass
        if len(buffer) > limits.record_bytes + 1:
            raise UnreadableHeaderError(
                f"the header on line {line} is longer than {limits.record_bytes} bytes"
            )
        buffer += block or b""


def _leading_blank(lines: list[bytes], delimiter: str) -> int:
    return next((index for index, line in enumerate(lines) if not is_blank(line, delimiter)), len(lines))


def _header(
    lines: list[bytes],
    tail: bytes,
    line: int,
    *,
    delimiter: str,
    limits: Limits,
    ending: Literal["unclosed-quote"] | None,
) -> Header:
    record, taken = read_record(lines, 0, Dialect(delimiter, None), limits, line=line, ending=ending)
    if isinstance(record, Reject):
        raise UnreadableHeaderError(f"the header on line {line} cannot be read: {record.message}")
    return Header(record.fields, b"\n".join([*lines[taken:], tail]), line + taken)


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
            self._long_line = _LongLine(self._layout.dialect.delimiter, self._limits.kept_bytes)
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
        if line is None or line.is_blank:
            return None
        raw, length = line.text()
        return rejected_line(raw, length, self._line - 1, "record-too-long", self._limits)


@dataclass(frozen=True, slots=True)
class _Rest:
    data: bytes
    reject: Reject | None


class _LongLine:
    """A line too long to hold: its first bytes, its length, and whether it is blank."""

    def __init__(self, delimiter: str, kept_bytes: int) -> None:
        self._delimiter = delimiter
        self._kept_bytes = kept_bytes
        self._kept = bytearray()
        self._length = 0
        self._ends_with_cr = False
        self.is_blank = True

    def add(self, data: bytes) -> None:
        if not data:
            return
        self._kept += data[: self._kept_bytes - len(self._kept)]
        self._length += len(data)
        self._ends_with_cr = data.endswith(b"\r")
        self.is_blank = self.is_blank and is_blank(data, self._delimiter)

    def text(self) -> tuple[bytes, int]:
        """The bytes kept and the length of the whole line, without a CR at its end."""
        length = self._length - self._ends_with_cr
        return bytes(self._kept[:length]), length
