"""The schema of a dataset's rows, and their text as CSV. Same rows, same bytes."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.csv as arrow_csv

from tributary.datasets.declaration import Dataset
from tributary.errors import TransformError
from tributary.kernels.output.formulas import escaped
from tributary.kernels.transform.glue_types import arrow_type

ROW_GROUP_ROWS = 1 << 18
"""Rows in a row group: 15 to 60 MB in memory for the usual row of 60 to 250 bytes."""

ROW_GROUP_BYTES = 96 << 20
"""Bytes in memory at which a row group of longer rows ends before."""

_CSV_ROWS = 1 << 13
"""Rows that are formatted as CSV at a time: a tenth faster than by Arrow's 1,024, with a megabyte of text."""

_WAITING_ROWS = 4 * _CSV_ROWS


def output_schema(dataset: Dataset, metadata: Mapping[str, str]) -> pa.Schema:
    """The Arrow schema of the declared output columns."""
    return pa.schema(
        [(column.name, arrow_type(column.type)) for column in dataset.output_columns],
        metadata=dict(metadata),
    )


def declared(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table with the declared columns alone, in their order.

    Raises `TransformError` when one is missing or of another type: values are never cast in silence.
    """
    for column in schema:
        if column.name not in table.schema.names:
            raise TransformError(f'the transform returns no column "{column.name}"')
        found = table.schema.field(column.name).type
        if found != column.type:
            raise TransformError(
                f'the transform returns "{column.name}" as {found}, declared is {column.type}'
            )
    return table.select(schema.names).replace_schema_metadata()


class CsvWriter:
    """Writes the declared columns as CSV; used as a context, after an error in which there is no file.

    Rows are collected, for to format a few at a time costs more.
    """

    def __init__(self, path: Path, schema: pa.Schema, *, escapes_formulas: bool) -> None:
        self.path = path
        self._schema = schema.remove_metadata()
        self._escapes_formulas = escapes_formulas
        self._csv: arrow_csv.CSVWriter | None = None
        self._waiting: list[pa.RecordBatch] = []
        self._rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._write()
        finally:
            if self._csv is not None:
                self._csv.close()
        if kind is not None:
            self.path.unlink(missing_ok=True)

    def write(self, columns: Mapping[str, pa.Array]) -> None:
        """Write the next rows, of which all declared columns are there."""
        declared_columns = [columns[name] for name in self._schema.names]
        self._waiting.append(pa.RecordBatch.from_arrays(declared_columns, schema=self._schema))
        self._rows += self._waiting[-1].num_rows
        if self._rows >= _WAITING_ROWS:
            self._write()

    def _write(self) -> None:
        table = pa.Table.from_batches(self._waiting, self._schema)
        self._waiting, self._rows = [], 0
        if self._csv is None:
            options = arrow_csv.WriteOptions(batch_size=_CSV_ROWS)
            self._csv = arrow_csv.CSVWriter(str(self.path), _csv_schema(self._schema), write_options=options)
        self._csv.write_table(_csv_table(table, self._escapes_formulas))


def _csv_schema(schema: pa.Schema) -> pa.Schema:
    return pa.schema(
        [(column.name, pa.string() if _is_timestamp(column) else column.type) for column in schema]
    )


def _is_timestamp(column: pa.Field) -> bool:
    return bool(pa.types.is_timestamp(column.type))


def _csv_table(table: pa.Table, escapes_formulas: bool) -> pa.Table:
    """The table with timestamps as text, and where asked for without formulas."""
    for index, column in enumerate(table.schema):
        if _is_timestamp(column):
            table = table.set_column(index, column.name, _timestamp_texts(table[column.name]))
        elif escapes_formulas and pa.types.is_string(column.type):
            table = table.set_column(index, column.name, escaped(table[column.name]))
    return table


def _timestamp_texts(timestamps: pa.ChunkedArray) -> pa.Array:
    """Each distinct one formatted once, for that takes Arrow 2 us."""
    distinct = timestamps.combine_chunks().dictionary_encode()
    return distinct.dictionary.cast(pa.string()).take(distinct.indices)
