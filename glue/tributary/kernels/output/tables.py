"""Output files of CSV datasets: Parquet and CSV of the rows. Same rows, same bytes."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
from pyarrow import parquet

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

_SAMPLE_ROWS = 10_000


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


class TableWriter:
    """Writes tables, a row group each, as Parquet and, where the dataset says so, as CSV."""

    def __init__(
        self, dataset: Dataset, schema: pa.Schema, parquet_path: Path, csv_path: Path | None
    ) -> None:
        self._compression = dataset.outputs.compression
        self._escapes_formulas = dataset.outputs.csv_formulas == "escaped"
        self._schema = schema.remove_metadata()
        self._metadata = schema.metadata
        self._path = parquet_path
        self._parquet: parquet.ParquetWriter | None = None
        self._files = ExitStack()
        self._csv: arrow_csv.CSVWriter | None = None
        if csv_path is not None:
            options = arrow_csv.WriteOptions(batch_size=_CSV_ROWS)
            writer = arrow_csv.CSVWriter(str(csv_path), _csv_schema(schema), write_options=options)
            self._csv = self._files.enter_context(writer)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self._parquet is None:
            self._open(self._schema.empty_table())
        self._files.close()

    def write(self, table: pa.Table) -> None:
        """Write the next rows; `table` has the declared schema."""
        writer = self._parquet or self._open(table)
        writer.write_table(table, row_group_size=ROW_GROUP_ROWS)
        if self._csv is not None:
            self._csv.write_table(_csv_table(table, self._escapes_formulas))

    def _open(self, first: pa.Table) -> parquet.ParquetWriter:
        self._parquet = self._files.enter_context(
            parquet.ParquetWriter(
                str(self._path),
                self._schema,
                compression=self._compression,
                use_dictionary=_repetitive_columns(first),
                write_statistics=True,
                store_schema=False,
            )
        )
        self._parquet.add_key_value_metadata(self._metadata)
        return self._parquet


def _repetitive_columns(table: pa.Table) -> list[str]:
    """The columns for which a dictionary pays: at most half of the first rows differ."""
    sample = table.slice(0, _SAMPLE_ROWS)
    return [
        name
        for name in sample.schema.names
        if not pa.types.is_boolean(sample.schema.field(name).type)
        and pc.count_distinct(sample[name], mode="all").as_py() * 2 <= max(sample.num_rows, 1)
    ]


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
