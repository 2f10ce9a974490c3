"""Trial run of a dataset's SQL before any file is claimed."""

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from tributary.datasets import Dataset
from tributary.errors import DeclarationError, TransformError
from tributary.kernels.formats.csv.block import LINE_COLUMN, Layout
from tributary.kernels.formats.csv.records import Dialect
from tributary.kernels.output.tables import declared, output_schema
from tributary.kernels.transform.sql import Resources, Transform, check_date_formats
from tributary.kernels.transform.typed_transform import input_schema


def check_dataset(dataset: Dataset, date_formats: Sequence[str], place: str) -> None:
    """Run the transform on one row of nulls, so that it fails before a file is claimed.

    Raises `DeclarationError` when it fails there, returns other columns than declared, or a date format tells
    no day; `place` is where these were given.
    """
    check_date_formats(tuple(date_formats), place)
    schema = _input_schema(dataset)
    row = pa.RecordBatch.from_pylist([{LINE_COLUMN: 1}], schema=schema)
    with tempfile.TemporaryDirectory(prefix="tributary-check-") as work:
        variables: dict[str, str | datetime] = {
            "processing_date": datetime.now(UTC),
            "source_file": dataset.prefix,
        }
        if dataset.format.kind == "json":
            variables = {}
        transform = Transform(dataset.sql, variables, date_formats, Resources(), Path(work))
        try:
            for batch in transform.run([row], schema):
                declared(pa.Table.from_batches([batch]), output_schema(dataset, {}))
        except TransformError as error:
            raise DeclarationError(f'the dataset "{dataset.name}" cannot be used: {error}') from error


def _input_schema(dataset: Dataset) -> pa.Schema:
    """Return the schema of `input` in the dataset's SQL."""
    if dataset.format.kind != "csv":
        return input_schema(dataset)
    names = tuple(column.name for column in dataset.columns)
    return Layout(Dialect(dataset.format.delimiter, len(names)), names, names).schema
