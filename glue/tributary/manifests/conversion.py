"""Conversion of fetched files to one Parquet file and dead letters, without AWS or Spark."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

from tributary.datasets.text import PARTITIONS
from tributary.kernels.ndjson.batch import NdjsonBatch, NdjsonLimits
from tributary.kernels.ndjson.key_budget import KeyBudget, LineReader
from tributary.kernels.ndjson.parse import DEFAULT_LIMITS, parse
from tributary.kernels.output.dead_letters import DeadLetterWriter, rejected_lines
from tributary.kernels.output.growing_parquet import ParquetSettings
from tributary.kernels.output.text_parquet import TextParquet
from tributary.manifests.manifest import Entry
from tributary.objects.fetching import Fetch, Fetched, Unreadable

T = TypeVar("T")


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
    """Result of the files; its paths are in the work folder, `rejects` is None without dead letters."""

    parquet: Path
    rejects: Path | None = None
    rows: int = 0
    dead_letters: int = 0
    columns: list[str] = field(default_factory=list)
    published: list[Entry] = field(default_factory=list)
    unreadable: dict[Entry, Unreadable] = field(default_factory=dict)


def convert(
    files: Iterable[Fetch[Entry]],
    work: Path,
    compression: Literal["snappy", "zstd"],
    metadata: Mapping[str, str],
    seconds: Seconds,
    *,
    limits: NdjsonLimits = DEFAULT_LIMITS,
) -> Converted:
    """Write the rows of the files, in order, into files below `work`; the same files give the same bytes.

    The limits on keys apply to each file and to all together.
    """
    result = Converted(work / "rows.parquet")
    settings = ParquetSettings(compression=compression)
    with DeadLetterWriter(work / "rejects.ndjson") as letters:
        with TextParquet(result.parquet, settings, metadata, PARTITIONS) as parquet:
            writer = _Writer(parquet, letters, limits)
            for file in seconds.waiting(files, "fetch"):
                if isinstance(file, Fetched):
                    with file.content:
                        writer.write(file, seconds)
                    result.published.append(file.entry)
                else:
                    result.unreadable[file[0]] = file[1]
            began = time.perf_counter()
        seconds.write += time.perf_counter() - began
    result.rejects, result.rows, result.dead_letters = letters.path, parquet.rows, letters.count
    result.columns = parquet.columns
    return result


class _Writer:
    """Writes rows to Parquet, and rejects and rows beyond the limit on keys to dead letters."""

    def __init__(self, parquet: TextParquet, letters: DeadLetterWriter, limits: NdjsonLimits) -> None:
        self._parquet = parquet
        self._letters = letters
        self._limits = limits
        self._budget = KeyBudget(limits)

    def write(self, file: Fetched[Entry], seconds: Seconds) -> None:
        """Write one file."""
        again = LineReader(file.chunks())
        for batch in seconds.waiting(parse(file.chunks(), self._limits), "parse"):
            began = time.perf_counter()
            self._write(file.entry, batch, again)
            seconds.write += time.perf_counter() - began

    def _write(self, entry: Entry, batch: NdjsonBatch, again: LineReader) -> None:
        rows, beyond = self._budget.split(batch)
        self._parquet.write(rows, entry.key, entry.version_id, entry.revision)
        letters = [*rejected_lines(batch.rejects, self._limits)]
        if beyond is not None:
            letters += self._budget.dead_letters(beyond, again)
            letters.sort(key=lambda letter: letter.line)
        self._letters.write(entry.source.fields, letters)
