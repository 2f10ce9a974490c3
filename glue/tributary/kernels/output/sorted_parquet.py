"""Rows in any order to sorted Parquet files, one or more a partition. Same rows, same bytes.

The rows lie in one file on disk, are sorted by DuckDB in bounded memory, and are cut where their partition
changes or a file has its size. So neither rows nor partitions need fit into memory, and one file is open at a
time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from tributary.errors import TransformError, TransientError
from tributary.kernels.output.growing_parquet import (
    GrowingParquet,
    ParquetSettings,
    is_repetitive,
    write_row_group,
)
from tributary.kernels.output.staged import StagedFile
from tributary.kernels.transform.sql import Resources

SERIAL = "#serial"
"""The number of a row in the input, by which equal ones are told apart. No catalog name has a `#`."""

_BATCH_ROWS = 1 << 11
_SPOOL = ParquetSettings(row_group_bytes=16 << 20)


@dataclass(frozen=True, slots=True)
class SortedFiles:
    """How rows become files: sorted by partition, then by `sort`, then as they came.

    Their names are `<stem>-00001.parquet` and so on; a file ends with the row group that brings it to
    `object_bytes`.
    """

    partitions: Sequence[str]
    sort: str
    stem: str
    object_bytes: int
    settings: ParquetSettings
    resources: Resources


class SortedParquet:
    """Takes rows in any order; used as a context, whose files are there when it ends without an error.

    `schema` holds the columns that are there from the beginning, and the files' metadata; others follow, by
    their names. Partition columns do not stand in the files.
    """

    def __init__(self, folder: Path, how: SortedFiles, schema: pa.Schema) -> None:
        self._folder = folder
        self._how = how
        self._schema = schema
        columns = schema.remove_metadata().append(pa.field(SERIAL, pa.int64()))
        self._spool = GrowingParquet(folder / "unsorted.parquet", _SPOOL, columns)
        self.files: list[StagedFile] = []

    def __enter__(self) -> Self:
        self._spool.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._spool.__exit__(kind, error, trace)
            if kind is None:
                self._write_files()
        finally:
            self._spool.path.unlink(missing_ok=True)

    def write(self, columns: Mapping[str, pa.Array], serials: pa.Array, size: int) -> None:
        """Take rows of about `size` bytes, with their numbers in the input."""
        self._spool.write({**columns, SERIAL: serials}, len(serials), size)

    def _write_files(self) -> None:
        schema = self._file_schema()
        file: _File | None = None
        for partition, rows in self._pieces():
            if file is None or file.is_full or file.partition != partition:
                self._end(file)
                name = f"{self._how.stem}-{len(self.files) + 1:05}.parquet"
                file = _File(self._folder / name, partition, schema, self._how)
            file.write(rows.select(schema.names).cast(schema))
        self._end(file)

    def _end(self, file: "_File | None") -> None:
        if file is not None:
            self.files.append(file.finish())

    def _file_schema(self) -> pa.Schema:
        declared = [field for field in self._schema if field.name not in self._how.partitions]
        known = {*self._schema.names, SERIAL}
        others = sorted(
            (field for field in self._spool.schema if field.name not in known), key=lambda field: field.name
        )
        return pa.schema([*declared, *others], metadata=self._schema.metadata)

    def _pieces(self) -> Iterator[tuple[str, pa.Table]]:
        """The sorted rows, cut where the partition changes."""
        for batch in self._sorted():
            paths = pc.run_end_encode(self._paths(batch))
            start = 0
            for partition, end in zip(paths.values.to_pylist(), paths.run_ends.to_pylist(), strict=True):
                yield partition, pa.Table.from_batches([batch.slice(start, end - start)])
                start = end

    def _paths(self, batch: pa.RecordBatch) -> pa.Array:
        parts: list[str | pa.Array] = []
        for index, name in enumerate(self._how.partitions):
            parts += [f"{'/' if index else ''}{name}=", batch[name]]
        return pc.binary_join_element_wise(*parts, "")

    def _sorted(self) -> Iterator[pa.RecordBatch]:
        order = ", ".join(f'"{name}" NULLS LAST' for name in (*self._how.partitions, self._how.sort, SERIAL))
        with parquet.ParquetFile(self._spool.path) as file, self._database() as connection:
            batches = file.iter_batches(_BATCH_ROWS, use_threads=False)
            reader = pa.RecordBatchReader.from_batches(file.schema_arrow, batches)
            connection.register("unsorted", reader)
            try:
                yield from connection.sql(f"SELECT * FROM unsorted ORDER BY {order}").to_arrow_reader(  # noqa: S608 our names
                    _BATCH_ROWS
                )
            except (duckdb.Error, OSError, pa.ArrowException) as error:
                if "No space left" in str(error) or str(error).startswith("IO Error"):
                    raise TransientError(f"the sorting could not use its disk: {error}") from error
                raise TransformError(f"the sorting failed: {error}") from error

    def _database(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(
            config={
                "threads": self._how.resources.threads,
                "memory_limit": f"{self._how.resources.memory_bytes}B",
                "temp_directory": str(self._folder / "sorting"),
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "python_enable_replacements": False,
            }
        )


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
        """Whether it has its size."""
        return self._sink.tell() >= self._how.object_bytes

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
            self._writer.add_key_value_metadata(self._schema.metadata)
        write_row_group(self._writer, table)
