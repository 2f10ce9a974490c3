"""Run of the batch job: one concurrent batch a slot, until nothing is left to claim."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from threading import Event

import psycopg

from tributary.batch.state_machine import BatchSettings, BatchStateMachine
from tributary.distribution import Engine
from tributary.distribution.engine import LOOK_SECONDS, MAXIMUM_SLOTS
from tributary.errors import (
    LeaseLostError,
    TransientError,
    WorkerKilledError,
    brief,
    describe,
)
from tributary.ledger.batches import HeldBatches
from tributary.ledger.claims import Batch, ClaimRules, claim_batch
from tributary.ledger.connection import LedgerConnection
from tributary.ledger.dataset_versions import DatasetVersion, remember_version
from tributary.ledger.keeper import BatchKeeper
from tributary.running.job import SERVICE_ERRORS
from tributary.running.log import log

# Consecutive failed claims before the run fails.
_CLAIM_TRIES = 3
_LEDGER_ERRORS = (*SERVICE_ERRORS, psycopg.Error, OSError)


@dataclass(frozen=True)
class RunSettings:
    """Settings of a run; after `budget_seconds` no batch is claimed, and those in work are finished.

    `versions` are those of the datasets whose files it claims.
    """

    owner: str
    rules: ClaimRules
    versions: tuple[DatasetVersion, ...]
    batch: BatchSettings
    budget_seconds: float


class Run:
    """Processes batches until nothing is claimable, the time budget is used, or `stopping` is set."""

    def __init__(
        self,
        ledger: LedgerConnection,
        keeper: BatchKeeper,
        engine: Engine,
        settings: RunSettings,
        stopping: Event,
    ) -> None:
        self._ledger = ledger
        self._keeper = keeper
        self._engine = engine
        self._settings = settings
        self._stopping = stopping
        self._held = HeldBatches(ledger, settings.owner, settings.rules)
        self._counts: Counter[str] = Counter()
        self._state_machine = BatchStateMachine(
            ledger=ledger, held=self._held, engine=engine, settings=settings.batch, stopping=stopping
        )

    def run(self) -> bool:
        """Process batches; return True when no attempt failed: rejected lines or files are no failure."""
        began = time.monotonic()
        working: set[Future[None]] = set()
        for version in self._settings.versions:
            remember_version(self._ledger, version)
        with self._keeper, ThreadPoolExecutor(MAXIMUM_SLOTS, thread_name_prefix="batch") as threads:
            try:
                why = self._claim_all(began, threads, working)
            finally:
                self._finish(working)
        succeeded = not self._counts["failed"] and not self._stopping.is_set()
        log(
            "finished",
            why=why,
            succeeded=succeeded,
            stopped=self._stopping.is_set(),
            seconds=round(time.monotonic() - began, 3),
            **self._counts,
        )
        return succeeded

    def _claim_all(self, began: float, threads: ThreadPoolExecutor, working: set[Future[None]]) -> str:
        """Claim batches as slots become free; return the reason for the end."""
        deadline = began + self._settings.budget_seconds
        while not self._stopping.is_set():
            if time.monotonic() >= deadline:
                return "time budget"
            working -= wait(working, 0, FIRST_COMPLETED).done
            if len(working) < self._engine.slots and (batch := self._claim()) is not None:
                working.add(threads.submit(self._work_on, batch))
            elif working:
                wait(working, LOOK_SECONDS, FIRST_COMPLETED)
            else:
                return "nothing to claim"
        return "signal"

    def _finish(self, working: set[Future[None]]) -> None:
        """Wait for the batches in work; when the run is to stop, end them."""
        while working and not self._stopping.is_set():
            working -= wait(working, LOOK_SECONDS, FIRST_COMPLETED).done
        if working:
            self._engine.stop()

    def _claim(self) -> Batch | None:
        """Claim a batch; one made while the connection broke is taken over when its lease expires."""
        settings = self._settings
        for left in range(_CLAIM_TRIES - 1, -1, -1):
            try:
                versions = {each.dataset: each.version for each in settings.versions}
                batch = claim_batch(self._ledger, settings.owner, settings.rules, versions)
                break
            except TransientError as error:
                log("claim failed", cause=describe(error))
                if not left:
                    raise
        if batch is None:
            return None
        self._keeper.keep(batch)
        log(
            "claimed",
            batch=batch.id,
            token=batch.token,
            state=batch.state,
            files=batch.files,
            bytes=batch.bytes,
            attempt=batch.attempts,
            lapsed_leases=batch.lapsed_leases,
            dataset=batch.dataset,
            dataset_version=batch.dataset_version,
        )
        return batch

    def _work_on(self, batch: Batch) -> None:
        """Run a batch to its end, or give it back."""
        began = time.monotonic()
        try:
            done = self._state_machine.run(batch)
        except LeaseLostError as error:
            self._counts["leases_lost"] += 1
            log("lease lost", batch=batch.id, token=batch.token, cause=str(error))
        except WorkerKilledError:
            self._counts["released"] += 1
            self._give_back(batch, lambda: self._held.release(batch))
            log("released", batch=batch.id, token=batch.token)
        except Exception as error:  # noqa: BLE001 or the batch would be held until the run ends
            self._counts["failed"] += 1
            cause = brief(describe(error))
            self._give_back(batch, lambda: self._held.fail(batch, cause))
            log("failed", batch=batch.id, token=batch.token, attempt=batch.attempts, cause=cause)
        else:
            self._count(done)
            log(
                "ended",
                batch=batch.id,
                token=batch.token,
                seconds=round(time.monotonic() - began, 3),
            )
        finally:
            self._keeper.drop(batch)

    def _give_back(self, batch: Batch, change: Callable[[], bool]) -> None:
        """Give a batch back; where the ledger cannot be reached, the lease expires by itself."""
        with suppress(*_LEDGER_ERRORS):
            change()

    def _count(self, batch: Batch) -> None:
        self._counts["batches"] += 1
        for name in ("files", "rows", "dead_letters"):
            self._counts[name] += (batch.counts or {}).get(name, 0)
