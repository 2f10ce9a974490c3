"""Prefetching of object versions by threads, ahead of the parser."""

import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import IO, Generic, Protocol, Self, TypeVar

from tributary.errors import SourceGoneError, WholeFileError
from tributary.kernels.compression.streams import compression_of, peeked, uncompressed
from tributary.kernels.file_limits import DEFAULT_FILE_LIMITS, FileLimits
from tributary.kernels.output.disk import blame, is_full_disk
from tributary.objects.reads import read_version

# A file of the usual 3.5 MB waits in memory, a larger one on disk.
_MEMORY_BYTES = 4 << 20
_PIECE_BYTES = 256 << 10


class StoredVersion(Protocol):
    """Version of an object."""

    @property
    def bucket(self) -> str:
        """Name of the bucket."""
        ...

    @property
    def key(self) -> str:
        """Key of the object."""
        ...

    @property
    def version_id(self) -> str:
        """Version id of the object."""
        ...

    @property
    def size(self) -> int:
        """Size in bytes, as stored."""
        ...


Version = TypeVar("Version", bound=StoredVersion)


@dataclass(frozen=True, slots=True)
class Ahead:
    """Limits of prefetching: threads, files and bytes."""

    threads: int = 4
    files: int = 6
    bytes: int = 64 << 20


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Reason why a file gives no rows: its version is gone, or it is quarantined whole for `reason`."""

    reason: str
    message: str

    @property
    def is_gone(self) -> bool:
        """True where the version is gone, so that nothing is left to quarantine."""
        return self.reason == SourceGoneError.reason


@dataclass(frozen=True, slots=True)
class Fetched(Generic[Version]):
    """Fetched file, its compression checked to the end."""

    entry: Version
    content: IO[bytes]

    def chunks(self) -> Iterator[bytes]:
        """Yield the decompressed bytes in small pieces."""
        return uncompressed(self.entry.key, _pieces(self.content))


Fetch = Fetched[Version] | tuple[Version, Unreadable]


class ReadAhead(Generic[Version]):
    """Iterates over the files in order while the next ones are fetched; used as a context."""

    def __init__(
        self,
        entries: Iterable[Version],
        folder: Path,
        fetch: Callable[[Version, Path], Fetch[Version]],
        limits: Ahead = Ahead(),
    ) -> None:
        self._entries = deque(entries)
        self._folder = folder
        self._fetch = fetch
        self._limits = limits
        self._threads = ThreadPoolExecutor(limits.threads, thread_name_prefix="fetch")
        self._ahead: deque[tuple[int, Future[Fetch[Version]]]] = deque()
        self._bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(cancel_futures=True)

    def __iter__(self) -> Iterator[Fetch[Version]]:
        self._fill()
        while self._ahead:
            size, following = self._ahead[0]
            fetched = following.result()
            self._ahead.popleft()
            self._bytes -= size
            self._fill()
            yield fetched

    def _fill(self) -> None:
        while self._entries and self._has_room(self._entries[0].size):
            entry = self._entries.popleft()
            self._bytes += entry.size
            self._ahead.append((entry.size, self._threads.submit(self._fetch, entry, self._folder)))

    def _has_room(self, size: int) -> bool:
        limits = self._limits
        return not self._ahead or (len(self._ahead) < limits.files and self._bytes + size <= limits.bytes)


def fetch(entry: Version, folder: Path, limits: FileLimits = DEFAULT_FILE_LIMITS) -> Fetch[Version]:
    """Fetch one file; raises what `read_version` and `spool` raise, but for a version that is gone."""
    return spool(entry, read_version(entry.bucket, entry.key, entry.version_id), folder, limits)


def spool(
    entry: Version, chunks: Iterable[bytes], folder: Path, limits: FileLimits = DEFAULT_FILE_LIMITS
) -> Fetch[Version]:
    """Spool a file into memory or below `folder`, and read a compressed one to its end, within the limits.

    Raises what the chunks raise but for a version that is gone, and `OSError` for a disk full of others.
    """
    content: IO[bytes] = tempfile.SpooledTemporaryFile(_MEMORY_BYTES, dir=str(folder))  # noqa: SIM115 read later
    try:
        _write(chunks, content, folder)
        head, pieces = peeked(_pieces(content))
        checked = uncompressed(entry.key, pieces, limits)
        # Of what is not compressed the first piece shows whether it should have been.
        for _ in checked if compression_of(head) else islice(checked, 1):
            pass
    except (SourceGoneError, WholeFileError) as error:
        content.close()
        return entry, Unreadable(error.reason, str(error))
    return Fetched(entry, content)


def _write(chunks: Iterable[bytes], content: IO[bytes], folder: Path) -> None:
    """Write the chunks; raises `FilledDiskError` where they fill the disk."""
    size = 0
    for chunk in chunks:
        try:
            content.write(chunk)
        except OSError as error:
            if is_full_disk(error) and (filled := blame(size, folder)) is not None:
                raise filled from error
            raise
        size += len(chunk)


def _pieces(content: IO[bytes]) -> Iterator[bytes]:
    """Yield the content from its start, at an offset of its own: several readers may take turns."""
    place = 0
    while True:
        content.seek(place)
        piece = content.read(_PIECE_BYTES)
        if not piece:
            return
        place += len(piece)
        yield piece
