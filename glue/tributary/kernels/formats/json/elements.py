"""Splitting of a JSON array into elements, without validation: the NDJSON kernel validates them."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from tributary.kernels.formats.json.records import Record
from tributary.kernels.formats.ndjson.batch import NdjsonLimits

# Latin-1 has a character for each byte: so offsets are the bytes' own, and any bytes come back as they were.
_ENCODING = "latin-1"
_WINDOW_BYTES = 1 << 20
# The decoder's errors count the lines of all that stands before them: so a value is first looked at alone.
_HEAD_CHARACTERS = 1 << 12
_MARKS = frozenset(",]")
_BLANKS = frozenset(" \t\n\r")
_SPACE = re.compile(r"[ \t\n\r]*")
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["\[\]{},]', re.DOTALL)
# Not strict, and blind to what numbers are: only where a value ends is asked.
_DECODER: Final = json.JSONDecoder(strict=False, parse_int=len, parse_float=len)


@dataclass(slots=True)
class Broken:
    """Broken rest of an array, from the element, by its number, that cannot be split off."""

    number: int
    offset: int
    length: int
    head: bytes


def end_of_value(text: str, start: int) -> int | None:
    """Return the end of the value at `start`, whole or broken; None where it cannot be told."""
    head = text[start : start + _HEAD_CHARACTERS]
    end = _end_of_value(head, 0)
    # Where it ends with the head it may go on: 1 as 1e+5.
    if len(head) == _HEAD_CHARACTERS and (end is None or end + len("e+") >= len(head)):
        return _end_of_value(text, start)
    return None if end is None else start + end


def _end_of_value(text: str, start: int) -> int | None:
    try:
        _, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return _end_by_brackets(text, start)
    return end


def _end_by_brackets(text: str, start: int) -> int | None:
    """Return the end by matching brackets, where a comma or bracket follows."""
    depth = 0
    for token in _TOKEN.finditer(text, start):
        mark = token.group()
        if mark == '"':
            return None
        if mark in ("[", "{"):
            depth += 1
        elif mark in ("]", "}"):
            depth -= 1
        if depth < 0 or (depth == 0 and mark == ","):
            return token.start() if mark in (",", "]") else None
    return None


class Elements:
    """Iterates over the elements of one array, streamed; then `broken` tells what could not be split.

    An element that is no JSON is one as long as its brackets and quotes match, and so harms none of the
    others. Memory holds a window that grows to the longest element, of at most `line_bytes`: with a longer
    one the array breaks.
    """

    def __init__(self, chunks: Iterable[bytes], limits: NdjsonLimits) -> None:
        self._chunks = iter(chunks)
        self._limits = limits
        self._window = ""
        self._offset = 0
        self._at = 0
        self._number = 0
        self.broken: Broken | None = None

    def __iter__(self) -> Iterator[Record]:
        self._skip("\ufeff".encode().decode(_ENCODING))
        self._skip_space()
        if not self._peek():
            return
        self._skip("[")
        self._skip_space()
        if self._peek() == "]":
            self._at += 1
        else:
            yield from self._elements()
        self._end()

    def _elements(self) -> Iterator[Record]:
        while (end := self._element_end()) is not None:
            self._number += 1
            text = self._window[self._at : end]
            yield Record(self._offset + self._at, text.rstrip(" \t\n\r").encode(_ENCODING))
            self._at = end
            if self._window[end] not in _MARKS:
                self._skip_space()
            self._at += 1
            if self._window[self._at - 1] == "]":
                return
            self._skip_space()
        self._break()

    def _element_end(self) -> int | None:
        """Return the end of the element before its comma or bracket; None where it has none."""
        while True:
            end = end_of_value(self._window, self._at)
            mark = end
            if end is not None and self._window[end : end + 1] not in _MARKS:
                mark = _SPACE.match(self._window, end).end()  # type: ignore[union-attr]  # matches always
                if self._window[mark : mark + 1] not in (*_MARKS, ""):
                    end = mark = _end_by_brackets(self._window, self._at)
            if end is not None and mark is not None and mark < len(self._window):
                return end if 0 < end - self._at <= self._limits.line_bytes else None
            if len(self._window) - self._at > self._limits.line_bytes or not self._grow():
                return None

    def _end(self) -> None:
        """Nothing but white space may follow the array."""
        if self.broken is None:
            self._skip_space()
            if self._peek():
                self._break()

    def _break(self) -> None:
        head = self._window[self._at :].encode(_ENCODING)
        pieces, length, most = [head], len(head), self._limits.line_bytes
        for chunk in self._chunks:
            length += len(chunk)
            if length <= most:
                pieces.append(chunk)
        text = b"".join(pieces)
        if length > most:
            text = text[: self._limits.kept_bytes]
        else:
            text = text.rstrip(b" \t\n\r")
            length = len(text)
        self.broken = Broken(self._number + 1, self._offset + self._at, length, text)

    def _grow(self) -> bool:
        """Make the window at least twice as long as what is left of it; False at the end of the file."""
        rest = self._window[self._at :]
        pieces, size = [rest], len(rest)
        wanted = max(_WINDOW_BYTES, 2 * size)
        while size < wanted and (chunk := next(self._chunks, None)) is not None:
            pieces.append(str(chunk, _ENCODING))
            size += len(chunk)
        self._offset += self._at
        self._window, self._at = "".join(pieces), 0
        return size > len(rest)

    def _peek(self) -> str:
        if self._at == len(self._window):
            self._grow()
        return self._window[self._at : self._at + 1]

    def _skip(self, text: str) -> None:
        while len(self._window) - self._at < len(text) and self._grow():
            pass
        if self._window.startswith(text, self._at):
            self._at += len(text)

    def _skip_space(self) -> None:
        while self._peek() in _BLANKS:
            self._at = _SPACE.match(self._window, self._at).end()  # type: ignore[union-attr]  # matches always
