"""Time limit of work in this process."""

import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Final, Self, TypeVar

from tributary.errors import TooSlowError, WorkerKilledError, describe

T = TypeVar("T")

SLOWEST_BYTES: Final = 4_000_000
"""Bytes of content that at least go through in a second: a core does ten times as many."""

# Of the content's bytes a compressed file has one; and a file of a few bytes takes a moment, too.
_COMPRESSED: Final = 20
_FILE_SECONDS: Final = 0.02


def cause_of(error: Exception, seconds: float) -> str:
    """Return the cause of what a file is blamed for, a death or an error, with a limit of time."""
    if isinstance(error, TooSlowError):
        return (
            f"{error}; a file has {seconds:.0f} s, and one more for each {SLOWEST_BYTES} bytes of its content"
        )
    return str(error) if isinstance(error, WorkerKilledError) else describe(error)


class TimeLimit:
    """Ends this process by SIGALRM where the work under it takes too long; used as a context.

    No exception is raised, for one would have to wait for Python: what hangs may be a library that holds the
    interpreter's lock. The work has `seconds`, and what its content adds as it is read; waiting for S3 does
    not count. A process has one timer, so one limit at a time.
    """

    def __init__(self, seconds: float) -> None:
        self._left = seconds
        self._lock = threading.Lock()
        self._pauses = 1

    def __enter__(self) -> Self:
        self._resume()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pause()

    def reading(self, chunks: Iterable[bytes], *, is_compressed: bool = False) -> Iterator[bytes]:
        """Yield the chunks of content; each adds time, more where it will be decompressed."""
        for chunk in chunks:
            size = len(chunk) * _COMPRESSED if is_compressed else len(chunk)
            with self.waiting():
                self._left += size / SLOWEST_BYTES
            yield chunk

    def fetching(self, items: Iterable[T]) -> Iterator[T]:
        """Yield the items; each adds a moment, and the wait for it does not count."""
        iterator = iter(items)
        while True:
            with self.waiting():
                item = next(iterator, None)
                self._left += _FILE_SECONDS
            if item is None:
                return
            yield item

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Stop the clock for a while."""
        self._pause()
        try:
            yield
        finally:
            self._resume()

    def _pause(self) -> None:
        with self._lock:
            self._pauses += 1
            if self._pauses == 1:
                self._left = signal.setitimer(signal.ITIMER_REAL, 0)[0]

    def _resume(self) -> None:
        with self._lock:
            self._pauses -= 1
            if self._pauses == 0:
                signal.setitimer(signal.ITIMER_REAL, self._left)
