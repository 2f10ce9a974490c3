"""Attempt at the objects of a batch, in whatever process it runs: fetch, transform, stage."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from tributary.batch.names import archived_key, dead_letters_key, staged_key, table_key
from tributary.batch.reading import AHEAD, fetch
from tributary.batch.suspects import poison_files
from tributary.batch.task import Staged, TransformTask, UnreadableFile
from tributary.batch.versions import parsed
from tributary.conversion.json_batch import BatchSource, TransformedBatch, transform_batch
from tributary.errors import TerminalError, TransientError, brief, describe
from tributary.kernels.output.staged import StagedFile
from tributary.kernels.source import Source
from tributary.kernels.transform.partition_values import calendar_ranges
from tributary.kernels.transform.sql import Resources
from tributary.ledger.claims import BatchFile
from tributary.objects import content_types
from tributary.objects.fetching import Fetched, ReadAhead, Unreadable
from tributary.objects.quarantine import quarantine_version
from tributary.objects.refusals import UNREADABLE
from tributary.objects.writes import put_file
from tributary.running.clients import CONCURRENT_REQUESTS
from tributary.running.memory import peak_bytes
from tributary.running.tasks import Failed
from tributary.running.temporary import temporary_folder

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
        _Attempt(replace(task, files=files), work).transform()


class _Attempt:
    def __init__(self, task: TransformTask, work: Path) -> None:
        self._task = task
        self._work = work
        self._dataset = parsed(task.dataset)
        self._read: list[BatchFile] = []
        self._unreadable: dict[BatchFile, Unreadable] = {}
        self._fetch_seconds = 0.0

    def run(self) -> Staged:
        began, cpu_began = time.perf_counter(), time.process_time()
        if self._task.by_file:
            self._unreadable.update(self._find_poison_files())
        result = self.transform()
        transformed = time.perf_counter()
        objects = self._stage(result)
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
            counts=self._counts(result, objects, ended - began),
            partial_ids=[
                file.id for file, outcome in zip(self._read, result.files, strict=True) if outcome.rejected
            ],
            unreadable=tuple(
                UnreadableFile(file.id, why.reason, brief(why.message))
                for file, why in self._unreadable.items()
            ),
            measures={name: round(value, 3) for name, value in measures.items()},
        )

    def _find_poison_files(self) -> dict[BatchFile, Unreadable]:
        trial = partial(_try, replace(self._task, files=(), by_file=False))
        return poison_files(self._task.files, self._task.settings.child_bytes, trial)

    def transform(self) -> TransformedBatch:
        """Transform the readable files into files of the work folder."""
        settings = self._task.settings
        wanted = [file for file in self._task.files if file not in self._unreadable]
        with ReadAhead(wanted, self._work, fetch, AHEAD) as files:
            return transform_batch(
                self._dataset,
                self._sources(files),
                batch_id=self._task.batch,
                ranges=calendar_ranges(settings.first_year, settings.last_year),
                work=self._work,
                object_bytes=settings.object_bytes,
                resources=Resources(settings.threads, _DUCKDB_BYTES),
            )

    def _sources(self, files: ReadAhead[BatchFile]) -> Iterator[BatchSource]:
        """Yield the readable files; note the reasons of the others."""
        following = iter(files)
        while True:
            began = time.perf_counter()
            file = next(following, None)
            self._fetch_seconds += time.perf_counter() - began
            if file is None:
                return
            if not isinstance(file, Fetched):
                self._give_up(*file)
                continue
            entry = file.entry
            self._read.append(entry)
            with file.content:
                yield BatchSource(Source(entry.bucket, entry.key, entry.version_id), file.chunks)

    def _give_up(self, file: BatchFile, why: Unreadable) -> None:
        """Note a file without rows; raises `TransientError` in a replay where it was readable before.

        No sender can change a version, so what S3 refuses now was archived, or lost its key, in our account.
        """
        if self._task.is_replay and why.reason in UNREADABLE:
            raise TransientError(f"{why.message}; the replay leaves its rows as they are")
        self._unreadable[file] = why

    def _stage(self, result: TransformedBatch) -> list[dict[str, Any]]:
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

    def _quarantine(self) -> None:
        with ThreadPoolExecutor(CONCURRENT_REQUESTS) as threads:
            for _ in threads.map(self._quarantine_one, *zip(*self._unreadable.items(), strict=True)):
                pass

    def _quarantine_one(self, file: BatchFile, why: Unreadable) -> None:
        bucket = self._task.settings.destinations.quarantine
        archived = archived_key(file.key, file.version_id)
        quarantine_version(file, why, self._dataset.name, bucket, archived)

    def _counts(
        self, result: TransformedBatch, objects: list[dict[str, Any]], seconds: float
    ) -> dict[str, Any]:
        """Return the counts of the commit and of its event."""
        return {
            "dataset": self._dataset.name,
            "token": self._task.token,
            "files": len(self._read),
            "partial_files": sum(1 for outcome in result.files if outcome.rejected),
            "rows": result.rows,
            "dead_letters": result.rejected,
            "input_bytes": sum(file.size for file in self._read),
            "output_bytes": sum(entry["bytes"] for entry in objects if entry["bucket"] == "curated"),
            "columns": list(result.columns),
            "seconds": round(seconds, 3),
        }
