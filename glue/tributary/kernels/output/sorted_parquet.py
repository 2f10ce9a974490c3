"""Rows in any order to sorted Parquet files, one or more a partition. Same rows, same bytes.

They are sorted in bounded memory, and cut where their partition changes or a file has its size. So neither
rows nor partitions need fit into memory, and one file is open at a time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from tributary.kernels.output.growing_parquet import (
    ParquetSettings,
    is_repetitive,
    put_metadata,
    write_row_group,
)
from tributary.kernels.output.sorted_rows import COLLECTED_BYTES, SortedRows
from tributary.kernels.output.staged import StagedFile

# No catalog name has a `#`.
_PARTITION = "#partition"
_SERIAL = "#serial"

_PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class SortedFiles:
    """Layout of the files: rows sorted by partition, then by `sort` where there is one, then in input order.

    Their names are `<stem>-00001.parquet` and so on; a file ends with the row group that brings it to
    `object_bytes`.
    """

    partitions: Sequence[str]
    sort: str | None
    stem: str
    object_bytes: int
    settings: ParquetSettings
    collected_bytes: int = COLLECTED_BYTES


def partition_paths(columns: Mapping[str, pa.Array], partitions: Sequence[str], rows: int) -> pa.Array:
    """Return the partition of each row as it stands in a path, such as `year=2026/month=01`."""
    if not partitions:
        return pa.repeat("", rows)
    parts: list[str | pa.Array] = []
    for index, name in enumerate(partitions):
        parts += [f"{'/' if index else ''}{name}=", columns[name]]
    return pc.binary_join_element_wise(*parts, "")


class SortedParquet:
    """Takes rows in any order; used as a context, whose files are there when it ends without an error.

    `schema` holds the columns that are there from the beginning, and the files' metadata; others follow, by
    their names. Partition columns do not stand in the files.
    """

    def __init__(self, folder: Path, how: SortedFiles, schema: pa.Schema) -> None:
        self._folder = folder
        self._how = how
        self._schema = schema
        order = (_PARTITION, how.sort, _SERIAL) if how.sort else (_PARTITION, _SERIAL)
        self._rows = SortedRows(folder, order, how.collected_bytes)
        self.files: list[StagedFile] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._rows:
            if kind is None:
                self._write_files()

    def write(
        self, columns: Mapping[str, pa.Array], partitions: pa.Array, serials: pa.Array, size: int
    ) -> None:
        """Take rows of about `size` bytes, with the paths of their partitions and their input numbers."""
        kept = {name: column for name, column in columns.items() if name not in self._how.partitions}
        self._rows.add({**kept, _PARTITION: partitions, _SERIAL: serials}, len(serials), size)

    def _write_files(self) -> None:
        schema = self._file_schema()
        file: _File | None = None
        for partition, rows in self._pieces():
            if file is None or file.is_full or file.partition != partition:
                self._end(file)
                name = f"{self._how.stem}-{len(self.files) + 1:05}.parquet"
                file = _File(self._folder / name, partition, schema, self._how)
            file.write(pa.Table.from_batches([rows]).select(schema.names))
        self._end(file)

    def _end(self, file: "_File | None") -> None:
        if file is not None:
            self.files.append(file.finish())

    def _file_schema(self) -> pa.Schema:
        declared = [field for field in self._schema if field.name not in self._how.partitions]
        known = {*self._schema.names, _PARTITION, _SERIAL}
        others = [field for field in self._rows.schema if field.name not in known]
        others.sort(key=lambda field: field.name)
        return pa.schema([*declared, *others], metadata=self._schema.metadata)

    def _pieces(self) -> Iterator[tuple[str, pa.RecordBatch]]:
        """The sorted rows, cut where the partition changes, and so that no file goes far over its size."""
        most = max(1, min(_PIECE_BYTES, self._how.object_bytes // 8))
        for batch in self._rows.merged():
            step = max(1, batch.num_rows * most // max(batch.nbytes, 1))
            paths = pc.run_end_encode(batch[_PARTITION])
            begin = 0
            for partition, end in zip(paths.values.to_pylist(), paths.run_ends.to_pylist(), strict=True):
                for start in range(begin, end, step):
                    yield partition, batch.slice(start, min(step, end - start))
                begin = end


class _File:
    """One file of one partition; its first row group says which columns take a dictionary."""

    def __init__(self, path: Path, partition: str, schema: pa.Schema, how: SortedFiles) -> None:
        self.partition = partition
        self._path = path
        self._schema = schema
        self._how = how
        self._group: list[pa.Table] = []
        self._group_bytes = 0
        self._rows = 0
        self._sink = pa.OSFile(str(path), "wb")
        self._writer: parquet.ParquetWriter | None = None

    @property
    def is_full(self) -> bool:
        """Return True where the file has its size."""
        written: int = self._sink.tell()
        return written >= self._how.object_bytes

    def write(self, rows: pa.Table) -> None:
        """Append the next rows."""
        self._group.append(rows)
        self._group_bytes += rows.nbytes
        if self._group_bytes >= min(self._how.settings.row_group_bytes, self._how.object_bytes):
            self._write_group()

    def finish(self) -> StagedFile:
        """Write what is left, and close the file."""
        if self._group:
            self._write_group()
        if self._writer is not None:
            self._writer.close()
        self._sink.close()
        size = self._path.stat().st_size
        return StagedFile(self._path, self.partition, self._path.name, self._rows, size)

    def _write_group(self) -> None:
        table = pa.concat_tables(self._group)
        self._group, self._group_bytes = [], 0
        self._rows += table.num_rows
        if self._writer is None:
            self._writer = parquet.ParquetWriter(
                self._sink,
                self._schema.remove_metadata(),
                compression=self._how.settings.compression,
                use_dictionary=[name for name in table.schema.names if is_repetitive(table[name])],
                write_statistics=True,
                store_schema=False,
            )
            put_metadata(self._writer, self._schema.metadata)
        write_row_group(self._writer, table)
