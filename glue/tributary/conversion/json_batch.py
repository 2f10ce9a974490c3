"""Conversion of a batch of JSON files to sorted, partitioned Parquet objects, without AWS or Spark."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from tributary.conversion.result import FileResult, Hashed, drift_sentences, unreadable_file
from tributary.datasets import Dataset
from tributary.errors import WholeFileError
from tributary.kernels.compression.streams import uncompressed
from tributary.kernels.file_limits import DEFAULT_FILE_LIMITS, FileLimits
from tributary.kernels.formats.asked import DEFAULT_LIMITS
from tributary.kernels.formats.json.forms import parse_json
from tributary.kernels.formats.ndjson.batch import NdjsonLimits
from tributary.kernels.output.disk import DiskWatch
from tributary.kernels.output.file_partitions import FilePartitions
from tributary.kernels.output.growing_parquet import ParquetSettings
from tributary.kernels.output.sorted_letters import Kind, SortedLetters
from tributary.kernels.output.sorted_parquet import SortedFiles, SortedParquet, partition_paths
from tributary.kernels.output.staged import StagedFile
from tributary.kernels.output.tables import output_schema
from tributary.kernels.output.undeclared import ColumnRegistry, LocalColumns, UndeclaredColumns
from tributary.kernels.source import Source
from tributary.kernels.transform.partition_values import PartitionRange, PartitionValues, calendar_ranges
from tributary.kernels.transform.sourced import SourcedBatch, SourcedLetter, Sources, gathered, sources_of
from tributary.kernels.transform.sql import Resources, Transform
from tributary.kernels.transform.typed_transform import Refusals, TypedTransform

DEFAULT_RESOURCES = Resources()

_ANY_SIZE = 1 << 50

_HELD_BYTES = 16 << 20
"""Bytes of rows that wait in DuckDB, or a row that has more."""

DATE_FORMATS = ("%Y-%m-%d",)
"""Formats that `to_date` reads in the SQL of a JSON dataset."""


@dataclass(frozen=True, slots=True)
class BatchSource:
    """File of a batch: its identity and its content.

    Each call of `chunks` returns the decompressed bytes from the start; a compression has been checked to its
    end before.
    """

    source: Source
    chunks: Callable[[], Iterable[bytes]]


@dataclass(slots=True)
class FileOutcome:
    """Counts of one file: rows and dead letters; `beyond` says which limit of a file it passes."""

    rows: int = 0
    rejected: int = 0
    beyond: WholeFileError | None = None


@dataclass(slots=True)
class TransformedBatch:
    """Result of a batch; its files are in the work folder.

    `files` has an entry for each file, in order; `keys` are the undeclared keys that have columns, with their
    catalog names, sorted by the latter; `others` those in `_other`, and `other_rows` the rows that have such;
    `input_bytes` are decompressed. Where it `is_spoilt`, rows of a file that is beyond a limit are among the
    others: the batch is to be transformed again, without the files that are.
    """

    objects: tuple[StagedFile, ...] = ()
    dead_letters: tuple[StagedFile, ...] = ()
    files: list[FileOutcome] = field(default_factory=list)
    keys: Mapping[str, str] = field(default_factory=dict)
    others: tuple[str, ...] = ()
    other_rows: int = 0
    input_bytes: int = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the undeclared columns."""
        return tuple(self.keys.values())

    @property
    def rows(self) -> int:
        """Rows of all objects."""
        return sum(file.rows for file in self.files)

    @property
    def rejected(self) -> int:
        """Dead letters of all files."""
        return sum(file.rejected for file in self.files)

    @property
    def is_spoilt(self) -> bool:
        """Return True where a file that is beyond a limit gave rows."""
        return any(file.beyond and file.rows for file in self.files)


def transform_batch(
    dataset: Dataset,
    files: Iterable[BatchSource],
    *,
    batch_id: int,
    ranges: Mapping[str, PartitionRange],
    work: Path,
    object_bytes: int,
    registry: ColumnRegistry,
    resources: Resources = DEFAULT_RESOURCES,
    limits: NdjsonLimits = DEFAULT_LIMITS,
    file_limits: FileLimits = DEFAULT_FILE_LIMITS,
) -> TransformedBatch:
    """Parse and transform the files of a JSON dataset together, into files below `work` (an existing folder).

    Names and bytes depend on batch, dataset and files, in their order, and on what the registry admits. The
    limits on keys are of each file, and count no declared one. `ranges` limit the partition columns;
    `calendar_ranges` makes them. Raises `DeclarationError`, `TransformError`, `FilledDiskError` with the
    number of the file that fills the disk, `TransientError` or `OSError` for a disk that is full of others,
    and what the chunks raise: then the files in `work` are invalid.
    """
    how = SortedFiles(
        partitions=dataset.partitions,
        sort=str(dataset.sort),
        stem=f"part-{batch_id}",
        object_bytes=object_bytes,
        settings=ParquetSettings(compression=dataset.outputs.compression),
    )
    allowed = PartitionValues(ranges, dataset.partition_values)
    transform = Transform(dataset.sql, {}, DATE_FORMATS, resources, work, _HELD_BYTES)
    limits = replace(limits, declared=dataset.keys)
    run = _Run(dataset, transform, allowed, how, limits, file_limits=file_limits, registry=registry)
    return run.run(files)


def process_json_file(
    dataset: Dataset,
    source: Source,
    chunks: Callable[[], Iterable[bytes]],
    work: Path,
    limits: FileLimits = DEFAULT_FILE_LIMITS,
) -> FileResult:
    """Convert one file as a batch of its own, with one object a partition, of any year.

    Each call of `chunks` returns its bytes as stored; a key that ends in `.gz` or `.zst` is decompressed. The
    result of a file that cannot be read as a whole, or is beyond the limits, has its reason.
    """
    hashed = Hashed(chunks())
    try:
        for _ in uncompressed(source.key, hashed, limits):
            pass
    except WholeFileError as error:
        return unreadable_file(hashed, error.reason, str(error))
    result = transform_batch(
        dataset,
        [BatchSource(source, lambda: uncompressed(source.key, chunks()))],
        batch_id=1,
        ranges=calendar_ranges(1, 9999),
        work=work,
        object_bytes=_ANY_SIZE,
        registry=LocalColumns(),
        file_limits=limits,
    )
    [outcome] = result.files
    if outcome.beyond is not None:
        return unreadable_file(hashed, outcome.beyond.reason, str(outcome.beyond))
    return FileResult(
        content_sha256=hashed.hexdigest(),
        input_count=result.rows + result.rejected,
        cleaned_count=result.rows,
        output_count=result.rows,
        rejected_count=result.rejected,
        drift=tuple(drift_sentences(result.keys, result.others)),
        partitions={file.partition: file.path for file in result.objects},
        rejects=next((file.path for file in result.dead_letters), None),
    )


class _Run:
    def __init__(
        self,
        dataset: Dataset,
        transform: Transform,
        allowed: PartitionValues,
        how: SortedFiles,
        limits: NdjsonLimits,
        *,
        file_limits: FileLimits,
        registry: ColumnRegistry,
    ) -> None:
        self._dataset = dataset
        self._allowed = allowed
        self._transform = transform
        self._how = how
        self._limits = limits
        self._sources = Sources(limits)
        self._registry = registry
        self._letters = SortedLetters(
            transform.work, how.stem, how.object_bytes, self._sources.all, file_limits
        )
        self._partitions = FilePartitions(file_limits)
        self._disk = DiskWatch(transform.work)
        self._result = TransformedBatch()

    def run(self, files: Iterable[BatchSource]) -> TransformedBatch:
        dataset, result = self._dataset, self._result
        metadata = {"dataset": dataset.name, "dataset_version": dataset.version, "batch": self._how.stem}
        refusals = Refusals(
            partial(self._refuse, "of-input"), partial(self._refuse, "of-output"), self._letters.admits
        )
        with (
            self._disk,
            self._letters,
            TypedTransform(
                dataset,
                self._transform,
                self._sources.all,
                refusals,
                registry=self._registry,
                allowed=self._allowed,
            ) as transform,
            SortedParquet(self._transform.work, self._how, output_schema(dataset, metadata)) as writer,
        ):
            undeclared = transform.undeclared
            batches = gathered(self._batches(files, undeclared), self._limits)
            for output in transform.run(batches):
                for number, rows in sources_of(output.places):
                    result.files[number].rows += rows
                paths = partition_paths(output.columns, dataset.partitions)
                self._partitions.add(output.places["source"], paths)
                if not self._is_spoilt():
                    writer.write(output.columns, paths, output.places["serial"], output.bytes)
        for number, error in self._beyond().items():
            result.files[number].beyond, result.files[number].rejected = error, 0
        result.objects = tuple(writer.files)
        result.keys = dict(sorted(undeclared.names.items(), key=lambda item: item[1]))
        result.others, result.other_rows = tuple(undeclared.others), undeclared.other_rows
        result.dead_letters = tuple(self._letters.files)
        return result

    def _batches(self, files: Iterable[BatchSource], undeclared: UndeclaredColumns) -> Iterator[SourcedBatch]:
        for number, file in enumerate(files):
            self._sources.begin(file.source)
            self._result.files.append(FileOutcome())
            content = self._disk.reading(number, self._counted(file.chunks()))
            for batch in parse_json(content, self._dataset.json_form, self._limits):
                if not self._letters.admits(number, batch.rejects.num_rows):
                    break
                rows, others = undeclared.narrowed(batch.rows, self._dataset.keys)
                yield self._sources.placed(replace(batch, rows=rows), others)

    def _beyond(self) -> dict[int, WholeFileError]:
        return {**self._partitions.beyond, **self._letters.beyond}

    def _is_spoilt(self) -> bool:
        return any(self._result.files[number].rows for number in self._beyond())

    def _counted(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self._result.input_bytes += len(chunk)
            yield chunk

    def _refuse(self, kind: Kind, letters: Iterable[SourcedLetter]) -> None:
        letters = list(letters)
        self._letters.write(kind, letters)
        for number, _ in letters:
            self._result.files[number].rejected += 1
