"""Dead letters as NDJSON: every rejected line with its source, place, bytes and reason.

A key may have a thousand bytes and a line one: so the names of a source stand once in an object, in the first
of its letters, and each letter has the source's id.
"""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from tributary.kernels.file_limits import FileLimits, too_many_dead_letters
from tributary.kernels.formats.ndjson.batch import MESSAGES
from tributary.kernels.record_limits import RecordLimits
from tributary.kernels.source import Source


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A rejected record: the number of its line, element or row from 1, byte offset where told, and why.

    `raw` lacks the line end; `length` is the number of bytes that it had, more than `len(raw)` only for a
    line longer than the kernel keeps. `column` is the declared one whose value was refused, if it was that.
    """

    line: int
    offset: int | None
    reason: str
    message: str
    raw: bytes
    length: int
    column: str | None = None


def dead_letter(place: Mapping[str, Any], reason: str, message: str, column: str | None = None) -> DeadLetter:
    """The dead letter of a line, from its place and bytes."""
    raw, length = place["bytes"], place["length"]
    length = len(raw) if length is None else length
    return DeadLetter(place["line"], place["offset"], reason, message, raw, length, column)


def rejected_lines(rejects: pa.RecordBatch, limits: RecordLimits) -> Iterator[DeadLetter]:
    """The dead letters of what was rejected under these limits."""
    for reject in rejects.to_pylist():
        message = reject["message"] or MESSAGES[reject["reason"]].format(limits=limits)
        yield dead_letter(reject, reject["reason"], message)


class LetterBudget:
    """What is left of the dead letters that one file may have; raises `TooManyDeadLettersError` beyond it."""

    def __init__(self, limits: FileLimits) -> None:
        self._limits = limits
        self._letters = 0
        self._bytes = 0

    def take(self, letters: int) -> None:
        """Count dead letters, before any of them is made."""
        self._letters += letters
        if self._letters > self._limits.dead_letters:
            raise too_many_dead_letters(f"{self._limits.dead_letters}", self._letters)

    def take_bytes(self, size: int) -> None:
        """Count the bytes of one that is written."""
        self._bytes += size
        if self._bytes > self._limits.dead_letter_bytes:
            raise too_many_dead_letters(f"{self._limits.dead_letter_bytes} bytes of", self._bytes)


def letter_record(source: Source, fields: bytes, *, is_first: bool) -> bytes:
    """A dead letter as a line of NDJSON; the first one of a source in an object has its names."""
    names = {"source": source.id, **(source.names if is_first else {})}
    return _json(names)[:-1] + b"," + fields[1:]


def letter_fields(letter: DeadLetter) -> bytes:
    """The fields of a dead letter but for its source, as a line of NDJSON."""
    record: dict[str, str | int] = {"line": letter.line}
    if letter.offset is not None:
        record["offset"] = letter.offset
    record |= {"reason": letter.reason, "message": letter.message}
    try:
        record["raw_text"] = letter.raw.decode("utf-8")
    except UnicodeDecodeError:
        record["raw_base64"] = base64.b64encode(letter.raw).decode("ascii")
    if letter.length > len(letter.raw):
        record["raw_length"] = letter.length
    return _json(record) + b"\n"


# Made once: to make one takes longer than a letter.
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def _json(record: dict[str, str | int] | dict[str, str]) -> bytes:
    return _ENCODER.encode(record).encode()


def read_letters(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """The dead letters of one object from its beginning, each with the names of its source."""
    names: dict[str, str] = {}
    for line in lines:
        letter = json.loads(line)
        if "source_key" in letter:
            names = {name: letter[name] for name in _NAMES if name in letter}
        yield {**names, **letter}


_NAMES = tuple(Source("", "", "").names)
