"""State machine of one batch under its lease, from the state in which it was claimed to its end.

Only the state machine talks to the ledger; tasks on an engine do the work. Half-done work is continued by the
run that takes the batch over.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Event
from typing import Any, TypeVar

from tributary.batch.archiving import archive
from tributary.batch.audit import audit
from tributary.batch.listed import listed_objects
from tributary.batch.publishing import publish
from tributary.batch.task import (
    ArchiveMode,
    ArchiveTask,
    PublishTask,
    Staged,
    TransformSettings,
    TransformTask,
)
from tributary.batch.transforming import transform
from tributary.batch.versions import parsed
from tributary.datasets import Dataset
from tributary.distribution import Engine
from tributary.distribution.surviving import submit_surviving
from tributary.errors import LeaseLostError, TributaryError, WorkerKilledError, describe
from tributary.ledger.batches import HeldBatches
from tributary.ledger.claims import Batch, BatchFile, batch_files
from tributary.ledger.connection import LedgerConnection
from tributary.ledger.dataset_versions import version_texts
from tributary.running.announcing import Announcer, shares_of_columns
from tributary.running.log import log
from tributary.running.tasks import KILLED_WORKER, Failed

# After this many expired leases a file of the batch is suspected of killing its holders.
_SUSPECT_LAPSES = 2
# After this many killed workers, too.
_SUSPECT_KILLS = 2
_MINIMUM_ARCHIVED = 1000
# Counts of a commit that its line of the log leaves out.
_NOT_TOLD = ("token", "columns", "outcomes")
EVENT = "LedgerBatchPublished"

T = TypeVar("T")
A = TypeVar("A")


class AttemptFailedError(TributaryError):
    """Failure that a task on the batch answered."""


@dataclass(frozen=True)
class BatchSettings:
    """Settings of the work on a batch."""

    transform: TransformSettings
    archive: ArchiveMode
    announcer: Announcer


class BatchStateMachine:
    """Processes batches that this run holds; one call a batch, in a thread of its own."""

    def __init__(
        self,
        *,
        ledger: LedgerConnection,
        held: HeldBatches,
        engine: Engine,
        settings: BatchSettings,
        stopping: Event,
    ) -> None:
        self._ledger = ledger
        self._held = held
        self._engine = engine
        self._settings = settings
        self._stopping = stopping

    def run(self, batch: Batch) -> Batch:
        """Run the batch through its remaining states; return it with its counts.

        Raises `LeaseLostError`, `WorkerKilledError` where the run is to end, `AttemptFailedError`, and what
        the ledger raises.
        """
        files = batch_files(self._ledger, batch)
        dataset = parsed(version_texts(self._ledger, batch.dataset_version))
        if batch.state == "CLAIMED":
            batch, files = self._commit(batch, files, dataset)
        if batch.state == "COMMITTED":
            batch = self._publish(batch)
        self._announce(batch)
        if self._settings.transform.destinations.is_audited:
            audit(self._ledger, batch, files, self._settings.transform.destinations)
        self._archive(batch, files, dataset.prefix)
        return batch

    def _commit(
        self, batch: Batch, files: list[BatchFile], dataset: Dataset
    ) -> tuple[Batch, list[BatchFile]]:
        task = TransformTask(
            batch=batch.id,
            token=batch.token,
            files=tuple(files),
            dataset=dataset,
            settings=self._settings.transform,
            by_file=batch.lapsed_leases >= _SUSPECT_LAPSES,
            is_replay=batch.replays > 0,
        )

        def after_kill(killed: TransformTask, kills: int) -> TransformTask:
            return replace(killed, attempt=kills, by_file=killed.by_file or kills >= _SUSPECT_KILLS)

        staged = self._answer(batch, transform, task, after_kill)
        batch, files = self._quarantine(batch, files, staged)
        committed = self._held.commit(batch, staged.objects, staged.counts, staged.partial_ids)
        _still_held(batch, committed or None)
        log(
            "committed",
            **_names(batch),
            objects=len(staged.objects),
            **{name: value for name, value in staged.counts.items() if name not in _NOT_TOLD},
            **staged.measures,
        )
        committed_batch = replace(batch, state="COMMITTED", objects=staged.objects, counts=staged.counts)
        return committed_batch, files

    def _quarantine(
        self, batch: Batch, files: list[BatchFile], staged: Staged
    ) -> tuple[Batch, list[BatchFile]]:
        """Remove the unreadable files from the batch; their copies are in quarantine."""
        reasons = {file.id: f"{file.reason}: {file.message}" for file in staged.unreadable}
        if not reasons:
            return batch, files
        errors = {file: reasons[file.id] for file in files if file.id in reasons}
        batch = _still_held(batch, self._held.quarantine_files(batch, errors))
        for file, cause in errors.items():
            log("quarantined", batch=batch.id, key=file.key, version=file.version_id, cause=cause)
        return batch, [file for file in files if file.id not in reasons]

    def _publish(self, batch: Batch) -> Batch:
        began = time.monotonic()
        task = PublishTask(
            objects=batch.objects,
            earlier=batch.earlier_objects or [],
            generation=_counts(batch)["token"],
            destinations=self._settings.transform.destinations,
        )
        published = self._answer(batch, publish, task)
        if published.overtaken_by is not None:
            raise LeaseLostError(f"objects of batch {batch.id} under token {published.overtaken_by} stand")
        if not self._held.finish(batch):
            self._retract(batch)
            raise LeaseLostError(f"batch {batch.id} has gone to another run")
        log(
            "published",
            **_names(batch),
            objects=published.objects,
            deleted=published.deleted,
            seconds=_since(began),
        )
        return replace(batch, state="PARTIAL" if _counts(batch)["partial_files"] else "SUCCEEDED")

    def _retract(self, batch: Batch) -> None:
        """Delete objects that a replay had removed and this run, suspended meanwhile, wrote again."""
        listed = {(entry["bucket"], entry["name"]) for entry in listed_objects(self._ledger, batch)}
        stale = [entry for entry in batch.objects if (entry["bucket"], entry["name"]) not in listed]
        if stale:
            following = _counts(batch)["token"] + 1
            task = PublishTask([], stale, following, self._settings.transform.destinations)
            retracted = self._answer(batch, publish, task)
            log("retracted", **_names(batch), objects=retracted.deleted)

    def _announce(self, batch: Batch) -> None:
        """Announce the publication, at least once: a run that takes over an unarchived batch repeats it."""
        counts = _counts(batch)
        names = ("dataset", "token", "files", "partial_files", "rows", "dead_letters")
        sizes = ("input_bytes", "output_bytes", "seconds")
        detail = {
            "batch": batch.id,
            "dataset_version": batch.dataset_version,
            "objects": len(batch.objects),
            # a commit of an earlier version of this package does not count them
            "other_rows": counts.get("other_rows", 0),
            **{name: counts[name] for name in (*names, *sizes)},
        }
        for share in shares_of_columns(counts["columns"]):
            self._settings.announcer.announce(EVENT, {**detail, "columns": share})

    def _archive(self, batch: Batch, files: list[BatchFile], prefix: str) -> None:
        began = time.monotonic()
        tasks = [ArchiveTask(part, prefix, self._settings.archive) for part in self._parts(files)]
        with ThreadPoolExecutor(max(1, len(tasks))) as threads:
            answers = list(threads.map(lambda task: self._answer(batch, archive, task), tasks))
        _still_held(batch, self._held.archived(batch) or None)
        moved, before = (sum(getattr(answer, name) for answer in answers) for name in ("files", "before"))
        log("archived", **_names(batch), files=moved, before=before, seconds=_since(began))

    def _parts(self, files: list[BatchFile]) -> list[tuple[BatchFile, ...]]:
        """Return the files in parts, one a slot: a process archives a few hundred a second."""
        size = max(_MINIMUM_ARCHIVED, -(-len(files) // self._engine.slots))
        return [tuple(files[begin : begin + size]) for begin in range(0, len(files), size)]

    def _answer(
        self,
        batch: Batch,
        work: Callable[[T], A | Failed],
        task: T,
        after_kill: Callable[[T, int], T] = lambda task, _: task,
    ) -> A:
        def killed(task: T, kills: int, error: WorkerKilledError) -> T:
            if self._stopping.is_set():
                raise error
            log("worker killed", **_names(batch), kills=kills, cause=describe(error))
            return after_kill(task, kills)

        try:
            answer = submit_surviving(self._engine, work, task, killed)
        except WorkerKilledError as error:
            if self._stopping.is_set():
                raise
            raise AttemptFailedError(f"{KILLED_WORKER}: {describe(error)}") from error
        if isinstance(answer, Failed):
            raise AttemptFailedError(f"{answer.reason}: {answer.message}")
        return answer


def _still_held(batch: Batch, answer: A | None) -> A:
    """Return the answer of a guarded change; raises `LeaseLostError` when it was rejected."""
    if answer is None:
        raise LeaseLostError(f"batch {batch.id} has gone to another run")
    return answer


def _counts(batch: Batch) -> dict[str, Any]:
    return dict(batch.counts or {})


def _names(batch: Batch) -> dict[str, object]:
    return {"batch": batch.id, "token": batch.token}


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)
