"""Lines of several sources in one run, each with its place."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from tributary.kernels.formats.batch import POSITIONS_WITH_BYTES, FormatBatch
from tributary.kernels.output.dead_letters import DeadLetter, rejected_lines
from tributary.kernels.record_limits import RecordLimits
from tributary.kernels.source import Source

PLACES = pa.schema([("source", pa.int32()), ("serial", pa.int64()), *POSITIONS_WITH_BYTES])
"""Places of rows: the number of the source, from 0; a serial number over all sources; the line.

The last column, the records themselves, is there where they were asked for.
"""

SourcedLetter = tuple[int, DeadLetter]
"""A dead letter and the number of its source."""


@dataclass(frozen=True, slots=True)
class SourcedBatch:
    """Some rows as texts with their `PLACES`, and the rejects among them, both in the order of the input.

    `others` are the keys that were taken out of the rows, if any: their texts as JSON objects.
    """

    rows: pa.RecordBatch
    places: pa.RecordBatch
    rejects: list[SourcedLetter]
    others: pa.Array | None = None


@dataclass(slots=True)
class Sources:
    """The sources of a run, in the order in which they come."""

    limits: RecordLimits
    all: list[Source] = field(default_factory=list)
    _before: int = 0
    _last: int = 0

    def begin(self, source: Source) -> None:
        """Begin a source: batches placed from now on are of it."""
        self.all.append(source)
        self._before = self._last

    def placed(self, batch: FormatBatch, others: pa.Array | None = None) -> SourcedBatch:
        """A batch of the source that was begun last; its places have the records where its positions do."""
        number = len(self.all) - 1
        serials = self._serials(batch.positions["line"])
        columns = [
            pa.repeat(pa.scalar(number, pa.int32()), len(serials)),
            serials,
            *batch.positions.columns,
        ]
        return SourcedBatch(
            batch.rows,
            pa.RecordBatch.from_arrays(columns, PLACES.names[: len(columns)]),
            [(number, letter) for letter in rejected_lines(batch.rejects, self.limits)]
            if batch.rejects.num_rows
            else [],
            others,
        )

    def _serials(self, lines: pa.Array) -> pa.Array:
        """Numbers that rise from row to row: the lines counted on, and more where a line has several rows."""
        if not len(lines):
            return lines
        rows = pa.arange(0, len(lines))
        least = pc.subtract(pc.add(lines, self._before), rows)
        serials = pc.add(pc.cumulative_max(least, start=self._last + 1), rows)
        self._last = serials[-1].as_py()
        return serials


_LARGE_BYTES = 256 << 10


def gathered(batches: Iterable[SourcedBatch], limits: RecordLimits) -> Iterator[SourcedBatch]:
    """Yield the lines in larger batches, where many files have a line or two each.

    A batch ends before it passes the limits of one, in rows, bytes and cells, or of a file, in keys. One that
    is large goes by itself, for to join it would copy it; and one that had too many keys, for beside it the
    rows of others would be mostly nulls. Batches with a field of two types are not joined, nor are those of
    binary formats whose rows, which stand for their records, have other fields.
    """
    group: list[SourcedBatch] = []
    keys: dict[str, pa.DataType] = {}
    rows = size = 0
    for batch in batches:
        size_of_batch = batch.places.nbytes + batch.rows.nbytes
        if batch.others is not None or size_of_batch >= _LARGE_BYTES:
            if group:
                yield _joined(group)
            yield batch
            group, keys, rows, size = [], {}, 0, 0
            continue
        own = dict(zip(batch.rows.schema.names, batch.rows.schema.types, strict=True))
        more_keys, more_size = keys | own, size + size_of_batch
        more_rows = rows + batch.places.num_rows + len(batch.rejects)
        is_full = (
            more_rows > limits.batch_lines
            or more_size > limits.batch_bytes
            or more_rows * len(more_keys) > limits.batch_cells
            or len(more_keys) > limits.keys
            or any(keys.get(key, kind) != kind for key, kind in own.items())
            or (bool(group) and group[0].places.schema != batch.places.schema)
        )
        if is_full and group:
            yield _joined(group)
            group, more_keys = [], own
            more_rows, more_size = batch.places.num_rows + len(batch.rejects), size_of_batch
        group.append(batch)
        keys, rows, size = more_keys, more_rows, more_size
    if group:
        yield _joined(group)


def _joined(batches: list[SourcedBatch]) -> SourcedBatch:
    """Batches as one, with the columns of all."""
    if len(batches) == 1:
        return batches[0]
    rows = pa.concat_tables(
        [pa.Table.from_batches([batch.rows]) for batch in batches], promote_options="default"
    )
    return SourcedBatch(
        _one_batch(rows) if rows.num_columns else _rows_without_columns(rows.num_rows),
        pa.concat_batches([batch.places for batch in batches]),
        [letter for batch in batches for letter in batch.rejects],
    )


def _one_batch(table: pa.Table) -> pa.RecordBatch:
    [batch] = table.combine_chunks().to_batches() or [pa.RecordBatch.from_pylist([], schema=table.schema)]
    return batch


def _rows_without_columns(rows: int) -> pa.RecordBatch:
    return pa.RecordBatch.from_struct_array(pa.array([{}] * rows, pa.struct([])))


def sources_of(places: pa.RecordBatch) -> Iterator[tuple[int, int]]:
    """The number of each source, and how many of the rows it has."""
    for count in pc.value_counts(places["source"]).to_pylist():
        yield count["values"], count["counts"]
