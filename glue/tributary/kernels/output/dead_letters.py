"""Dead letters as NDJSON: every rejected line with its source, place, bytes and reason."""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import pyarrow as pa

from tributary.kernels.csv.records import Reject
from tributary.kernels.ndjson.batch import MESSAGES, NdjsonLimits


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A rejected line of NDJSON: its number from 1, byte offset, and why.

    `raw` lacks the line end; `length` is the number of bytes that it had, more than `len(raw)` only for a
    line longer than the kernel keeps.
    """

    line: int
    offset: int
    reason: str
    message: str
    raw: bytes
    length: int


def dead_letter(place: dict[str, int | bytes], reason: str, message: str) -> DeadLetter:
    """The dead letter of a line, from its place and bytes."""
    return DeadLetter(place["line"], place["offset"], reason, message, place["bytes"], place["length"])  # type: ignore[arg-type]


BROKEN_ARRAY = "broken-array"
"""The reason that is no line's: where an array goes on, nothing tells where an element ends."""

_BROKEN_ARRAY_MESSAGE = "the array cannot be split from here on"


def rejected_lines(rejects: pa.RecordBatch, limits: NdjsonLimits) -> Iterator[DeadLetter]:
    """The dead letters of what was rejected under these limits."""
    for reject in rejects.to_pylist():
        message = MESSAGES.get(reject["reason"], _BROKEN_ARRAY_MESSAGE)
        yield dead_letter(reject, reject["reason"], message.format(limits=limits))


class DeadLetterWriter:
    """Writes dead letters as NDJSON; there is no file when there are none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None
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

    def write(self, source: Mapping[str, str], letters: Iterable[Reject | DeadLetter]) -> None:
        """Append dead letters of one source, whose fields stand first in each record."""
        for letter in letters:
            if self._file is None:
                self._file = self._path.open("wb")
            self._file.write(letter_record(source, letter))
            self.count += 1


def letter_record(source: Mapping[str, str], letter: Reject | DeadLetter) -> bytes:
    """A dead letter as a line of NDJSON, the fields of its source first."""
    record: dict[str, str | int] = {**source, "line": letter.line}
    if isinstance(letter, DeadLetter):
        record["offset"] = letter.offset
    record |= {"reason": letter.reason, "message": letter.message}
    try:
        record["raw_text"] = letter.raw.decode("utf-8")
    except UnicodeDecodeError:
        record["raw_base64"] = base64.b64encode(letter.raw).decode("ascii")
    if letter.length > len(letter.raw):
        record["raw_length"] = letter.length
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
