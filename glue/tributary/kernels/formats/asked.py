"""What a reader is asked for, and the file that it reads."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tributary.datasets.declaration import Format, InputColumn
from tributary.kernels.file_limits import DEFAULT_FILE_LIMITS, FileLimits
from tributary.kernels.record_limits import RecordLimits

DEFAULT_LIMITS = RecordLimits()


@dataclass(frozen=True, slots=True)
class Asked:
    """What all files of a run are read for.

    `format` has the format's options; of the `columns` a reader takes where their values stand, never their
    types. `limits` are those of records and batches, and count no declared key; `file_limits` bound what a
    binary format becomes in memory. A reader makes no more than `dead_letters` rejects of one batch. With
    `keeps_bytes` the positions hold the records.
    """

    format: Format
    columns: tuple[InputColumn, ...]
    limits: RecordLimits = DEFAULT_LIMITS
    file_limits: FileLimits = DEFAULT_FILE_LIMITS
    dead_letters: int = sys.maxsize
    keeps_bytes: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """The fields of the file that its columns read, each once."""
        return tuple(dict.fromkeys(column.key for column in self.columns))


@dataclass(frozen=True, slots=True)
class Content:
    """One file: its decompressed bytes, cut anywhere; `tell` takes sentences on what drifted in it.

    A format that is not read from the beginning to the end puts the bytes into a file below `work` first, and
    removes it.
    """

    chunks: Iterable[bytes]
    work: Path
    tell: Callable[[str], None]
