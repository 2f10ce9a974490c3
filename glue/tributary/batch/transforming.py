"""Attempt at the objects of a batch, in whatever process it runs: fetch, transform, stage."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from tributary.batch.audit import stage_outcomes
from tributary.batch.names import OUTCOMES_NAME, archived_key, dead_letters_key, staged_key, table_key
from tributary.batch.reading import AHEAD, fetch
from tributary.batch.suspects import poison_files
from tributary.batch.task import Staged, TransformTask, UnreadableFile
from tributary.conversion.batch import transform_batch
from tributary.conversion.chain import Converted, FileOutcome, InputFile
from tributary.conversion.faults import FAULTS_OF_A_FILE
from tributary.errors import FilledDiskError, TerminalError, TransientError, brief, describe
from tributary.kernels.output.staged import StagedFile
from tributary.kernels.output.undeclared import ColumnRegistry, LocalColumns
from tributary.kernels.source import Source
from tributary.kernels.transform.partition_values import calendar_ranges
from tributary.kernels.transform.sql import Resources
from tributary.ledger.claims import BatchFile
from tributary.objects import content_types
from tributary.objects.fetching import Fetch, Fetched, ReadAhead, Unreadable
from tributary.objects.quarantine import quarantine_version
from tributary.objects.refusals import UNREADABLE
from tributary.objects.writes import put_file
from tributary.running.clients import CONCURRENT_REQUESTS
from tributary.running.memory import peak_bytes
from tributary.running.table_columns import TableColumns
from tributary.running.tasks import Failed
from tributary.running.temporary import temporary_folder
from tributary.running.time_limit import TimeLimit

_DUCKDB_BYTES = 256 << 20
_MEBIBYTE = 1 << 20


def transform(task: TransformTask) -> Staged | Failed:
    """Stage the objects of a batch; a failure is returned as an answer, for the driver counts attempts."""
    try:
        with temporary_folder("batch") as work:
            return _Attempt(task, work).run()
    except TerminalError as error:
        return Failed(error.reason, describe(error))
    except Exception as error:  # noqa: BLE001 returned to the driver, which gives the batch back
        return Failed("error", describe(error))


def _try(task: TransformTask, files: tuple[BatchFile, ...]) -> None:
    """Process some files as for their batch, and keep nothing."""
    with temporary_folder("trial") as work:
        _Attempt(replace(task, files=files), work).transform(LocalColumns())


def _content(file: Fetched[BatchFile], clock: TimeLimit) -> Iterator[bytes]:
    return clock.reading(file.chunks())


class _Attempt:
    def __init__(self, task: TransformTask, work: Path) -> None:
        self._task = task
        self._work = work
        self._dataset = task.dataset
        self._begun: list[BatchFile] = []
        self._outcomes: dict[BatchFile, FileOutcome] = {}
        self._unreadable: dict[BatchFile, Unreadable] = {}
        self._fetch_seconds = 0.0
        self._seconds = task.settings.file_limits.seconds

    def run(self) -> Staged:
        began, cpu_began = time.perf_counter(), time.process_time()
        result = self._transform(TableColumns(self._dataset.name, self._task.settings.columns))
        transformed = time.perf_counter()
        objects = self._stage(result)
        outcomes = self._stage_outcomes()
        if self._unreadable:
            self._quarantine()
        ended = time.perf_counter()
        measures = {
            "fetch_seconds": self._fetch_seconds,
            "transform_seconds": transformed - began - self._fetch_seconds,
            "stage_seconds": ended - transformed,
            "cpu_seconds": time.process_time() - cpu_began,
            "peak_mebibytes": peak_bytes() / _MEBIBYTE,
        }
        return Staged(
            objects=objects,
            counts=self._counts(result, objects, ended - began) | outcomes,
            partial_ids=[file.id for file, outcome in self._outcomes.items() if outcome.rejected],
            unreadable=tuple(
                UnreadableFile(file.id, why.reason, brief(why.message))
                for file, why in self._unreadable.items()
            ),
            measures={name: round(value, 3) for name, value in measures.items()},
        )

    def _transform(self, registry: ColumnRegistry) -> Converted:
        """Transform the files but for poison ones: searched for if suspected, or after an error of one."""
        if not self._task.by_file:
            try:
                return self.transform(registry)
            except FAULTS_OF_A_FILE:
                if len(self._task.files) == 1:
                    raise
                self._begin_again()
        self._find_poison_files()
        return self.transform(registry)

    def _find_poison_files(self) -> None:
        settings = self._task.settings
        trial = partial(_try, replace(self._task, files=(), by_file=False))
        files = [file for file in self._task.files if file not in self._unreadable]
        found = poison_files(files, settings.child_bytes, settings.file_limits.seconds, trial)
        self._unreadable.update(found)
        # What passed the search may take together what its parts may take: each had its own limit there.
        self._seconds = settings.file_limits.seconds * len(files)

    def transform(self, registry: ColumnRegistry) -> Converted:
        """Transform the readable files into files of the work folder.

        Again, where one of them is beyond a limit after it gave rows, all of which are found at the first
        time, or fills the disk.
        """
        while True:
            try:
                result = self._transform_once(registry)
            except FilledDiskError as error:
                self._unreadable[self._begun[error.file]] = Unreadable(error.reason, str(error))
                self._begin_again()
                continue
            for file, outcome in self._outcomes.items():
                if outcome.refused is not None:
                    self._unreadable[file] = Unreadable(outcome.refused.reason, str(outcome.refused))
            self._outcomes = {file: it for file, it in self._outcomes.items() if it.refused is None}
            if not result.is_spoilt:
                return result
            self._begin_again()

    def _begin_again(self) -> None:
        for path in self._work.iterdir():
            path.unlink()

    def _transform_once(self, registry: ColumnRegistry) -> Converted:
        settings = self._task.settings
        wanted = [file for file in self._task.files if file not in self._unreadable]
        self._begun = []
        fetched = partial(fetch, prefix=self._dataset.prefix, limits=settings.file_limits)
        with (
            TimeLimit(self._seconds) as clock,
            ReadAhead(wanted, self._work, fetched, AHEAD) as files,
        ):
            result = transform_batch(
                self._dataset,
                self._sources(clock.fetching(files), clock),
                batch_id=self._task.batch,
                ranges=calendar_ranges(settings.first_year, settings.last_year),
                work=self._work,
                object_bytes=settings.object_bytes,
                registry=registry,
                resources=Resources(settings.threads, _DUCKDB_BYTES),
                file_limits=settings.file_limits,
            )
        self._outcomes = dict(zip(self._begun, result.files, strict=True))
        return result

    def _sources(self, files: Iterator[Fetch[BatchFile]], clock: TimeLimit) -> Iterator[InputFile]:
        """Yield the readable files; note the reasons of the others."""
        while True:
            began = time.perf_counter()
            file = next(files, None)
            self._fetch_seconds += time.perf_counter() - began
            if file is None:
                return
            if not isinstance(file, Fetched):
                self._give_up(*file)
                continue
            entry = file.entry
            self._begun.append(entry)
            with file.content:
                source = Source(entry.bucket, entry.key, entry.version_id)
                yield InputFile(source, partial(_content, file, clock))

    def _give_up(self, file: BatchFile, why: Unreadable) -> None:
        """Note a file without rows; raises `TransientError` in a replay where it was readable before.

        No sender can change a version, so what S3 refuses now was archived, or lost its key, in our account.
        """
        if self._task.is_replay and why.reason in UNREADABLE:
            raise TransientError(f"{why.message}; the replay leaves its rows as they are")
        self._unreadable[file] = why

    def _stage(self, result: Converted) -> list[dict[str, Any]]:
        """Write the files below the staging prefix; return the commit's list of them."""
        name = self._dataset.name
        placed = [
            *(("curated", table_key(name, file.partition, file.name), file) for file in result.objects),
            *(
                ("quarantine", dead_letters_key(self._task.batch, file.name), file)
                for file in result.dead_letters
            ),
        ]
        with ThreadPoolExecutor(CONCURRENT_REQUESTS) as threads:
            return list(threads.map(self._stage_one, *zip(*placed, strict=True))) if placed else []

    def _stage_one(self, bucket: str, key: str, file: StagedFile) -> dict[str, Any]:
        task = self._task
        staged = staged_key(task.batch, task.token, task.attempt, key)
        content_type = content_types.PARQUET if bucket == "curated" else content_types.NDJSON
        put_file(task.settings.destinations.curated, staged, file.path, content_type)
        return {"bucket": bucket, "staged": staged, "name": key, "rows": file.rows, "bytes": file.bytes}

    def _stage_outcomes(self) -> dict[str, str]:
        """Stage what came of each file, if that is audited; return where, for the commit's counts."""
        task, destinations = self._task, self._task.settings.destinations
        if not destinations.is_audited:
            return {}
        key = staged_key(task.batch, task.token, task.attempt, OUTCOMES_NAME)
        stage_outcomes(destinations.curated, key, self._outcomes)
        return {"outcomes": key}

    def _quarantine(self) -> None:
        with ThreadPoolExecutor(CONCURRENT_REQUESTS) as threads:
            for _ in threads.map(self._quarantine_one, *zip(*self._unreadable.items(), strict=True)):
                pass

    def _quarantine_one(self, file: BatchFile, why: Unreadable) -> None:
        bucket = self._task.settings.destinations.quarantine
        archived = archived_key(file.key, file.version_id, self._dataset.prefix)
        quarantine_version(file, why, self._dataset.name, bucket, archived)

    def _counts(self, result: Converted, objects: list[dict[str, Any]], seconds: float) -> dict[str, Any]:
        """Return the counts of the commit and of its event."""
        return {
            "dataset": self._dataset.name,
            "token": self._task.token,
            "files": len(self._outcomes),
            "partial_files": sum(1 for outcome in self._outcomes.values() if outcome.rejected),
            "rows": result.rows,
            "dead_letters": result.rejected,
            "other_rows": result.other_rows,
            "input_bytes": sum(file.size for file in self._outcomes),
            "output_bytes": sum(entry["bytes"] for entry in objects if entry["bucket"] == "curated"),
            "columns": list(result.columns),
            "seconds": round(seconds, 3),
        }
