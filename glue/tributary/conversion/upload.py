"""Conversion of one file to the objects that stand for it, without AWS or Spark."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from tributary.conversion.chain import DEFAULT_RESOURCES, InputFile, Way, convert, file_result
from tributary.conversion.result import FileResult, Hashed, unreadable_file
from tributary.conversion.sinks import OneObject
from tributary.datasets import Dataset
from tributary.errors import WholeFileError
from tributary.kernels.compression.streams import uncompressed
from tributary.kernels.file_limits import DEFAULT_FILE_LIMITS, FileLimits
from tributary.kernels.output.undeclared import ColumnRegistry, LocalColumns
from tributary.kernels.source import Source
from tributary.kernels.transform.functions import macros
from tributary.kernels.transform.sql import Resources


def rows_version(dataset: Dataset, date_formats: Sequence[str]) -> str:
    """Return a hash that changes whenever the same content would give other rows, or another text of them."""
    parts = [dataset.version, dataset.outputs.csv_formulas, *macros(date_formats)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def process_file(
    dataset: Dataset,
    source: Source,
    chunks: Iterable[bytes],
    *,
    processing_date: datetime,
    date_formats: Sequence[str],
    work: Path,
    resources: Resources = DEFAULT_RESOURCES,
    registry: ColumnRegistry | None = None,
    limits: FileLimits = DEFAULT_FILE_LIMITS,
) -> FileResult:
    """Convert one file, streamed, into files below `work` (an existing folder of its own).

    A compressed file is decompressed. `processing_date` carries a time zone. The same input gives the same
    bytes where the registry admits the same columns; without one, the columns are counted here. The result of
    a file that is to be quarantined whole has its reason. Raises `DeclarationError`, `TransformError`, and
    what `chunks` raises.
    """
    hashed = Hashed(chunks)
    way = Way(
        work=work,
        registry=registry or LocalColumns(),
        variables={"processing_date": processing_date, "source_file": source.key},
        date_formats=date_formats,
        resources=resources,
        file_limits=limits,
    )
    file = InputFile(source, lambda: uncompressed(source.key, hashed, limits))
    sink = OneObject(dataset, work, {"source_version": source.version})
    try:
        converted = convert(dataset, [file], sink, way)
    except WholeFileError as error:  # it fills the disk
        return unreadable_file(hashed, error.reason, str(error))
    return file_result(hashed, converted)
