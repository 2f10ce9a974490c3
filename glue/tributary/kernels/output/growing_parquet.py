"""One Parquet file from batches whose columns may become more on the way. Same batches, same bytes.

A Parquet file's schema covers every row group, but a column may first occur after row groups are written. So
the part written so far ends, a part with the wider schema begins, and at the end the parts are copied into
one file under the whole schema, row group by row group: rows are written twice, at most, however often
columns come. Where none comes late, the only part is the file.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

_SAMPLE_ROWS = 4_000
_SAMPLE_BYTES = 1 << 20
_LOOSE_BATCHES = 64
_SMALL_ROWS = 1 << 15
_NO_COLUMNS = pa.schema([])

Batch = tuple[Mapping[str, pa.Array], int]
"""Columns, and the number of their rows."""


@dataclass(frozen=True, slots=True)
class ParquetSettings:
    """A row group ends with the batch that brings it to `row_group_bytes`, in the measure of the caller.

    It ends, too, with the one that brings it to `row_group_rows`, where that is given.
    """

    compression: Literal["snappy", "zstd"] = "snappy"
    row_group_bytes: int = 64 << 20
    row_group_rows: int = sys.maxsize


DEFAULT_SETTINGS = ParquetSettings()

_OF_SPARK_3 = {b"org.apache.spark.version": b"3.5.4"}
"""Says that dates are of the Gregorian calendar throughout, as Spark's since version 3 are.

Without it Spark may take a file for one of version 2, whose dates before 1582-10-15 and times before 1900
meant others, and refuses to read them. docs/datasets.md has more.
"""


def put_metadata(writer: parquet.ParquetWriter, metadata: Mapping[bytes, bytes]) -> None:
    """Write the metadata of a file, and what Spark needs to read its old dates; once, before it is closed."""
    writer.add_key_value_metadata({**metadata, **_OF_SPARK_3})


@dataclass(slots=True)
class RowGroup:
    """Rows that wait to be written, as batches of different columns.

    Small batches are joined, for as objects, and as chunks of every column, they cost far more than their
    bytes. Larger ones stay as they are: to copy their rows costs more than their chunks.
    """

    batches: list[Batch] = field(default_factory=list)
    bytes: int = 0
    rows: int = 0
    joined: int = 0

    def add(self, columns: Mapping[str, pa.Array], rows: int, size: int) -> None:
        """Put a batch to the rows."""
        self.batches.append((columns, rows))
        self.bytes += size
        self.rows += rows
        if len(self.batches) - self.joined == _LOOSE_BATCHES:
            loose = self.batches[self.joined :]
            if sum(rows for _, rows in loose) < _SMALL_ROWS:
                self.batches[self.joined :] = [_joined(loose)]
            self.joined = len(self.batches)

    def table(self, schema: pa.Schema) -> pa.Table:
        """All rows with all columns, null where a batch lacks one."""
        nulls = _Nulls()
        return pa.Table.from_arrays(
            [
                pa.chunked_array(
                    [
                        columns[name] if name in columns else nulls.column(kind, rows)
                        for columns, rows in self.batches
                    ],
                    kind,
                )
                for name, kind in zip(schema.names, schema.types, strict=True)
            ],
            schema=schema,
        ).unify_dictionaries()


def nulls_beside(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch with all columns of the schema, null where it lacks one."""
    if batch.schema == schema:
        return batch
    nulls = _Nulls()
    names = set(batch.schema.names)
    columns = [
        batch[name] if name in names else nulls.column(kind, batch.num_rows)
        for name, kind in zip(schema.names, schema.types, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _joined(batches: Sequence[Batch]) -> Batch:
    """Batches as one, with the columns of all."""
    nulls = _Nulls()
    kinds = {name: column.type for columns, _ in batches for name, column in columns.items()}
    columns = {
        name: pa.concat_arrays(
            [columns[name] if name in columns else nulls.column(kind, rows) for columns, rows in batches]
        )
        for name, kind in kinds.items()
    }
    return columns, sum(rows for _, rows in batches)


class _Nulls:
    """Columns of nulls, one for all that are alike: a file of thousands of columns is mostly these."""

    def __init__(self) -> None:
        self._columns: dict[tuple[pa.DataType, int], pa.Array] = {}

    def column(self, kind: pa.DataType, rows: int) -> pa.Array:
        if (kind, rows) not in self._columns:
            self._columns[kind, rows] = pa.nulls(rows, kind)
        return self._columns[kind, rows]


class GrowingParquet:
    """Writes batches as one Parquet file; what is left behind after an error is no file at all.

    `schema` holds the columns that are there from the beginning, and the file's metadata; others follow in
    the order in which they come.
    """

    def __init__(
        self, path: Path, settings: ParquetSettings = DEFAULT_SETTINGS, schema: pa.Schema = _NO_COLUMNS
    ) -> None:
        self.path = path
        self._settings = settings
        self._metadata = schema.metadata or {}
        self._types = dict(zip(schema.names, schema.types, strict=True))
        self._repetitive: dict[str, bool] = {}
        self._group = RowGroup()
        self._parts: list[Path] = []
        self._part: parquet.ParquetWriter | None = None

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
            self._end_part()
            for part in self._parts:
                part.unlink(missing_ok=True)
            if not is_whole:
                self.path.unlink(missing_ok=True)

    @property
    def schema(self) -> pa.Schema:
        """The columns so far."""
        return pa.schema(list(self._types.items()))

    def write(self, columns: Mapping[str, pa.Array], rows: int, size: int) -> None:
        """Write the next rows; `size`, about the bytes that they take, decides where row groups end.

        Raises `ValueError` for a column of another type than it had before, and for rows of no column, of
        which Parquet cannot keep even the number.
        """
        for name, column in columns.items():
            if self._types.setdefault(name, column.type) != column.type:
                raise ValueError(
                    f'the column "{name}" comes as {column.type}, and was {self._types[name]} before'
                )
        if rows and not self._types:
            raise ValueError(f"{rows} rows have no column; give the writer one that is always there")
        self._group.add(columns, rows, size)
        settings = self._settings
        if self._group.bytes >= settings.row_group_bytes or self._group.rows >= settings.row_group_rows:
            self._write_group()

    def _write_group(self) -> None:
        table = self._group.table(self.schema)
        self._group = RowGroup()
        for name in table.schema.names:
            # A column without values so far is looked at again when it has some.
            if name not in self._repetitive and table[name].null_count < table.num_rows:
                self._repetitive[name] = is_repetitive(table[name])
        if self._part is None or self._part.schema != table.schema:
            self._begin_part(table.schema)
        write_row_group(self._part, table)

    def _begin_part(self, schema: pa.Schema) -> None:
        self._end_part()
        self._parts.append(self.path.with_name(f"{self.path.name}.part-{len(self._parts)}"))
        self._part = self._writer(self._parts[-1], schema)

    def _end_part(self) -> None:
        part, self._part = self._part, None
        if part is not None:
            part.close()

    def _writer(self, path: Path, schema: pa.Schema) -> parquet.ParquetWriter:
        writer = parquet.ParquetWriter(
            str(path),
            schema,
            compression=self._settings.compression,
            use_dictionary=[name for name in schema.names if self._repetitive.get(name)],
            write_statistics=True,
            store_schema=False,
        )
        put_metadata(writer, self._metadata)
        return writer

    def _finish(self) -> None:
        if self._group.batches:
            self._write_group()
        if self._part is None:
            self._begin_part(self.schema)
        self._end_part()
        if len(self._parts) == 1:
            self._parts[0].replace(self.path)
        else:
            self._merge()

    def _merge(self) -> None:
        schema = self.schema
        with self._writer(self.path, schema) as whole:
            dictionaries = [column.name for column in schema if pa.types.is_dictionary(column.type)]
            for path in self._parts:
                with parquet.ParquetFile(path, read_dictionary=dictionaries) as part:
                    for index in range(part.num_row_groups):
                        write_row_group(whole, _widened(part, index, schema))
                path.unlink()


def _widened(part: parquet.ParquetFile, index: int, schema: pa.Schema) -> pa.Table:
    """A row group with all columns of the schema; those without a value in it are not even read."""
    group = part.metadata.row_group(index)
    chunks = (group.column(number) for number in range(group.num_columns))
    # The values of a nested column have paths, such as `items.list.element`.
    present = {
        chunk.path_in_schema.partition(".")[0]
        for chunk in chunks
        if not chunk.is_stats_set or chunk.statistics.null_count < group.num_rows
    }
    names = [name for name in part.schema_arrow.names if name in present]
    rows = part.read_row_group(index, columns=names, use_threads=False)
    nulls = _Nulls()
    columns = [
        rows[name] if name in present else nulls.column(kind, group.num_rows)
        for name, kind in zip(schema.names, schema.types, strict=True)
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def write_row_group(writer: parquet.ParquetWriter, rows: pa.Table) -> None:
    """Write one row group."""
    writer.write_table(rows, row_group_size=max(rows.num_rows, 1))


def is_repetitive(column: pa.ChunkedArray) -> bool:
    """Return True where at most half of the values in the first 4,000 rows, or MiB, differ."""
    if pa.types.is_boolean(column.type) or pa.types.is_nested(column.type):
        return False
    if pa.types.is_dictionary(column.type):
        return True
    sample = column.slice(0, _SAMPLE_ROWS)
    while sample.nbytes > _SAMPLE_BYTES and len(sample) > 1:
        sample = sample.slice(0, len(sample) // 2)
    values: int = len(sample) - sample.null_count
    distinct: int = pc.count_distinct(sample).as_py()
    return 0 < distinct * 2 <= values
