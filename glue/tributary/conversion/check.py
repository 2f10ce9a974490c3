"""Trial run of a dataset's SQL before any file is claimed."""

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from tributary.datasets import Dataset
from tributary.errors import DeclarationError, TransformError
from tributary.kernels.output.tables import declared, output_schema
from tributary.kernels.transform.sql import LINE_COLUMN, Resources, Transform, check_date_formats
from tributary.kernels.transform.typed_transform import input_schema


def check_dataset(dataset: Dataset, date_formats: Sequence[str], place: str) -> None:
    """Run the transform, where there is one, on one row of nulls, so that it fails before a file is claimed.

    Raises `DeclarationError` when it fails there, returns other columns than declared, or a date format tells
    no day; `place` is where these were given.
    """
    check_date_formats(tuple(date_formats), place)
    if dataset.transform is None:
        return
    schema = input_schema(dataset)
    row = pa.RecordBatch.from_pylist([{LINE_COLUMN: 1}], schema=schema)
    with tempfile.TemporaryDirectory(prefix="tributary-check-") as work:
        variables: dict[str, str | datetime] = {
            "processing_date": datetime.now(UTC),
            "source_file": dataset.prefix,
        }
        if dataset.pipeline != "uploads":
            variables = {}
        transform = Transform(dataset.transform, variables, date_formats, Resources(), Path(work))
        try:
            for batch in transform.run([row], schema):
                declared(pa.Table.from_batches([batch]), output_schema(dataset, {}))
        except TransformError as error:
            raise DeclarationError(f'the dataset "{dataset.name}" cannot be used: {error}') from error
