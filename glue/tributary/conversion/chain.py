"""The one way from files to rows, whatever their format and pipeline: reader, types, SQL, sink.

A pipeline gives the files of a unit of its work, and a sink for what it publishes.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from tributary.conversion.result import (
    ISSUES_COLUMN,
    FileResult,
    FirstReject,
    Hashed,
    IssueCounts,
    drift_sentences,
    unreadable_file,
)
from tributary.conversion.sinks import Sink
from tributary.datasets import Dataset
from tributary.datasets.declaration import JsonFormat
from tributary.errors import (
    EmptyFileError,
    TooManyRejectedError,
    WholeFileError,
)
from tributary.kernels.file_limits import DEFAULT_FILE_LIMITS, FileLimits
from tributary.kernels.formats.asked import DEFAULT_LIMITS, Asked, Content
from tributary.kernels.formats.batch import FormatBatch
from tributary.kernels.formats.reader import read
from tributary.kernels.output.disk import DiskWatch
from tributary.kernels.output.file_partitions import FilePartitions
from tributary.kernels.output.sorted_letters import Kind, SortedLetters
from tributary.kernels.output.sorted_parquet import partition_paths
from tributary.kernels.output.staged import StagedFile
from tributary.kernels.output.undeclared import ColumnRegistry
from tributary.kernels.record_limits import RecordLimits
from tributary.kernels.source import Source
from tributary.kernels.transform.partition_values import ANY_VALUES, PartitionValues
from tributary.kernels.transform.sourced import SourcedBatch, SourcedLetter, Sources, gathered, sources_of
from tributary.kernels.transform.sql import Resources, Transform, spill_folder
from tributary.kernels.transform.typed_transform import OutputRows, Refusals, TypedTransform

DEFAULT_RESOURCES = Resources()

DATE_FORMATS = ("%Y-%m-%d",)
"""Formats that `to_date` reads where a pipeline has no setting of its own."""

_ANY_SIZE = 1 << 50

_LETTERS_NAMED = 20


@dataclass(frozen=True, slots=True)
class InputFile:
    """File of a unit of work: its identity, and its decompressed content from the start."""

    source: Source
    chunks: Callable[[], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Way:
    """How files are converted, but for what their dataset says.

    Files are made below `work`, an existing folder; those of dead letters are called `<letters>-00001.ndjson`
    and so on, and end at about `letters_bytes`. No undeclared key gets a column called as one of `reserved`.
    `timed` may count the time that passes in the readers. The limits on keys are of each file, and count no
    declared one.
    """

    work: Path
    registry: ColumnRegistry
    letters: str = "rejects"
    letters_bytes: int = _ANY_SIZE
    variables: Mapping[str, str | datetime] = field(default_factory=dict)
    date_formats: Sequence[str] = DATE_FORMATS
    resources: Resources = DEFAULT_RESOURCES
    allowed: PartitionValues = ANY_VALUES
    reserved: frozenset[str] = frozenset()
    limits: RecordLimits = DEFAULT_LIMITS
    file_limits: FileLimits = DEFAULT_FILE_LIMITS
    timed: Callable[[Iterator[FormatBatch]], Iterator[FormatBatch]] = iter


@dataclass(slots=True)
class FileOutcome:
    """Result of one file: its rows and dead letters, or why it is to be quarantined whole.

    `first` is what the audit tells of the dead letter of the lowest line: its line, column and reason.
    """

    rows: int = 0
    rejected: int = 0
    first: FirstReject | None = None
    refused: WholeFileError | None = None


@dataclass(slots=True)
class Converted:
    """Result of a unit of work; its files are in the work folder, `objects` those of the sink.

    `files` has an entry for each file, in order; `keys` are the undeclared keys that have columns, with their
    catalog names, sorted by the latter; `new_columns` those of the names that were admitted on the way;
    `others` the keys in `_other`, and `other_rows` the rows that have such; `input_bytes` are decompressed.
    Where it `is_spoilt`, rows of a file that is refused are among the others: the work is to be done again,
    without the files that are. It is kept up to date as rows and refusals come: to look at all files for
    each batch of rows would take the square of their number.
    """

    objects: tuple[StagedFile, ...] = ()
    dead_letters: tuple[StagedFile, ...] = ()
    files: list[FileOutcome] = field(default_factory=list)
    issues: Mapping[str, int] = field(default_factory=dict)
    drift: tuple[str, ...] = ()
    keys: Mapping[str, str] = field(default_factory=dict)
    new_columns: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    other_rows: int = 0
    input_bytes: int = 0
    is_spoilt: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the undeclared columns."""
        return tuple(self.keys.values())

    @property
    def rows(self) -> int:
        """Rows of all files."""
        return sum(file.rows for file in self.files)

    @property
    def rejected(self) -> int:
        """Dead letters of all files."""
        return sum(file.rejected for file in self.files)


def convert(dataset: Dataset, files: Iterable[InputFile], sink: Sink, way: Way) -> Converted:
    """Convert the files together, in their order, into rows of the sink, dead letters and counts.

    The same files give the same bytes where the registry admits the same columns. Raises `DeclarationError`,
    `TransformError`, `FilledDiskError` with the number of the file that fills the disk, `TransientError` or
    `OSError` for a disk that is full of others, and what the chunks raise but for `WholeFileError`: then what
    lies in `work` is invalid.
    """
    return _Run(dataset, sink, way).run(files)


class _Run:
    def __init__(self, dataset: Dataset, sink: Sink, way: Way) -> None:
        self._dataset = dataset
        self._sink = sink
        self._way = way
        self._sources = Sources(way.limits)
        self._letters = SortedLetters(
            way.work, way.letters, way.letters_bytes, self._sources.all, way.file_limits
        )
        self._partitions = FilePartitions(way.file_limits)
        self._disk = DiskWatch(way.work, spill_folder())
        self._issues = IssueCounts()
        self._told: dict[str, None] = {}
        self._first: defaultdict[int, list[str]] = defaultdict(list)
        self._result = Converted()

    def run(self, files: Iterable[InputFile]) -> Converted:
        result = self._result
        way = self._way
        refusals = Refusals(
            partial(self._refuse, "of-input"), partial(self._refuse, "of-output"), self._letters.admits
        )
        with (
            self._disk,
            self._letters,
            TypedTransform(
                self._dataset,
                self._transform(),
                self._sources.all,
                refusals,
                registry=way.registry,
                allowed=way.allowed,
                reserved=way.reserved,
                work=way.work,
            ) as transform,
            self._sink,
        ):
            batches = self._batches(files, transform)
            if self._dataset.transform is not None:
                batches = gathered(batches, way.limits)
            for output in transform.run(batches):
                self._take(output)
            self._judge()
        result.issues = {**self._issues.sorted(), **transform.issues()}
        undeclared = transform.undeclared
        result.keys = dict(sorted(undeclared.names.items(), key=lambda item: item[1]))
        result.new_columns = tuple(undeclared.new)
        result.others, result.other_rows = tuple(undeclared.others), undeclared.other_rows
        result.drift = (*self._told, *drift_sentences(result.keys, result.others), *transform.dropped())
        result.objects, result.dead_letters = tuple(self._sink.files), tuple(self._letters.files)
        return result

    def _transform(self) -> Transform | None:
        if self._dataset.transform is None:
            return None
        way = self._way
        return Transform(self._dataset.transform, way.variables, way.date_formats, way.resources, way.work)

    def _take(self, output: OutputRows) -> None:
        for number, rows in sources_of(output.places):
            file = self._result.files[number]
            file.rows += rows
            self._result.is_spoilt |= file.refused is not None
        self._issues.add(output.columns.get(ISSUES_COLUMN))
        if self._dataset.partitions:
            paths = partition_paths(output.columns, self._dataset.partitions, output.rows)
            self._partitions.add(output.places["source"], paths)
            for number, error in self._partitions.beyond.items():
                self._give_up(number, error)
        if not self._result.is_spoilt:
            self._sink.write(output)

    def _batches(self, files: Iterable[InputFile], transform: TypedTransform) -> Iterator[SourcedBatch]:
        asked = Asked(
            self._dataset.format,
            self._dataset.columns,
            self._way.limits,
            self._way.file_limits,
            self._way.file_limits.dead_letters,
            keeps_bytes=transform.may_refuse,
        )
        for number, file in enumerate(files):
            self._sources.begin(file.source)
            self._result.files.append(FileOutcome())
            try:
                yield from self._batches_of(number, file, asked, transform)
            except WholeFileError as error:
                self._give_up(number, error)

    def _batches_of(
        self, number: int, file: InputFile, asked: Asked, transform: TypedTransform
    ) -> Iterator[SourcedBatch]:
        chunks = self._disk.reading(number, self._counted(file.chunks()))
        for batch in self._way.timed(read(asked, Content(chunks, self._way.work, self._tell))):
            if not self._letters.admits(number, batch.rejects.num_rows):
                break
            rows, others = transform.narrowed(batch.rows)
            yield self._sources.placed(replace(batch, rows=rows), others)

    def _counted(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self._result.input_bytes += len(chunk)
            yield chunk

    def _tell(self, sentence: str) -> None:
        self._told[sentence] = None

    def _give_up(self, number: int, error: WholeFileError) -> None:
        file = self._result.files[number]
        if file.refused is None:
            file.refused = error
            self._result.is_spoilt |= file.rows > 0
            self._letters.leave_out(number)

    def _judge(self) -> None:
        """Refuse the files beyond a limit, and those of which the dataset says that too little is left."""
        for number, error in self._letters.beyond.items():
            self._give_up(number, error)
        for number, file in enumerate(self._result.files):
            # a line that is rejected again is a dead letter again, and the others are none the worse
            is_judged = file.refused is None and not self._sources.all[number].is_correction
            if is_judged and (verdict := self._verdict(number, file)) is not None:
                self._give_up(number, verdict)
            if file.refused is not None:
                file.rejected, file.first = 0, None

    def _verdict(self, number: int, file: FileOutcome) -> WholeFileError | None:
        records, most = file.rows + file.rejected, self._dataset.maximum_rejected_percent
        if not records and self._dataset.empty_files == "quarantine":
            return EmptyFileError("the file has no record, and its dataset quarantines such files")
        if (
            records == 1
            and isinstance(self._dataset.format, JsonFormat)
            and self._dataset.pipeline != "uploads"
        ):
            return None  # a document, whose dead letter is the file; and no earlier output stands for it
        if file.rejected and (not file.rows or 100 * file.rejected > most * records):
            wanted = f"at most {most:g} percent of the records rejected" if file.rows else "a row"
            letters = "; ".join(self._first[number])
            return TooManyRejectedError(
                f"expected {wanted}, got {file.rejected} dead letters of {records} records: {letters}"
            )
        return None

    def _refuse(self, kind: Kind, letters: Iterable[SourcedLetter]) -> None:
        letters = list(letters)
        self._letters.write(kind, letters)
        for number, letter in letters:
            file = self._result.files[number]
            file.rejected += 1
            if file.first is None or letter.line < file.first["line"]:
                file.first = {"line": letter.line, "column": letter.column, "reason": letter.reason}
            if len(first := self._first[number]) < _LETTERS_NAMED:
                first.append(f"line {letter.line}: {letter.message}")


def file_result(hashed: Hashed, converted: Converted) -> FileResult:
    """Return the result of a unit of one file, which is read to its end for its digest."""
    [outcome] = converted.files
    if outcome.refused is not None:
        return unreadable_file(hashed, outcome.refused.reason, str(outcome.refused))
    hashed.drain()
    return FileResult(
        content_sha256=hashed.hexdigest(),
        input_count=outcome.rows + outcome.rejected,
        cleaned_count=outcome.rows,
        output_count=outcome.rows,
        rejected_count=outcome.rejected,
        first=outcome.first,
        issues=dict(converted.issues),
        drift=converted.drift,
        columns=converted.columns,
        other_rows=converted.other_rows,
        objects=converted.objects,
        rejects=next((file.path for file in converted.dead_letters), None),
    )
