"""A stream of bytes as a window of text that moves on, and where values of JSON end in it."""

import json
import re
from collections.abc import Iterable
from typing import Final

# Latin-1 has a character for each byte: so offsets are the bytes' own, and any bytes come back as they were.
ENCODING = "latin-1"
BLANKS = " \t\n\r"
_WINDOW_BYTES = 1 << 20
# The decoder's errors count the lines of all that stands before them: so a value is first looked at alone.
_HEAD_CHARACTERS = 1 << 12
_MARK = "\ufeff".encode().decode(ENCODING)
_SPACE = re.compile(r"[ \t\n\r]*")
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["\[\]{},]', re.DOTALL)
# Not strict, and blind to what numbers are: only where a value ends is asked.
_DECODER: Final = json.JSONDecoder(strict=False, parse_int=len, parse_float=len)


def end_of_space(text: str, start: int) -> int:
    """Return where the white space that begins there ends."""
    return _SPACE.match(text, start).end()  # type: ignore[union-attr]  # matches always


def end_of_value(text: str, start: int, closing: str = "]") -> int | None:
    """Return the end of the value at `start`, whole or broken; None where it cannot be told.

    `closing` is the bracket that may follow it.
    """
    head = text[start : start + _HEAD_CHARACTERS]
    end = _end_of_value(head, 0, closing)
    # Where it ends with the head it may go on: 1 as 1e+5.
    if len(head) == _HEAD_CHARACTERS and (end is None or end + len("e+") >= len(head)):
        return _end_of_value(text, start, closing)
    return None if end is None else start + end


def _end_of_value(text: str, start: int, closing: str) -> int | None:
    try:
        _, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return end_by_brackets(text, start, closing)
    return end


def end_by_brackets(text: str, start: int, closing: str) -> int | None:
    """Return the end by matching brackets, where a comma or the closing bracket follows."""
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
            return token.start() if mark in (",", closing) else None
    return None


class Window:
    """The part of a stream that is looked at: `text`, with `at` as the place in it.

    It grows to the longest value, of at most `most` bytes. What lies behind `at` is forgotten, but for what
    `anchor` keeps.
    """

    def __init__(self, chunks: Iterable[bytes], most: int, before: int = 0) -> None:
        """`before` is the offset at which the stream begins."""
        self._chunks = iter(chunks)
        self._most = most
        self._before = before
        self.text = ""
        self.at = 0
        self.anchor: int | None = None

    @property
    def offset(self) -> int:
        """Offset of the place."""
        return self._before + self.at

    @property
    def begin_offset(self) -> int:
        """Offset of the anchor, or of the place where there is none."""
        return self._before + self._begin

    @property
    def _begin(self) -> int:
        return self.at if self.anchor is None else self.anchor

    def grow(self) -> bool:
        """Make the window at least twice as long as what is left of it; False at the end of the stream."""
        start = self._begin
        rest = self.text[start:]
        pieces, size = [rest], len(rest)
        wanted = max(_WINDOW_BYTES, 2 * size)
        while size < wanted and (chunk := next(self._chunks, None)) is not None:
            pieces.append(str(chunk, ENCODING))
            size += len(chunk)
        self._before += start
        self.text, self.at = "".join(pieces), self.at - start
        self.anchor = None if self.anchor is None else 0
        return size > len(rest)

    def peek(self) -> str:
        """Return the character at the place; nothing at the end of the stream."""
        if self.at == len(self.text):
            self.grow()
        return self.text[self.at : self.at + 1]

    def skip(self, text: str) -> bool:
        """Go behind a text, where it stands here."""
        while len(self.text) - self.at < len(text) and self.grow():
            pass
        stands = self.text.startswith(text, self.at)
        self.at += len(text) if stands else 0
        return stands

    def skip_mark(self) -> None:
        """Go behind a byte order mark."""
        self.skip(_MARK)

    def skip_space(self) -> str:
        """Go behind white space, and return the character that follows."""
        while (found := self.peek()) and found in BLANKS:
            self.at = end_of_space(self.text, self.at)
        return found

    def value_end(self, closing: str) -> int | None:
        """Return the end of the value here, before its comma or closing bracket; None where it has none."""
        marks = (",", closing)
        while True:
            end = end_of_value(self.text, self.at, closing)
            mark = end
            if end is not None and self.text[end : end + 1] not in marks:
                mark = end_of_space(self.text, end)
                if self.text[mark : mark + 1] not in (*marks, ""):
                    end = mark = end_by_brackets(self.text, self.at, closing)
            if end is not None and mark is not None and mark < len(self.text):
                return end if 0 < end - self.at <= self._most else None
            if self.is_full() or not self.grow():
                return None

    def string_end(self) -> int | None:
        """Return the end of the string here, whatever it holds; None where none is closed."""
        while (found := _STRING.match(self.text, self.at)) is None:
            if self.is_full() or not self.grow():
                return None
        return found.end()

    def is_full(self) -> bool:
        """Whether no longer value may be held."""
        return len(self.text) - self._begin > self._most

    def rest(self, kept: int, end: str | None = None) -> tuple[bytes, int]:
        """Take what comes up to a character or to the end of the stream, without white space at its end.

        Returns the bytes and their number; of more than `most` the first `kept` alone.
        """
        self.at, self.anchor = self._begin, None
        pieces, held, length = [], 0, 0
        while True:
            stop = len(self.text) if end is None else self.text.find(end, self.at)
            piece = self.text[self.at :] if stop < 0 else self.text[self.at : stop]
            length += len(piece)
            pieces.append(piece if length <= self._most else piece[: max(kept - held, 0)])
            held += len(pieces[-1])
            self.at += len(piece)
            if self.at < len(self.text) or not self.grow():
                break
        text = "".join(pieces).encode(ENCODING)
        if length > self._most:
            return text[:kept], length
        text = text.rstrip(BLANKS.encode())
        return text, len(text)
