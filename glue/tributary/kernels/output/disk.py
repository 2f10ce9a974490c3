"""Full disks, and the file that filled one."""

import errno
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from tributary.errors import FilledDiskError
from tributary.expected import expected

_TEXT = "No space left on device"
_SHARE = 3
_SAMPLE_BYTES = 8 << 20


def is_full_disk(error: BaseException | None) -> bool:
    """Return True where an error is of a full disk; DuckDB and Arrow tell it by text alone."""
    while error is not None:
        if (isinstance(error, OSError) and error.errno == errno.ENOSPC) or _TEXT in str(error):
            return True
        error = error.__cause__
    return False


def blame(taken: int, folder: Path, file: int = 0) -> FilledDiskError | None:
    """Return the error of a file that takes so many bytes of a full disk; None where it is not to blame.

    It is where it takes more than a third: it is kept as it came, as rows in order, and as what is published,
    so it would not fit alone. A disk that many files fill, or something else, may have room later.
    """
    most = shutil.disk_usage(folder).total // _SHARE
    if taken <= most:
        return None
    return FilledDiskError(expected(f"at most {most} bytes on the disk (upload it in parts)", taken), file)


class DiskWatch:
    """Says which file filled the disk, by its share of what was read; used as a context around the work.

    A full disk becomes a `FilledDiskError` where a file is to `blame`, and stays what it was otherwise.
    """

    def __init__(self, *folders: Path) -> None:
        """`folders` are where the work writes, all on one disk."""
        self._folders = folders
        self._read: Counter[int] = Counter()
        self._total = 0
        self._taken = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if is_full_disk(error) and self._read:
            [(file, size)] = self._read.most_common(1)
            filled = blame(self._taken * size // self._total, self._folders[0], file)
            if filled is not None:
                raise filled from error

    def reading(self, file: int, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the chunks of the content of a file, named by a number."""
        for chunk in chunks:
            self._read[file] += len(chunk)
            if (self._total + len(chunk)) // _SAMPLE_BYTES > self._total // _SAMPLE_BYTES:
                # Here, for what an error leaves behind is removed before it comes out.
                self._taken = max(self._taken, sum(map(_bytes_in, self._folders)))
            self._total += len(chunk)
            yield chunk


def _bytes_in(folder: Path) -> int:
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*") if path.exists())
