"""Conversion of NDJSON files to typed, partitioned Parquet files, without AWS or Spark."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from tributary.conversion.result import (
    ISSUES_COLUMN,
    FileResult,
    Hashed,
    IssueCounts,
    drift_sentences,
    unreadable_file,
)
from tributary.datasets import Dataset
from tributary.errors import WholeFileError
from tributary.kernels.compression.streams import uncompressed
from tributary.kernels.file_limits import DEFAULT_FILE_LIMITS, FileLimits
from tributary.kernels.formats.asked import DEFAULT_LIMITS
from tributary.kernels.formats.ndjson.batch import NdjsonLimits
from tributary.kernels.formats.ndjson.parse import parse
from tributary.kernels.output.dead_letters import DeadLetterWriter
from tributary.kernels.output.disk import DiskWatch
from tributary.kernels.output.growing_parquet import GrowingParquet, ParquetSettings
from tributary.kernels.output.partitioned_parquet import PartitionedParquet
from tributary.kernels.output.tables import output_schema
from tributary.kernels.output.undeclared import LocalColumns
from tributary.kernels.source import Source
from tributary.kernels.transform.sourced import SourcedBatch, SourcedLetter, Sources
from tributary.kernels.transform.sql import Resources, Transform, spill_folder
from tributary.kernels.transform.typed_transform import Refusals, TypedTransform

DEFAULT_RESOURCES = Resources()


@dataclass(frozen=True, slots=True)
class NdjsonResult:
    """Result of some files; its paths are in the work folder.

    `files` are the Parquet files by partition, such as `year=2026/month=01`; the key of the only file of a
    dataset without partitions is the empty text. `drift` names the undeclared keys, whose columns are
    counted from none.
    """

    output_count: int
    rejected_count: int
    issues: dict[str, int]
    drift: tuple[str, ...]
    files: Mapping[str, Path]
    rejects: Path | None


@dataclass(frozen=True, slots=True)
class NdjsonRun:
    """Conversion of NDJSON to a dataset's rows; `processing_date` has a time zone."""

    dataset: Dataset
    processing_date: datetime
    date_formats: Sequence[str]
    work: Path
    resources: Resources = DEFAULT_RESOURCES
    limits: NdjsonLimits = DEFAULT_LIMITS
    file_limits: FileLimits = DEFAULT_FILE_LIMITS

    def process(self, files: Iterable[tuple[Source, Iterable[bytes]]], **metadata: str) -> NdjsonResult:
        """Parse and transform the files together, streamed, into files below `work` (an existing folder).

        A key that ends in `.gz` or `.zst` is decompressed. The same input gives the same bytes; `metadata` is
        written to each Parquet file. Raises `WholeFileError` for a file that cannot be read to its end or is
        beyond its limits, `DeclarationError`, `TransformError`, and what the chunks raise: then no Parquet
        file exists.
        """
        issues = IssueCounts()
        rows = 0
        sources = Sources(self.limits)
        dead_letters = DeadLetterWriter(self.work / "rejects.ndjson", self.file_limits)

        def refuse(letters: Iterable[SourcedLetter]) -> None:
            for number, letter in letters:
                dead_letters.write(sources.all[number], [letter])

        def admits(number: int, letters: int) -> bool:
            dead_letters.expect(sources.all[number], letters)
            return True

        with (
            DiskWatch(self.work, spill_folder()) as disk,
            dead_letters,
            TypedTransform(
                self.dataset,
                self._transform(),
                sources.all,
                Refusals(refuse, refuse, admits),
                registry=LocalColumns(),
            ) as transform,
            self._writer(metadata) as writer,
        ):
            for output in transform.run(self._batches(files, sources, dead_letters, disk)):
                writer.write(output.columns, output.rows, output.bytes)
                rows += output.rows
                issues.add(output.columns.get(ISSUES_COLUMN))
        return NdjsonResult(
            output_count=rows,
            rejected_count=dead_letters.count,
            issues=issues.sorted(),
            drift=tuple(
                drift_sentences(dict(transform.undeclared.names.items()), transform.undeclared.others)
            ),
            files=writer.files if isinstance(writer, PartitionedParquet) else {"": writer.path},
            rejects=dead_letters.path,
        )

    def _transform(self) -> Transform:
        return Transform(
            sql=self.dataset.sql,
            variables={"processing_date": self.processing_date},
            date_formats=self.date_formats,
            resources=self.resources,
            work=self.work,
        )

    def _writer(self, metadata: Mapping[str, str]) -> GrowingParquet | PartitionedParquet:
        dataset = self.dataset
        settings = ParquetSettings(compression=dataset.outputs.compression)
        schema = output_schema(
            dataset, {"dataset": dataset.name, "dataset_version": dataset.version, **metadata}
        )
        if dataset.partitions:
            return PartitionedParquet(self.work, dataset.partitions, settings, schema)
        return GrowingParquet(self.work / "rows.parquet", settings, schema)

    def _batches(
        self,
        files: Iterable[tuple[Source, Iterable[bytes]]],
        sources: Sources,
        dead_letters: DeadLetterWriter,
        disk: DiskWatch,
    ) -> Iterator[SourcedBatch]:
        limits = replace(self.limits, declared=self.dataset.keys)
        for number, (source, chunks) in enumerate(files):
            sources.begin(source)
            content = disk.reading(number, uncompressed(source.key, chunks, self.file_limits))
            for batch in parse(content, limits, keep_lines=True):
                dead_letters.expect(source, batch.rejects.num_rows)
                yield sources.placed(batch)


def process_ndjson_file(run: NdjsonRun, source: Source, chunks: Iterable[bytes]) -> FileResult:
    """Convert one file; the result of one that cannot be read as a whole has its reason."""
    hashed = Hashed(chunks)
    try:
        result = run.process([(source, hashed)], source_version=source.version)
    except WholeFileError as error:
        return unreadable_file(hashed, error.reason, str(error))
    return FileResult(
        content_sha256=hashed.hexdigest(),
        input_count=result.output_count + result.rejected_count,
        cleaned_count=result.output_count,
        output_count=result.output_count,
        rejected_count=result.rejected_count,
        issues=result.issues,
        drift=result.drift,
        parquet=result.files.get(""),
        partitions={} if "" in result.files else result.files,
        rejects=result.rejects,
    )
