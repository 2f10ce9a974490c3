"""Conversion of a batch of files to sorted, partitioned Parquet objects, without AWS or Spark."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from tributary.conversion.chain import DEFAULT_RESOURCES, Converted, InputFile, Way, convert, file_result
from tributary.conversion.result import FileResult, Hashed, unreadable_file
from tributary.conversion.sinks import SortedObjects
from tributary.datasets import Dataset
from tributary.errors import WholeFileError
from tributary.kernels.compression.streams import uncompressed
from tributary.kernels.file_limits import DEFAULT_FILE_LIMITS, FileLimits
from tributary.kernels.formats.asked import DEFAULT_LIMITS
from tributary.kernels.output.undeclared import ColumnRegistry, LocalColumns
from tributary.kernels.record_limits import RecordLimits
from tributary.kernels.source import Source
from tributary.kernels.transform.partition_values import PartitionRange, PartitionValues
from tributary.kernels.transform.sql import Resources

_ANY_SIZE = 1 << 50


def transform_batch(
    dataset: Dataset,
    files: Iterable[InputFile],
    *,
    batch_id: int,
    ranges: Mapping[str, PartitionRange],
    work: Path,
    object_bytes: int,
    registry: ColumnRegistry,
    resources: Resources = DEFAULT_RESOURCES,
    limits: RecordLimits = DEFAULT_LIMITS,
    file_limits: FileLimits = DEFAULT_FILE_LIMITS,
) -> Converted:
    """Convert the files of a dataset together, into files below `work` (an existing folder).

    Names and bytes depend on batch, dataset and files, in their order, and on what the registry admits.
    `ranges` limit the partition columns; `calendar_ranges` makes them. Raises what `convert` does.
    """
    stem = f"part-{batch_id}"
    way = Way(
        work=work,
        registry=registry,
        letters=stem,
        letters_bytes=object_bytes,
        resources=resources,
        allowed=PartitionValues(ranges, dataset.partition_values),
        limits=limits,
        file_limits=file_limits,
    )
    return convert(dataset, files, SortedObjects(dataset, work, stem, object_bytes, {"batch": stem}), way)


def process_batch_file(
    dataset: Dataset,
    source: Source,
    chunks: Callable[[], Iterable[bytes]],
    work: Path,
    *,
    ranges: Mapping[str, PartitionRange],
    limits: FileLimits = DEFAULT_FILE_LIMITS,
) -> FileResult:
    """Convert one file as a batch of its own, with one object a partition.

    Each call of `chunks` returns its bytes as stored; a compressed file is decompressed. The result of a file
    that is to be quarantined whole has its reason.
    """
    hashed = Hashed(chunks())
    try:
        for _ in uncompressed(source.key, hashed, limits):
            pass
    except WholeFileError as error:
        return unreadable_file(hashed, error.reason, str(error))
    converted = transform_batch(
        dataset,
        [InputFile(source, lambda: uncompressed(source.key, chunks()))],
        batch_id=1,
        ranges=ranges,
        work=work,
        object_bytes=_ANY_SIZE,
        registry=LocalColumns(),
        file_limits=limits,
    )
    return file_result(hashed, converted)
