"""Rows in any order to rows in order, however many: sorted runs on disk, merged batch by batch."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from tributary.kernels.output.growing_parquet import RowGroup, nulls_beside

COLLECTED_BYTES = 64 << 20
"""Bytes of rows that are sorted together; sorting takes three times as many."""

_BATCH_BYTES = 512 << 10
"""Bytes of a batch of a run: the merge holds one of each."""

_Key = tuple[Any, ...]

_NOTHING = pa.RecordBatch.from_pylist([], schema=pa.schema([]))


@dataclass(frozen=True, slots=True)
class _Piece:
    start: int
    length: int
    schema: pa.Schema


class SortedRows:
    """Takes batches of the columns so far, and gives all rows with all columns, by the columns of `order`.

    These are there from the beginning and of single values; nulls come last, and the last one has no value
    twice, so that the order is complete. Used as a context, for runs lie in a file of `folder`.
    """

    def __init__(self, folder: Path, order: Sequence[str], collected_bytes: int = COLLECTED_BYTES) -> None:
        self._path = folder / "runs.arrow"
        self._order = order
        self._collected_bytes = collected_bytes
        self._types: dict[str, pa.DataType] = {}
        self._rows = RowGroup()
        self._file: IO[bytes] | None = None
        self._runs: list[list[_Piece]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
            self._path.unlink()

    @property
    def schema(self) -> pa.Schema:
        """The columns so far."""
        return pa.schema(list(self._types.items()))

    def add(self, columns: Mapping[str, pa.Array], rows: int, size: int) -> None:
        """Take the next rows, of about `size` bytes."""
        for name, column in columns.items():
            self._types.setdefault(name, column.type)
        self._rows.add(columns, rows, size)
        if self._rows.bytes >= self._collected_bytes:
            self._runs.append([*self._spilled(self._sorted_run())])

    def merged(self) -> Iterator[pa.RecordBatch]:
        """All rows, in order; to be asked for once."""
        if not self._runs:
            if self._rows.batches:
                yield from self._sorted_run()
            return
        if self._rows.batches:
            self._runs.append([*self._spilled(self._sorted_run())])
        heads = [_Head(self._read(run), self._order) for run in self._runs]
        while heads := [head for head in heads if head.has_rows()]:
            until = min(head.last for head in heads)
            pieces = [piece for head in heads if (piece := head.take_until(until)).num_rows]
            yield _sorted(pa.Table.from_batches(pieces), self._order) if len(pieces) > 1 else pieces[0]

    def _sorted_run(self) -> Iterator[pa.RecordBatch]:
        """Return the collected rows, sorted, in batches."""
        table = self._rows.table(self.schema)
        size = self._rows.bytes
        self._rows = RowGroup()
        run = _sorted(table, self._order)
        rows = max(1, _BATCH_BYTES * run.num_rows // max(size, 1))
        for start in range(0, run.num_rows, rows):
            yield run.slice(start, rows)

    def _spilled(self, batches: Iterator[pa.RecordBatch]) -> Iterator[_Piece]:
        if self._file is None:
            self._file = self._path.open("w+b")
        for batch in batches:
            start = self._file.seek(0, 2)
            yield _Piece(start, self._file.write(batch.serialize()), batch.schema)

    def _read(self, run: Sequence[_Piece]) -> Iterator[pa.RecordBatch]:
        if self._file is None:
            return
        for piece in run:
            self._file.seek(piece.start)
            batch = pa.ipc.read_record_batch(pa.py_buffer(self._file.read(piece.length)), piece.schema)
            yield nulls_beside(batch, self.schema)


class _Head:
    """The next batch of a run."""

    def __init__(self, batches: Iterator[pa.RecordBatch], order: Sequence[str]) -> None:
        self._batches = batches
        self._order = order
        self._batch = _NOTHING
        self._keys: list[pa.Array] = []

    def has_rows(self) -> bool:
        """Return True while rows are left; reads the next batch where the one before is used up."""
        if not self._batch.num_rows:
            self._batch = next(self._batches, _NOTHING)
            self._keys = [_plain(self._batch[name]) for name in self._order if self._batch.num_rows]
        return bool(self._batch.num_rows)

    @property
    def last(self) -> _Key:
        """The key of the batch's last row."""
        return self._key(len(self._keys[0]) - 1)

    def take_until(self, key: _Key) -> pa.RecordBatch:
        """The rows up to a key, which are then gone."""
        rows = bisect_right(range(len(self._keys[0])), key, key=self._key)
        taken, self._batch = self._batch.slice(0, rows), self._batch.slice(rows)
        self._keys = [column.slice(rows) for column in self._keys]
        return taken

    def _key(self, row: int) -> _Key:
        values = (column[row].as_py() for column in self._keys)
        return tuple(part for value in values for part in _comparable(value))


def _comparable(value: object) -> _Key:
    """The value, where it has a place among others; NaN comes behind these, and null behind all."""
    if value is None or value != value:  # noqa: PLR0124  # NaN alone
        return value is None, value is not None, 0
    return False, False, value


def _plain(column: pa.Array) -> pa.Array:
    """The column as values that Python compares like Arrow, and fast."""
    return column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column


def _sorted(table: pa.Table, order: Sequence[str]) -> pa.RecordBatch:
    [batch] = table.combine_chunks().to_batches()
    keys = [(name, "ascending") for name in order]
    return batch.take(pc.sort_indices(batch, sort_keys=keys))
