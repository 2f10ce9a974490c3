"""The NDJSON kernel in plain Python: slow and obvious, the oracle of the tests and the fallback."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

import pyarrow as pa

from tributary.kernels.formats.batch import POSITIONS, POSITIONS_WITH_BYTES, REJECTS, FormatBatch
from tributary.kernels.formats.ndjson.batch import Reason
from tributary.kernels.record_limits import RecordLimits

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_PIECE = re.compile(rb"[^\n]*\n|[^\n]+")
_BLANKS = re.compile(r"[ \t\r]*")
_SPACE = re.compile(r"[ \t\r\n]*")
_TEXT_OR_BRACKET = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["\[\]{}]', re.DOTALL)
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_SCALAR = re.compile(r"true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_UNIT = re.compile(r"\\u[0-9a-fA-F]{4}")
_SHORT = dict(zip('"\\/bfnrt', '"\\/\b\f\n\r\t', strict=True))
_HIGH = range(0xD800, 0xDC00)
_LOW = range(0xDC00, 0xE000)

# What the next token may begin with.
_VALUE = '{["-0123456789tfn'
_FIRST_KEY = '"}'
_KEY = '"'
_BEHIND = {"{": ",}", "[": ",]", "": ""}

Row = dict[str, str | None]


class RejectedError(Exception):
    """A record that is no row."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def parse_plain(
    chunks: Iterable[bytes], limits: RecordLimits, *, keep_lines: bool, several: bool = True
) -> Iterator[FormatBatch]:
    """The records of a stream of bytes, cut anywhere, as batches of rows and rejects."""
    keys = _Keys(frozenset(limits.declared))
    batch = _Batch()
    for record in _records(iter(chunks), limits, several=several):
        found = None if record.is_blank else _judge(record, limits, keys)
        if isinstance(found, dict) and batch.cells_grow_above(limits.batch_cells, found):
            yield from batch.finished(keep_lines)
            batch = _Batch()
        batch.add(record, found, limits)
        if batch.is_full(limits):
            yield from batch.finished(keep_lines)
            batch = _Batch()
    yield from batch.finished(keep_lines)


@dataclass(slots=True)
class _Record:
    """A line, or one of several objects on it.

    `head` is it with its line end, or only its beginning where it is longer than anything asks for.
    """

    line: int
    offset: int
    head: bytearray = field(default_factory=bytearray)
    length_with_end: int = 0
    last_two: bytes = b""
    is_blank: bool = True

    def add(self, piece: bytes, head_bytes: int) -> None:
        self.head += piece[: head_bytes - len(self.head)]
        self.length_with_end += len(piece)
        self.last_two = (self.last_two + piece)[-2:]
        self.is_blank = self.is_blank and not piece.strip(b" \t\r\n")

    def cut(self, at: int) -> "_Record":
        """Take off what begins there: the record behind this one."""
        rest = _Record(self.line, self.offset + at)
        rest.add(bytes(self.head[at:]), len(self.head))
        self.head, self.length_with_end, self.last_two = self.head[:at], at, b""
        return rest

    @property
    def length(self) -> int:
        end = len(self.last_two) - len(self.last_two.removesuffix(b"\n").removesuffix(b"\r"))
        return self.length_with_end - end


def next_record(text: str, start: int = 0) -> int | None:
    """Where another record begins: at a `{` that follows a `}` with which all brackets are closed.

    Nothing else is looked at, so that a broken record has an end, too. The text has a character a byte.
    """
    at = _end_of_space(text, start)
    if not text.startswith("{", at):
        return None
    depth = 0
    for token in _TEXT_OR_BRACKET.finditer(text, at):
        mark = token.group()
        if mark == '"':
            return None
        depth += (mark in "{[") - (mark in "}]")
        if depth == 0:
            at = _end_of_space(text, token.end())
            return at if mark == "}" and text.startswith("{", at) else None
    return None


def _end_of_space(text: str, start: int) -> int:
    return _SPACE.match(text, start).end()  # type: ignore[union-attr]  # matches always


def _records(chunks: Iterator[bytes], limits: RecordLimits, *, several: bool) -> Iterator[_Record]:
    """Every record and every blank line; of a longer one only what is asked for is held."""
    start = b""
    while len(start) < len(_BYTE_ORDER_MARK) and (chunk := next(chunks, None)) is not None:
        start += chunk
    first = start.removeprefix(_BYTE_ORDER_MARK)
    head_bytes = max(limits.line_bytes + 1, limits.kept_bytes)
    record = _Record(1, len(start) - len(first))
    for chunk in chain([first], chunks):
        for match in _PIECE.finditer(chunk):
            piece = match.group()
            while piece:
                fits = head_bytes - len(record.head) or len(piece)
                record.add(piece[:fits], head_bytes)
                piece = piece[fits:]
                if len(record.head) == head_bytes == record.length_with_end:
                    *before, record = _separate(record, limits, several=several)
                    yield from before
            if match.group().endswith(b"\n"):
                line_end = record.offset + record.length_with_end
                yield from _separate(record, limits, several=several)
                record = _Record(record.line + 1, line_end)
    if record.length_with_end:
        yield from _separate(record, limits, several=several)


def _separate(line: _Record, limits: RecordLimits, *, several: bool) -> list[_Record]:
    """The records of a line, or of its beginning; the last one is what is left."""
    found = [line]
    if not several:
        return found
    while (start := next_record(found[-1].head[: limits.line_bytes + 1].decode("latin-1"))) is not None:
        found.append(found[-1].cut(start))
    return found


@dataclass(slots=True)
class _Batch:
    input_bytes: int = 0
    columns: dict[str, None] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    positions: list[dict[str, int | bytes]] = field(default_factory=list)
    rejects: list[dict[str, int | bytes | str]] = field(default_factory=list)

    def is_full(self, limits: RecordLimits) -> bool:
        return (
            self.input_bytes >= limits.batch_bytes
            or len(self.rows) + len(self.rejects) >= limits.batch_lines
            or len(self.rows) * len(self.columns) >= limits.batch_cells
        )

    def cells_grow_above(self, most: int, row: Row) -> bool:
        """Return True where the row adds columns that a batch with rows has no room for."""
        columns = self.columns.keys() | row.keys()
        is_wider = len(columns) > len(self.columns)
        return is_wider and len(self.rows) > 0 and (len(self.rows) + 1) * len(columns) > most

    def add(self, record: _Record, found: Row | Reason | None, limits: RecordLimits) -> None:
        self.input_bytes += record.length_with_end
        if found is None:
            return
        place: dict[str, int | bytes] = {
            "line": record.line,
            "offset": record.offset,
            "length": record.length,
        }
        text = bytes(record.head[: record.length])
        if isinstance(found, dict):
            self.columns.update(dict.fromkeys(found))
            self.rows.append(found)
            self.positions.append({**place, "bytes": text})
        else:
            kept = text[: limits.kept_bytes] if found == "line-too-long" else text
            self.rejects.append({**place, "reason": found, "bytes": kept})

    def finished(self, keep_lines: bool) -> Iterator[FormatBatch]:
        """The batch, unless there is nothing in it."""
        if self.rows or self.rejects:
            schema = POSITIONS_WITH_BYTES if keep_lines else POSITIONS
            yield FormatBatch(
                self._table(),
                pa.RecordBatch.from_pylist(self.positions, schema=schema),
                pa.RecordBatch.from_pylist(self.rejects, schema=REJECTS),
            )

    def _table(self) -> pa.RecordBatch:
        if not self.columns:  # made from no arrays, a batch has no rows
            return pa.RecordBatch.from_struct_array(pa.array([{}] * len(self.rows), pa.struct([])))
        arrays = [pa.array([row.get(key) for row in self.rows], pa.string()) for key in self.columns]
        return pa.RecordBatch.from_arrays(arrays, list(self.columns))


@dataclass(slots=True)
class _Keys:
    """The distinct undeclared top-level keys of the accepted records, and the bytes of their names."""

    declared: frozenset[str]
    names: set[str] = field(default_factory=set)
    bytes: int = 0

    def add(self, row: Row) -> None:
        new = row.keys() - self.names - self.declared
        self.bytes += sum(len(key.encode()) for key in new)
        self.names |= new


def _judge(record: _Record, limits: RecordLimits, keys: _Keys) -> Row | Reason:
    """The row of the record, whose keys are then keys of the input, or why it is none."""
    try:
        row = _row(bytes(record.head[: record.length]), record.length, limits, keys)
    except RejectedError as rejected:
        return rejected.reason
    keys.add(row)
    return row


def _row(text: bytes, length: int, limits: RecordLimits, keys: _Keys) -> Row:
    if length > limits.line_bytes:
        raise RejectedError("line-too-long")
    try:
        return RecordReader(text.decode("utf-8"), limits, keys).read()
    except UnicodeDecodeError as error:
        raise RejectedError("invalid-utf8") from error


class RecordReader:
    """One record from left to right; `allowed` holds what the next token may begin with."""

    def __init__(self, text: str, limits: RecordLimits, keys: _Keys | None = None) -> None:
        self.text = text
        self.limits = limits
        self.keys = keys or _Keys(frozenset(limits.declared))
        self.at = 0
        self.token = self.before = 0
        self.in_text = False
        self.allowed = _VALUE
        self.open = ""
        self.row: Row = {}
        self.new_keys = 0
        self.new_bytes = 0
        self.key = ""
        self.value_start = 0

    def read(self) -> Row:
        """The top-level members; raises `RejectedError` at the first problem.

        Then `at` is its place, `token` and `before` are where the last two tokens began, and `in_text` tells
        whether the last one is a text.
        """
        while self.allowed:
            self._take(_BLANKS)
            self.before, self.token = self.token, self.at
            first = self.text[self.at : self.at + 1]
            if not first or first not in self.allowed:
                raise RejectedError("not-json")
            self._token(first)
        self._take(_BLANKS)
        if self.at < len(self.text):
            raise RejectedError("not-json")
        if self.text.lstrip(" \t\r")[0] != "{":
            raise RejectedError("not-an-object")
        return self.row

    def _take(self, pattern: re.Pattern[str]) -> str:
        """Go behind what stands here of the pattern, which may be nothing."""
        match = pattern.match(self.text, self.at)
        taken = match.group() if match else ""
        self.at += len(taken)
        return taken

    def _token(self, first: str) -> None:
        if first in "{[":
            self._begin(first)
        elif first in "}]":
            self.at += 1
            self.open = self.open[:-1]
            self._end_value(self.text[self.value_start : self.at])
        elif first in ",:":
            self.at += 1
            self.allowed = _KEY if first == "," and self.open[-1] == "{" else _VALUE
        elif first != '"':
            scalar = self._take(_SCALAR)
            if not scalar:
                raise RejectedError("not-json")
            self._end_value(None if scalar == "null" else scalar)
        elif self.allowed in (_KEY, _FIRST_KEY):
            self._end_key(self._string())
        else:
            self._end_value(self._string())

    def _begin(self, first: str) -> None:
        if len(self.open) >= self.limits.depth:
            raise RejectedError("too-deep")
        if len(self.open) == 1:
            self.value_start = self.at
        self.at += 1
        self.open += first
        self.allowed = _FIRST_KEY if first == "{" else _VALUE + "]"

    def _end_value(self, value: str | None) -> None:
        if self.open == "{":
            self.row[self.key] = value
        self.allowed = _BEHIND[self.open[-1:]]

    def _end_key(self, key: str) -> None:
        self.allowed = ":"
        if self.open != "{":
            return
        self.key = key
        if key in self.row:
            raise RejectedError("duplicate-key")
        if key not in self.keys.names and key not in self.keys.declared:
            self.new_keys += 1
            self.new_bytes += len(key.encode())
            known, known_bytes = len(self.keys.names), self.keys.bytes
            if (
                known + self.new_keys > self.limits.keys
                or known_bytes + self.new_bytes > self.limits.key_bytes
            ):
                raise RejectedError("too-many-keys")

    def _string(self) -> str:
        """The string that begins here, unescaped."""
        self.in_text = True
        self.at += 1
        parts = [self._take(_PLAIN)]
        while self.text.startswith("\\", self.at):
            parts += self._escaped(), self._take(_PLAIN)
        if not self.text.startswith('"', self.at):
            raise RejectedError("not-json")
        self.at += 1
        self.in_text = False
        return "".join(parts)

    def _escaped(self) -> str:
        if short := _SHORT.get(self.text[self.at + 1 : self.at + 2]):
            self.at += 2
            return short
        unit = self._unit()
        if unit is None:
            raise RejectedError("not-json")
        low = self._unit() if unit in _HIGH else None
        if low is not None and low in _LOW:
            return chr(0x10000 + ((unit - _HIGH.start) << 10) + low - _LOW.start)
        if unit in _HIGH or unit in _LOW:
            raise RejectedError("lone-surrogate")
        return chr(unit)

    def _unit(self) -> int | None:
        r"""The number of a \uXXXX, where one stands here."""
        digits = self._take(_UNIT)[2:]
        return int(digits, 16) if digits else None
