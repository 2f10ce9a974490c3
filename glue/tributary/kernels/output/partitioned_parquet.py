"""Rows of many partitions, in any order, to one Parquet file a partition. Same batches, same bytes.

Rows are collected up to a size, sorted by partition, and appended piece by piece to one file on disk; at the
end the pieces of each partition are read back in their order. So memory does not grow with the number of
partitions, two files are open at a time, and every file has all columns that came. Rows that fit into memory
as a whole never take the way over the disk.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import pyarrow as pa
import pyarrow.compute as pc

from tributary.errors import TransformError
from tributary.kernels.output.growing_parquet import GrowingParquet, ParquetSettings, RowGroup

FILE_NAME = "rows.parquet"

COLLECTED_BYTES = 32 << 20
"""Bytes of rows that are sorted together; sorting takes three times as many."""

_Piece = tuple[int, int, pa.Schema]


class PartitionedParquet:
    """Writes batches as `<folder>/<column>=<value>/…/rows.parquet`; after an error there is no file.

    `schema` holds the columns that are there from the beginning, partition columns among them, and the
    files' metadata; others follow in the order in which they come. Partition columns are strings without
    nulls, fit for a path, and do not stand in the files.
    """

    def __init__(
        self,
        folder: Path,
        partitions: Sequence[str],
        settings: ParquetSettings,
        schema: pa.Schema,
        collected_bytes: int = COLLECTED_BYTES,
    ) -> None:
        self._folder = folder
        self._partitions = partitions
        self._settings = settings
        self._metadata = schema.metadata
        self._collected_bytes = collected_bytes
        self._types = dict(zip(schema.names, schema.types, strict=True))
        self._rows = RowGroup()
        self._spool: IO[bytes] | None = None
        self._pieces: dict[str, list[_Piece]] = {}
        self.files: dict[str, Path] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        is_whole = False
        try:
            if kind is None:
                self._finish()
                is_whole = True
        finally:
            if self._spool is not None:
                self._spool.close()
                self._spool_path.unlink()
            if not is_whole:
                for path in self.files.values():
                    path.unlink(missing_ok=True)

    def write(self, columns: Mapping[str, pa.Array], rows: int, size: int) -> None:
        """Write the next rows, of about `size` bytes."""
        for name, column in columns.items():
            self._types.setdefault(name, column.type)
        self._rows.add(columns, rows, size)
        if self._rows.bytes >= self._collected_bytes:
            for partition, piece in self._sorted():
                self._append(partition, piece)

    def _sorted(self) -> Iterator[tuple[str, pa.RecordBatch]]:
        """Return the collected rows, a batch for each partition."""
        if not self._rows.batches:
            return
        table = self._rows.table(pa.schema(list(self._types.items())))
        self._rows = RowGroup()
        partitions = self._paths(table)
        rows = table.drop_columns(list(self._partitions)).combine_chunks().to_batches()[0]
        if len(partitions.dictionary) > 1:
            rows = rows.take(pc.sort_indices(partitions.indices))
        start = 0
        # Numbers stand in the order of their first occurrence, so the counts do, too.
        for name, count in zip(
            partitions.dictionary.to_pylist(),
            pc.value_counts(partitions.indices).field("counts").to_pylist(),
            strict=True,
        ):
            yield name, rows.slice(start, count)
            start += count

    def _paths(self, table: pa.Table) -> pa.DictionaryArray:
        """The partition of each row, as it stands in a path, numbered."""
        parts: list[str | pa.Array] = []
        for index, name in enumerate(self._partitions):
            parts += [f"{'/' if index else ''}{name}=", table[name].combine_chunks()]
        return pc.binary_join_element_wise(*parts, "").dictionary_encode()

    @property
    def _spool_path(self) -> Path:
        return self._folder / "rows.spool"

    def _append(self, partition: str, piece: pa.RecordBatch) -> None:
        if self._spool is None:
            self._spool = self._spool_path.open("w+b")
        start = self._spool.tell()
        length = self._spool.write(piece.serialize())
        self._pieces.setdefault(partition, []).append((start, length, piece.schema))

    def _finish(self) -> None:
        last = dict(self._sorted())
        schema = pa.schema(
            [(name, kind) for name, kind in self._types.items() if name not in self._partitions],
            metadata=self._metadata,
        )
        for partition in sorted({*self._pieces, *last}):
            with GrowingParquet(self._file(partition), self._settings, schema) as file:
                for piece in self._in_order(partition, last):
                    columns = dict(zip(piece.schema.names, piece.columns, strict=True))
                    file.write(columns, piece.num_rows, piece.nbytes)

    def _file(self, partition: str) -> Path:
        path = self._folder / partition / FILE_NAME
        if path.exists():
            raise TransformError(
                f'the partition "{partition}" and another differ by case alone, and this disk does not tell'
                " them apart"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        self.files[partition] = path
        return path

    def _in_order(self, partition: str, last: Mapping[str, pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for start, length, schema in self._pieces.get(partition, []):
            if self._spool is not None:
                self._spool.seek(start)
                yield pa.ipc.read_record_batch(pa.py_buffer(self._spool.read(length)), schema)
        if partition in last:
            yield last[partition]
