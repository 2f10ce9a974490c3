"""The bound on the distinct keys of several files together: the kernel's own holds for each file alone."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from tributary.kernels.ndjson.batch import MESSAGES, NdjsonBatch, NdjsonLimits
from tributary.kernels.output.dead_letters import DeadLetter, dead_letter

_REASON: Final = "too-many-keys"


class LineReader:
    """Reads lines of a file again, at rising places: the file passes once, however often it is asked."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._held = b""
        self._start = 0

    def read(self, offset: int, length: int) -> bytes:
        """The bytes at that place."""
        while self._start + len(self._held) < offset + length:
            skipped = min(max(offset - self._start, 0), len(self._held))
            self._held, self._start = self._held[skipped:] + next(self._chunks), self._start + skipped
        begin = offset - self._start
        return bytes(self._held[begin : begin + length])


class KeyBudget:
    """Counts the keys of the batches that pass, and takes out the rows with keys beyond the limits.

    A key beyond them costs the rows that have a value for it; where it is null the row lacks it anyway.
    """

    def __init__(self, limits: NdjsonLimits) -> None:
        self._limits = limits
        self._seen: set[str] = set()
        self._bytes = 0

    def split(self, batch: NdjsonBatch) -> tuple[NdjsonBatch, pa.RecordBatch | None]:
        """The batch without such rows, and the positions of these, None where there are none."""
        beyond = {name for name in batch.rows.schema.names if not self._admits(name)}
        if not beyond:
            return batch, None
        return _without(batch, beyond)

    def dead_letters(self, positions: pa.RecordBatch, again: LineReader) -> Iterator[DeadLetter]:
        """The dead letters of rows that were taken out, their bytes read again from their file."""
        for place in positions.to_pylist():
            yield self._letter({**place, "bytes": again.read(place["offset"], place["length"])})

    def dead_letters_of(self, lines: pa.RecordBatch) -> Iterator[DeadLetter]:
        """Return the dead letters of rows whose positions have the bytes."""
        return map(self._letter, lines.to_pylist())

    def _letter(self, line: dict[str, Any]) -> DeadLetter:
        return dead_letter(line, _REASON, MESSAGES[_REASON].format(limits=self._limits))

    def _admits(self, name: str) -> bool:
        if name in self._seen:
            return True
        size = len(name.encode())
        if len(self._seen) == self._limits.keys or self._bytes + size > self._limits.key_bytes:
            return False
        self._seen.add(name)
        self._bytes += size
        return True


def _without(batch: NdjsonBatch, beyond: set[str]) -> tuple[NdjsonBatch, pa.RecordBatch | None]:
    names = batch.rows.schema.names
    has_value = pa.nulls(batch.positions.num_rows, pa.bool_()).fill_null(False)
    for index, name in enumerate(names):
        if name in beyond:
            has_value = pc.or_(has_value, pc.is_valid(batch.rows.column(index)))
    good = pc.invert(has_value)
    kept = [index for index, name in enumerate(names) if name not in beyond]
    rows = pa.RecordBatch.from_arrays(
        [batch.rows.column(index).filter(good) for index in kept],
        schema=pa.schema([batch.rows.schema.field(index) for index in kept]),
    )
    refused = batch.positions.filter(has_value)
    return NdjsonBatch(rows, batch.positions.filter(good), batch.rejects), refused
