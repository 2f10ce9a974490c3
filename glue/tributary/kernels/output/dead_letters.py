"""Dead letters as NDJSON: every rejected line with its source, place, bytes and reason.

A key may have a thousand bytes and a line one: so the names of a source stand once in an object, in the first
of its letters, and each letter has the source's id.
"""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import pyarrow as pa

from tributary.kernels.file_limits import DEFAULT_FILE_LIMITS, FileLimits, too_many_dead_letters
from tributary.kernels.formats.csv.records import Reject
from tributary.kernels.formats.ndjson.batch import MESSAGES, NdjsonLimits
from tributary.kernels.source import Source


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A rejected record: the number of its line, element or row from 1, byte offset where told, and why.

    `raw` lacks the line end; `length` is the number of bytes that it had, more than `len(raw)` only for a
    line longer than the kernel keeps.
    """

    line: int
    offset: int | None
    reason: str
    message: str
    raw: bytes
    length: int


def dead_letter(place: Mapping[str, Any], reason: str, message: str) -> DeadLetter:
    """The dead letter of a line, from its place and bytes."""
    raw, length = place["bytes"], place["length"]
    length = len(raw) if length is None else length
    return DeadLetter(place["line"], place["offset"], reason, message, raw, length)


def rejected_lines(rejects: pa.RecordBatch, limits: NdjsonLimits) -> Iterator[DeadLetter]:
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


class DeadLetterWriter:
    """Writes dead letters as NDJSON; there is no file when there are none.

    Raises `TooManyDeadLettersError` for a source that has more than the limits allow.
    """

    def __init__(self, path: Path, limits: FileLimits = DEFAULT_FILE_LIMITS) -> None:
        self._path = path
        self._limits = limits
        self._file: IO[bytes] | None = None
        self._budgets: dict[Source, LetterBudget] = {}
        self._source: Source | None = None
        self._begin = 0, 0
        self.count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    @property
    def path(self) -> Path | None:
        """The file, or None when nothing was rejected."""
        return self._path if self.count else None

    def expect(self, source: Source, letters: int) -> None:
        """Count dead letters of a source that are to be written, before they are made."""
        self._budget(source).take(letters)

    def write(self, source: Source, letters: Iterable[Reject | DeadLetter]) -> None:
        """Append dead letters of one source."""
        for letter in letters:
            if self._file is None:
                self._file = self._path.open("wb")
            is_first = source != self._source
            if is_first:
                self._source, self._begin = source, (self.count, self._file.tell())
            record = letter_record(source, letter_fields(letter), is_first=is_first)
            self._budget(source).take_bytes(len(record))
            self._file.write(record)
            self.count += 1

    def take_back(self, source: Source) -> None:
        """Remove what was written of the last source, if it is this one."""
        if self._file is not None and source == self._source:
            self.count, place = self._begin
            self._source = None
            self._file.seek(place)
            self._file.truncate()

    def _budget(self, source: Source) -> LetterBudget:
        if source not in self._budgets:
            self._budgets[source] = LetterBudget(self._limits)
        return self._budgets[source]


def letter_record(source: Source, fields: bytes, *, is_first: bool) -> bytes:
    """A dead letter as a line of NDJSON; the first one of a source in an object has its names."""
    names = {"source": source.id, **(source.names if is_first else {})}
    return _json(names)[:-1] + b"," + fields[1:]


def letter_fields(letter: Reject | DeadLetter) -> bytes:
    """The fields of a dead letter but for its source, as a line of NDJSON."""
    record: dict[str, str | int] = {"line": letter.line}
    if isinstance(letter, DeadLetter) and letter.offset is not None:
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
