"""The files of a manifest, fetched ahead of the parser by threads."""

import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from tributary.errors import SourceGoneError, WholeFileError
from tributary.kernels.compression.streams import is_compressed, uncompressed
from tributary.manifests.manifest import Entry
from tributary.objects import read_version

_THREADS = 4
_AHEAD_FILES = 6
_AHEAD_BYTES = 64 << 20
# A file of the usual 3.5 MB waits in memory, a larger one on disk.
_MEMORY_BYTES = 4 << 20
_PIECE_BYTES = 256 << 10


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a file gives no rows: its version is gone, or it is quarantined whole for `reason`."""

    reason: str
    message: str

    @property
    def is_gone(self) -> bool:
        """Whether there is nothing left to be quarantined."""
        return self.reason == SourceGoneError.reason


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that lies here, its compression checked to the end."""

    entry: Entry
    content: IO[bytes]

    def chunks(self) -> Iterator[bytes]:
        """Its decompressed bytes, in small pieces."""
        return uncompressed(self.entry.key, _pieces(self.content))


Fetch = Fetched | tuple[Entry, Unreadable]


class ReadAhead:
    """Gives the files in their order, while those that follow are fetched; used as a context."""

    def __init__(self, entries: Iterable[Entry], folder: Path) -> None:
        self._entries = deque(entries)
        self._folder = folder
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="fetch")
        self._ahead: deque[tuple[int, Future[Fetch]]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(cancel_futures=True)

    def __iter__(self) -> Iterator[Fetch]:
        self._fill()
        while self._ahead:
            fetched = self._ahead[0][1].result()
            self._ahead.popleft()
            self._fill()
            yield fetched

    def _fill(self) -> None:
        while self._entries and self._has_room(self._entries[0].size):
            entry = self._entries.popleft()
            self._ahead.append((entry.size, self._threads.submit(fetch, entry, self._folder)))

    def _has_room(self, size: int) -> bool:
        waiting = sum(ahead for ahead, _ in self._ahead)
        return not self._ahead or (len(self._ahead) < _AHEAD_FILES and waiting + size <= _AHEAD_BYTES)


def fetch(entry: Entry, folder: Path) -> Fetch:
    """Bring one file here; raises what `read_version` does but for a version that is gone, and `spool`."""
    return spool(entry, read_version(entry.bucket, entry.key, entry.version_id), folder)


def spool(entry: Entry, chunks: Iterable[bytes], folder: Path) -> Fetch:
    """Put a file into memory or below `folder`, and read a compressed one to its end.

    Raises what the chunks raise but for a version that is gone, and `OSError` for a full disk.
    """
    content: IO[bytes] = tempfile.SpooledTemporaryFile(_MEMORY_BYTES, dir=str(folder))  # noqa: SIM115 read later
    try:
        for chunk in chunks:
            content.write(chunk)
        if is_compressed(entry.key):
            for _ in uncompressed(entry.key, _pieces(content)):
                pass
    except (SourceGoneError, WholeFileError) as error:
        content.close()
        return entry, Unreadable(error.reason, str(error))
    return Fetched(entry, content)


def _pieces(content: IO[bytes]) -> Iterator[bytes]:
    """The content from its beginning, by a place of its own: several may read it by turns."""
    place = 0
    while True:
        content.seek(place)
        piece = content.read(_PIECE_BYTES)
        if not piece:
            return
        place += len(piece)
        yield piece
