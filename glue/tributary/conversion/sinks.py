"""Sinks of the pipelines: one object, one with the source of each row, or sorted ones by partition."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

import pyarrow as pa

from tributary.datasets import Dataset
from tributary.kernels.output.growing_parquet import GrowingParquet, ParquetSettings
from tributary.kernels.output.sorted_parquet import SortedFiles, SortedParquet, partition_paths
from tributary.kernels.output.source_columns import DATED_SOURCE_COLUMNS
from tributary.kernels.output.staged import StagedFile
from tributary.kernels.output.tables import (
    ROW_GROUP_BYTES,
    ROW_GROUP_ROWS,
    CsvWriter,
    output_schema,
)
from tributary.kernels.output.undeclared import OTHER_COLUMN
from tributary.kernels.transform.typed_transform import OutputRows

_DICTIONARY: Final = pa.dictionary(pa.int32(), pa.string())


class Sink(Protocol):
    """Receiver of rows; a context, whose files are there when it ends without an error."""

    @property
    def files(self) -> Sequence[StagedFile]:
        """The files, once they are there."""
        ...

    def __enter__(self) -> Self:
        """Begin."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the files, or leave none behind after an error."""

    def write(self, rows: OutputRows) -> None:
        """Take the next rows, which come in the order of the input."""


class OneObject:
    """One Parquet file of all rows, and where the dataset says so, one of CSV with the declared columns."""

    def __init__(self, dataset: Dataset, folder: Path, metadata: Mapping[str, str]) -> None:
        self._files = ExitStack()
        schema = output_schema(dataset, {**_metadata(dataset), **metadata})
        settings = ParquetSettings(dataset.outputs.compression, ROW_GROUP_BYTES, ROW_GROUP_ROWS)
        # Without a column Parquet has no rows, and those of a text dataset may be all without a value.
        always = schema.append(pa.field(OTHER_COLUMN, pa.string())) if dataset.is_text else schema
        self._parquet = GrowingParquet(folder / "rows.parquet", settings, always)
        self._csv = None
        if dataset.outputs.csv:
            is_escaped = dataset.outputs.csv_formulas == "escaped"
            self._csv = CsvWriter(folder / "rows.csv", schema, escapes_formulas=is_escaped)
        self._rows = 0
        self.files: list[StagedFile] = []

    def __enter__(self) -> Self:
        self._files.enter_context(self._parquet)
        if self._csv is not None:
            self._files.enter_context(self._csv)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._files.__exit__(kind, error, trace)
        if kind is None:
            paths = [self._parquet.path, *([] if self._csv is None else [self._csv.path])]
            self.files = [StagedFile(path, "", path.name, self._rows, path.stat().st_size) for path in paths]

    def write(self, rows: OutputRows) -> None:
        """Write the next rows."""
        self._parquet.write(rows.columns, rows.rows, rows.bytes)
        if self._csv is not None:
            self._csv.write(rows.columns)
        self._rows += rows.rows


class DatedObject:
    """One Parquet file of the rows of many files, each with its source before the dataset's own columns.

    `files_begun` are their keys, versions and revisions, by their numbers; they may become more meanwhile.
    """

    def __init__(
        self,
        dataset: Dataset,
        path: Path,
        metadata: Mapping[str, str],
        files_begun: Sequence[tuple[str, str, int]],
        settings: ParquetSettings | None = None,
    ) -> None:
        of_source = [
            pa.field(column.name, _DICTIONARY if pa.types.is_string(column.type) else column.type)
            for column in DATED_SOURCE_COLUMNS
        ]
        schema = pa.schema([*of_source, *output_schema(dataset, {})], dict(metadata))
        settings = settings or ParquetSettings()
        settings = replace(settings, compression=dataset.outputs.compression)
        self._parquet = GrowingParquet(path, settings, schema)
        self._begun = files_begun
        self._rows = 0
        self.files: list[StagedFile] = []

    @property
    def columns(self) -> list[str]:
        """The names of all columns so far."""
        return list(self._parquet.schema.names)

    def __enter__(self) -> Self:
        self._parquet.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._parquet.__exit__(kind, error, trace)
        if kind is None:
            path = self._parquet.path
            self.files = [StagedFile(path, "", path.name, self._rows, path.stat().st_size)]

    def write(self, rows: OutputRows) -> None:
        """Write the next rows."""
        numbers = rows.places["source"].dictionary_encode()
        found = [self._begun[number] for number in numbers.dictionary.to_pylist()]
        keys, versions, revisions = zip(*found, strict=True)
        columns = {
            "_source_file": pa.DictionaryArray.from_arrays(numbers.indices, pa.array(keys)),
            "_source_version": pa.DictionaryArray.from_arrays(numbers.indices, pa.array(versions)),
            "_source_revision": pa.array(revisions, pa.int64()).take(numbers.indices),
            "_source_line": rows.places["line"],
        }
        self._parquet.write({**columns, **rows.columns}, rows.rows, rows.bytes)
        self._rows += rows.rows


class SortedObjects:
    """Sorted Parquet files, one or more a partition, named by a stem."""

    def __init__(
        self, dataset: Dataset, folder: Path, stem: str, object_bytes: int, metadata: Mapping[str, str]
    ) -> None:
        how = SortedFiles(
            partitions=dataset.partitions,
            sort=dataset.sort,
            stem=stem,
            object_bytes=object_bytes,
            settings=ParquetSettings(compression=dataset.outputs.compression),
        )
        self._partitions = dataset.partitions
        self._parquet = SortedParquet(folder, how, output_schema(dataset, {**_metadata(dataset), **metadata}))

    @property
    def files(self) -> Sequence[StagedFile]:
        """The files, once they are there."""
        return self._parquet.files

    def __enter__(self) -> Self:
        self._parquet.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._parquet.__exit__(kind, error, trace)

    def write(self, rows: OutputRows) -> None:
        """Write the next rows."""
        paths = partition_paths(rows.columns, self._partitions, rows.rows)
        self._parquet.write(rows.columns, paths, rows.places["serial"], rows.bytes)


def _metadata(dataset: Dataset) -> dict[str, str]:
    return {"dataset": dataset.name, "dataset_version": dataset.version}
