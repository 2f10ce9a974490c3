"""A queue of Arrow batches that keeps its order, and holds what is too much for memory on disk."""

from collections import deque
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import pyarrow as pa


class SpillingQueue:
    """First in, first out, batches of any schema; at most about `memory_bytes` of them in memory.

    While there is something on disk, what comes goes there, too, so that the order is kept.
    """

    def __init__(self, path: Path, memory_bytes: int) -> None:
        self._path = path
        self._memory_bytes = memory_bytes
        self._held: deque[pa.RecordBatch] = deque()
        self._held_bytes = 0
        self._file: IO[bytes] | None = None
        self._spilled: deque[tuple[int, int, pa.Schema]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
            self._path.unlink()

    def append(self, batch: pa.RecordBatch) -> None:
        """Add a batch at the end."""
        if self._spilled or self._held_bytes + batch.nbytes > self._memory_bytes:
            self._spill(batch)
        else:
            self._held.append(batch)
            self._held_bytes += batch.nbytes

    def popleft(self) -> pa.RecordBatch:
        """Take the first batch; raises `IndexError` when there is none."""
        if self._held or not self._spilled:
            batch = self._held.popleft()
            self._held_bytes -= batch.nbytes
            return batch
        start, length, schema = self._spilled.popleft()
        file = self._opened()
        file.seek(start)
        return pa.ipc.read_record_batch(pa.py_buffer(file.read(length)), schema)

    def _spill(self, batch: pa.RecordBatch) -> None:
        file = self._opened()
        start = file.seek(0, 2)
        self._spilled.append((start, file.write(batch.serialize()), batch.schema))

    def _opened(self) -> IO[bytes]:
        if self._file is None:
            self._file = self._path.open("w+b")
        return self._file
