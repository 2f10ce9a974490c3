"""Conversion of fetched files to one Parquet file and dead letters, without AWS or Spark."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, Literal, TypeVar

from tributary.conversion import chain
from tributary.conversion.sinks import DatedObject
from tributary.datasets import Dataset
from tributary.errors import FilledDiskError
from tributary.kernels.file_limits import DEFAULT_FILE_LIMITS, FileLimits
from tributary.kernels.formats.asked import DEFAULT_LIMITS
from tributary.kernels.output.growing_parquet import ParquetSettings
from tributary.kernels.output.source_columns import DATED_SOURCE_COLUMNS
from tributary.kernels.output.undeclared import ColumnRegistry
from tributary.kernels.record_limits import RecordLimits
from tributary.manifests.manifest import Entry
from tributary.objects.fetching import Fetch, Fetched, Unreadable
from tributary.running.time_limit import TimeLimit

T = TypeVar("T")

_RESERVED: Final = frozenset({"date", *DATED_SOURCE_COLUMNS.names})
"""Columns that stand in the paths of the files, and those of a row's source."""


@dataclass(slots=True)
class Seconds:
    """Seconds by stage: waiting for files, reading, all up to the Parquet file, putting objects."""

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
    `other_rows` the rows that have such. Where it `is_spoilt`, rows of a file that is `unreadable` are among
    the others: the files are to be converted again, without those that are.
    """

    parquet: Path
    rejects: Path | None = None
    rows: int = 0
    dead_letters: int = 0
    other_rows: int = 0
    columns: list[str] = field(default_factory=list)
    new_columns: list[str] = field(default_factory=list)
    others: tuple[str, ...] = ()
    drift: tuple[str, ...] = ()
    issues: Mapping[str, int] = field(default_factory=dict)
    published: dict[Entry, chain.FileOutcome] = field(default_factory=dict)
    unreadable: dict[Entry, Unreadable] = field(default_factory=dict)
    is_spoilt: bool = False


def convert(
    dataset: Dataset,
    files: Iterable[Fetch[Entry]],
    work: Path,
    metadata: Mapping[str, str],
    seconds: Seconds,
    *,
    registry: ColumnRegistry,
    limits: RecordLimits = DEFAULT_LIMITS,
    file_limits: FileLimits = DEFAULT_FILE_LIMITS,
    settings: ParquetSettings | None = None,
) -> Converted:
    """Write the rows of the files, in order, into files below `work`.

    The same files give the same bytes where the registry admits the same columns. The limits on keys are of
    each file. A file that is refused, or fills the disk, is unreadable.
    """
    result = Converted(work / "rows.parquet")
    begun: list[Entry] = []
    began, waited = time.perf_counter(), seconds.fetch + seconds.parse
    sources: list[tuple[str, str, int]] = []
    sink = DatedObject(dataset, result.parquet, metadata, sources, settings)
    way = chain.Way(
        work=work,
        registry=registry,
        reserved=_RESERVED,
        limits=limits,
        file_limits=file_limits,
        timed=partial(seconds.waiting, stage="parse"),
    )

    def readable(clock: TimeLimit) -> Iterator[chain.InputFile]:
        for file in clock.fetching(seconds.waiting(files, "fetch")):
            if not isinstance(file, Fetched):
                result.unreadable[file[0]] = file[1]
                continue
            entry = file.entry
            begun.append(entry)
            sources.append((entry.key, entry.version_id, entry.revision))
            with file.content:
                yield chain.InputFile(entry.source, partial(_content, file, clock))

    try:
        with TimeLimit(file_limits.seconds) as clock:
            found = chain.convert(dataset, readable(clock), sink, way)
    except FilledDiskError as error:
        result.unreadable[begun[error.file]] = Unreadable(error.reason, str(error))
        result.is_spoilt = True
        return result
    seconds.write += time.perf_counter() - began - (seconds.fetch + seconds.parse - waited)
    for entry, outcome in zip(begun, found.files, strict=True):
        if outcome.refused is None:
            result.published[entry] = outcome
        else:
            result.unreadable[entry] = Unreadable(outcome.refused.reason, str(outcome.refused))
    result.rejects = next((file.path for file in found.dead_letters), None)
    result.rows, result.dead_letters = found.rows, found.rejected
    result.columns, result.new_columns = sink.columns, list(found.new_columns)
    result.other_rows, result.others = found.other_rows, found.others
    result.drift, result.issues = found.drift, found.issues
    result.is_spoilt = found.is_spoilt
    return result


def _content(file: Fetched[Entry], clock: TimeLimit) -> Iterator[bytes]:
    return clock.reading(file.chunks())
