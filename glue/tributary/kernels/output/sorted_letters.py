"""Dead letters of many sources in the order of sources and lines, as NDJSON files. Same ones, same bytes.

Those of lines and values are told before those of what the SQL returned, and how much before depends on how
DuckDB takes its input. So each kind, which comes in order, has a file of its own, and at the end the two are
merged.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Literal, Self

from tributary.errors import TooManyDeadLettersError
from tributary.kernels.file_limits import FileLimits
from tributary.kernels.output.dead_letters import LetterBudget, letter_fields, letter_record
from tributary.kernels.output.staged import StagedFile
from tributary.kernels.source import Source
from tributary.kernels.transform.sourced import SourcedLetter

Kind = Literal["of-input", "of-output"]

_SOURCE_BYTES = 10
_PLACE_BYTES = _SOURCE_BYTES + 20
"""Digits of the number of a source, and of a line, which stand before each record while it waits."""


class SortedLetters:
    """Used as a context, whose `files` are there when it ends without an error.

    Their names are `<stem>-00001.ndjson` and so on; a file ends with the letter that brings it to
    `object_bytes`. A source with more letters than the limits allow is in `beyond`, and in no file.
    """

    def __init__(
        self, folder: Path, stem: str, object_bytes: int, sources: Sequence[Source], limits: FileLimits
    ) -> None:
        self._folder = folder
        self._stem = stem
        self._object_bytes = object_bytes
        self._sources = sources
        self._limits = limits
        self._budgets: dict[int, LetterBudget] = {}
        self._left_out: set[int] = set()
        self.beyond: dict[int, TooManyDeadLettersError] = {}
        self._waiting: dict[Kind, IO[bytes]] = {}
        self.files: list[StagedFile] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._write(heapq.merge(*map(_lines, self._waiting.values()), key=_place))
        finally:
            for file in self._waiting.values():
                file.close()
                Path(file.name).unlink()

    def admits(self, number: int, letters: int) -> bool:
        """Count dead letters of a source before they are made; False where they are not to be."""
        return self._is_within(number, LetterBudget.take, letters)

    def leave_out(self, number: int) -> None:
        """Keep the letters of a source out of the files, whatever it had before and will have."""
        self._left_out.add(number)

    def write(self, kind: Kind, letters: Iterable[SourcedLetter]) -> None:
        """Take dead letters that follow, in the order of sources and lines, those of their kind so far."""
        for number, letter in letters:
            if kind not in self._waiting:
                self._waiting[kind] = (self._folder / f"letters-{kind}").open("w+b")
            fields = letter_fields(letter)
            if self._is_within(number, LetterBudget.take_bytes, len(fields)):
                self._waiting[kind].write(b"%010d%020d" % (number, letter.line) + fields)

    def _is_within(self, number: int, take: Callable[[LetterBudget, int], None], count: int) -> bool:
        if number not in self._budgets:
            self._budgets[number] = LetterBudget(self._limits)
        try:
            take(self._budgets[number], count)
        except TooManyDeadLettersError as error:
            self.beyond.setdefault(number, error)
        return number not in self.beyond and number not in self._left_out

    def _write(self, lines: Iterator[bytes]) -> None:
        out = {*self.beyond, *self._left_out}
        kept = ((number, line) for line in lines if (number := _source(line)) not in out)
        while first := next(kept, None):
            path = self._folder / f"{self._stem}-{len(self.files) + 1:05}.ndjson"
            letters, last = 0, None
            with path.open("wb") as file:
                following: tuple[int, bytes] | None = first
                while following:
                    number, line = following
                    source = self._sources[number]
                    file.write(letter_record(source, line[_PLACE_BYTES:], is_first=number != last))
                    letters, last = letters + 1, number
                    following = next(kept, None) if file.tell() < self._object_bytes else None
            self.files.append(StagedFile(path, "", path.name, letters, path.stat().st_size))


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    return iter(file)


def _place(line: bytes) -> bytes:
    return line[:_PLACE_BYTES]


def _source(line: bytes) -> int:
    return int(line[:_SOURCE_BYTES])
