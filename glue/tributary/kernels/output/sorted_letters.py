"""Dead letters of many sources in the order of sources and lines, as NDJSON files. Same ones, same bytes.

Those of lines and values are told before those of what the SQL returned, and how much before depends on how
DuckDB takes its input. So each kind, which comes in order, has a file of its own, and at the end the two are
merged.
"""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Literal, Self

from tributary.kernels.output.dead_letters import letter_record
from tributary.kernels.output.staged import StagedFile
from tributary.kernels.source import Source
from tributary.kernels.transform.sourced import SourcedLetter

Kind = Literal["of-input", "of-output"]

_PLACE_BYTES = 10 + 20
"""Digits of the number of a source, and of a line, which stand before each record while it waits."""


class SortedLetters:
    """Used as a context, whose `files` are there when it ends without an error.

    Their names are `<stem>-00001.ndjson` and so on; a file ends with the letter that brings it to
    `object_bytes`.
    """

    def __init__(self, folder: Path, stem: str, object_bytes: int, sources: Sequence[Source]) -> None:
        self._folder = folder
        self._stem = stem
        self._object_bytes = object_bytes
        self._sources = sources
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

    def write(self, kind: Kind, letters: Iterable[SourcedLetter]) -> None:
        """Take dead letters that follow, in the order of sources and lines, those of their kind so far."""
        for number, letter in letters:
            if kind not in self._waiting:
                self._waiting[kind] = (self._folder / f"letters-{kind}").open("w+b")
            place = b"%010d%020d" % (number, letter.line)
            self._waiting[kind].write(place + letter_record(self._sources[number].fields, letter))

    def _write(self, lines: Iterator[bytes]) -> None:
        while first := next(lines, None):
            path = self._folder / f"{self._stem}-{len(self.files) + 1:05}.ndjson"
            letters = 0
            with path.open("wb") as file:
                line: bytes | None = first
                while line:
                    file.write(line[_PLACE_BYTES:])
                    letters += 1
                    line = next(lines, None) if file.tell() < self._object_bytes else None
            self.files.append(StagedFile(path, "", path.name, letters, path.stat().st_size))


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    return iter(file)


def _place(line: bytes) -> bytes:
    return line[:_PLACE_BYTES]
