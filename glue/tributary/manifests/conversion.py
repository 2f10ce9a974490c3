"""Conversion of fetched files to one Parquet file and dead letters, without AWS or Spark."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

from tributary.errors import FilledDiskError, TooManyDeadLettersError
from tributary.kernels.file_limits import DEFAULT_FILE_LIMITS, FileLimits
from tributary.kernels.formats.asked import DEFAULT_LIMITS
from tributary.kernels.formats.batch import FormatBatch
from tributary.kernels.formats.ndjson.batch import NdjsonLimits
from tributary.kernels.formats.ndjson.parse import parse
from tributary.kernels.output.dead_letters import DeadLetterWriter, rejected_lines
from tributary.kernels.output.disk import DiskWatch
from tributary.kernels.output.growing_parquet import ParquetSettings
from tributary.kernels.output.text_parquet import TextParquet
from tributary.kernels.output.undeclared import ColumnRegistry
from tributary.manifests.manifest import Entry
from tributary.objects.fetching import Fetch, Fetched, Unreadable
from tributary.running.time_limit import TimeLimit

T = TypeVar("T")

_PARTITIONS = frozenset({"date"})
"""Columns that stand in the paths of the files instead of in them."""


@dataclass(slots=True)
class Seconds:
    """Seconds by stage: waiting for files, parsing, writing Parquet and dead letters, putting objects."""

    fetch: float = 0.0
    parse: float = 0.0
    write: float = 0.0
    put: float = 0.0

    def waiting(self, items: Iterable[T], stage: Literal["fetch", "parse"]) -> Iterator[T]:
        """Yield the items, and count the wait for each to `stage`."""
        iterator = iter(items)
        while True:
            began = time.perf_counter()
            item = next(iterator, None)
            setattr(self, stage, getattr(self, stage) + time.perf_counter() - began)
            if item is None:
                return
            yield item


@dataclass(slots=True)
class Converted:
    """Result of the files; its paths are in the work folder, `rejects` is None without dead letters.

    `new_columns` are those of the columns that were admitted on the way; `others` the keys in `_other`, and
    `other_rows` the rows that have such. Where it `is_spoilt`, rows of a file that is `unreadable`, for it is
    beyond a limit, are among the others: the files are to be converted again, without those.
    """

    parquet: Path
    rejects: Path | None = None
    rows: int = 0
    dead_letters: int = 0
    other_rows: int = 0
    columns: list[str] = field(default_factory=list)
    new_columns: list[str] = field(default_factory=list)
    others: tuple[str, ...] = ()
    published: list[Entry] = field(default_factory=list)
    unreadable: dict[Entry, Unreadable] = field(default_factory=dict)
    is_spoilt: bool = False


def convert(
    files: Iterable[Fetch[Entry]],
    work: Path,
    compression: Literal["snappy", "zstd"],
    metadata: Mapping[str, str],
    seconds: Seconds,
    *,
    registry: ColumnRegistry,
    limits: NdjsonLimits = DEFAULT_LIMITS,
    file_limits: FileLimits = DEFAULT_FILE_LIMITS,
) -> Converted:
    """Write the rows of the files, in order, into files below `work`.

    The same files give the same bytes where the registry admits the same columns. The limits on keys are of
    each file. A file that has too many dead letters, or fills the disk, is unreadable.
    """
    result = Converted(work / "rows.parquet")
    settings = ParquetSettings(compression=compression)
    begun: list[Entry] = []
    try:
        with (
            TimeLimit(file_limits.seconds) as clock,
            DiskWatch(work) as disk,
            DeadLetterWriter(work / "rejects.ndjson", file_limits) as letters,
        ):
            with TextParquet(result.parquet, settings, metadata, _PARTITIONS, registry) as parquet:
                writer = _Writer(parquet, letters, limits, _Watch(clock, disk, begun))
                _write_all(clock.fetching(seconds.waiting(files, "fetch")), writer, result, seconds)
                began = time.perf_counter()
            seconds.write += time.perf_counter() - began
    except FilledDiskError as error:
        result.unreadable[begun[error.file]] = Unreadable(error.reason, str(error))
        result.is_spoilt = True
        return result
    result.rejects, result.rows, result.dead_letters = letters.path, parquet.rows, letters.count
    undeclared = parquet.undeclared
    result.columns, result.new_columns = parquet.columns, undeclared.new
    result.other_rows, result.others = undeclared.other_rows, tuple(undeclared.others)
    result.is_spoilt = writer.is_spoilt
    return result


def _write_all(files: Iterable[Fetch[Entry]], writer: "_Writer", result: Converted, seconds: Seconds) -> None:
    for file in files:
        if not isinstance(file, Fetched):
            result.unreadable[file[0]] = file[1]
            continue
        with file.content:
            beyond = writer.write(file, seconds)
        if beyond is None:
            result.published.append(file.entry)
        else:
            result.unreadable[file.entry] = Unreadable(beyond.reason, str(beyond))


@dataclass(frozen=True, slots=True)
class _Watch:
    """Limits of time and disk, and the files so far, by whose numbers the disk is told."""

    clock: TimeLimit
    disk: DiskWatch
    begun: list[Entry]

    def reading(self, file: Fetched[Entry]) -> Iterator[bytes]:
        self.begun.append(file.entry)
        return self.clock.reading(self.disk.reading(len(self.begun) - 1, file.chunks()))


class _Writer:
    """Writes rows to Parquet, and rejects to dead letters."""

    def __init__(
        self, parquet: TextParquet, letters: DeadLetterWriter, limits: NdjsonLimits, watch: _Watch
    ) -> None:
        self._parquet = parquet
        self._letters = letters
        self._limits = limits
        self._watch = watch
        self.is_spoilt = False

    def write(self, file: Fetched[Entry], seconds: Seconds) -> TooManyDeadLettersError | None:
        """Write one file; return the limit that it passes, None where it passes none."""
        rows = self._parquet.rows
        try:
            self._write_file(file, seconds)
        except TooManyDeadLettersError as error:
            self._letters.take_back(file.entry.source)
            self.is_spoilt = self.is_spoilt or self._parquet.rows > rows
            return error
        return None

    def _write_file(self, file: Fetched[Entry], seconds: Seconds) -> None:
        for batch in seconds.waiting(parse(self._watch.reading(file), self._limits), "parse"):
            began = time.perf_counter()
            self._write(file.entry, batch)
            seconds.write += time.perf_counter() - began

    def _write(self, entry: Entry, batch: FormatBatch) -> None:
        self._letters.expect(entry.source, batch.rejects.num_rows)
        self._letters.write(entry.source, rejected_lines(batch.rejects, self._limits))
        if not self.is_spoilt:
            self._parquet.write(batch, entry.key, entry.version_id, entry.revision)
