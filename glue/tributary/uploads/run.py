"""Run of the uploads job: claims pending uploads, has them processed, commits each at its outcome."""

import itertools
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event

from tributary.datasets import SMOKE_UPLOADS, load_dataset
from tributary.distribution import Engine
from tributary.distribution.each_once import run_batch
from tributary.errors import TooSlowError, WorkerKilledError, describe
from tributary.kernels.file_limits import DEFAULT_FILE_LIMITS, FileLimits
from tributary.objects.refusals import MISSING_PERMISSION
from tributary.running.announcing import Announcer
from tributary.running.job import SERVICE_ERRORS
from tributary.running.keeper import LeaseKeeper
from tributary.running.log import log
from tributary.running.metrics import Metrics
from tributary.running.table_columns import ColumnCap
from tributary.running.tasks import KILLED_WORKER, Destinations, Failed
from tributary.running.time_limit import cause_of
from tributary.uploads import versions
from tributary.uploads.audit import Audit
from tributary.uploads.lease import Lease
from tributary.uploads.pending import Waiting
from tributary.uploads.table import Claim, Committed, Held, UploadsTable
from tributary.uploads.task import LeaseLost, Outcome, Processed, Quarantined, Task, Unchanged
from tributary.uploads.work import quarantine_file, run_task

EXHAUSTED = "attempts-exhausted"
DEAD_LETTERS = "UploadsDeadLetters"
QUARANTINED_FILES = "UploadsQuarantinedFiles"
_DEATHS = (KILLED_WORKER, TooSlowError.reason)
# After more claims than this without an outcome a file is suspected of killing its driver.
_TRUSTED_ATTEMPTS = 2
_CLAIM_THREADS = 8
_POLL_SECONDS = 1.0
# The pause before another attempt, in seconds: the first, doubling up to the longest.
_FIRST_PAUSE = 5
_LONGEST_PAUSE = 900
_TABLE_ERRORS = (*SERVICE_ERRORS, OSError)


@dataclass(frozen=True)
class Settings:
    """Settings of a run; times in seconds."""

    destinations: Destinations
    metrics: Metrics
    columns: ColumnCap
    announcer: Announcer
    date_formats: tuple[str, ...]
    files_per_claim: int
    settle_seconds: float
    lease_seconds: float
    maximum_attempts: int
    file_limits: FileLimits = DEFAULT_FILE_LIMITS


@dataclass
class _Look:
    """What a look at the pending uploads gave; `held` are the ends of other runs' leases."""

    claims: list[Claim] = field(default_factory=list)
    held: list[datetime] = field(default_factory=list)
    superseded: int = 0


class Run:
    """Processes uploads until none is pending for the settle time, or `stopping` is set."""

    def __init__(self, table: UploadsTable, engine: Engine, settings: Settings, stopping: Event) -> None:
        self._table = table
        self._engine = engine
        self._settings = settings
        self._stopping = stopping
        self._counts: Counter[str] = Counter()
        self._untold: Counter[str] = Counter()
        self._audit = Audit(table.name, settings.destinations.curated, is_on=table.is_audited)
        self._finished: list[tuple[str, str]] = []
        self._smoke = load_dataset(SMOKE_UPLOADS).prefix
        self._failed: set[tuple[str, str]] = set()
        self._held: dict[str, Claim] = {}
        self._keeper: LeaseKeeper[Lease] = LeaseKeeper(settings.lease_seconds, self._renewal_failed)

    def run(self) -> bool:
        """Process uploads; return True when every file has an outcome: a quarantined one is no failure."""
        began = time.monotonic()
        try:
            with self._keeper:
                self._work()
        finally:
            self._release()
        succeeded = not self._failed and not self._stopping.is_set()
        log(
            "finished",
            succeeded=succeeded,
            stopped=self._stopping.is_set(),
            seconds=round(time.monotonic() - began, 3),
            **self._counts,
        )
        return succeeded

    def _work(self) -> None:
        self._audit.sweep()
        idle_since = time.monotonic()
        while not self._stopping.is_set():
            progressed, held = self._work_round()
            if held is not None and not progressed:
                self._stopping.wait(self._until(held))
            elif not progressed:
                if time.monotonic() - idle_since >= self._settings.settle_seconds:
                    return
                self._stopping.wait(min(_POLL_SECONDS, self._settings.settle_seconds / 4))
                continue
            idle_since = time.monotonic()

    def _work_round(self) -> tuple[bool, datetime | None]:
        """Work on all that is due; return whether anything was done, and the end of another run's lease."""
        pending = self._table.pending()
        progressed = False
        held: list[datetime] = []
        while not self._stopping.is_set():
            look = self._claim_batch(pending.look())
            if look.superseded:
                self._counts[versions.SUPERSEDED] += look.superseded
            if look.claims:
                self._process(look.claims)
            self._audit_finished()
            progressed |= bool(look.claims) or look.superseded > 0
            held += look.held
            if pending.at_end:
                break
        return progressed, min(held, default=None)

    def _claim_batch(self, objects: Iterator[Waiting]) -> _Look:
        """Claim up to a batch of the objects."""
        limit = self._settings.files_per_claim
        look = _Look()
        with ThreadPoolExecutor(_CLAIM_THREADS) as threads:
            while len(look.claims) < limit and not self._stopping.is_set():
                chunk = list(itertools.islice(objects, limit - len(look.claims)))
                if not chunk:
                    break
                for answer, superseded in threads.map(self._claim, chunk):
                    look.superseded += superseded
                    if isinstance(answer, Held):
                        look.held.append(answer.until)
                    elif answer is not None:
                        look.claims.append(answer)
        return look

    def _claim(self, waiting: Waiting) -> tuple[Claim | Held | None, int]:
        """Claim an object; return the claim and how many of its versions were superseded, under its lease."""
        answer = self._table.claim(waiting)
        if isinstance(answer, Held):
            return answer, 0
        claim = answer.claim
        if claim is not None:
            self._held[waiting.object_id] = claim
            self._keeper.keep(claim.lease)
        superseded = 0
        for version in self._table.supersede(waiting.object_id, answer):
            superseded += 1
            self._finished.append((waiting.object_id, version))
            log(versions.SUPERSEDED, object=waiting.object_id, version=version)
        if claim is not None:
            log("claimed", **_names(claim), attempt=claim.attempts)
        return claim, superseded

    def _process(self, claims: list[Claim]) -> None:
        spent = [claim for claim in claims if self._spent(claim)]
        for claim in spent:
            message = f"{claim.attempts - 1} claims of this file ended without an answer"
            self._settle(self._task(claim), Failed(KILLED_WORKER, message))
        tasks = [self._task(claim) for claim in claims if claim not in spent]
        outcomes = run_batch(
            self._engine,
            run_task,
            tasks,
            alone=lambda task: task.alone,
            killed=self._killed,
            stopping=self._stopping,
        )
        for task, outcome in outcomes:
            self._settle(task, outcome)
        self._tell()

    def _tell(self) -> None:
        """Publish what alarms watch; what cannot be published now is with the next batch."""
        if not self._untold.total():
            return
        try:
            self._settings.metrics.count(self._untold)
        except SERVICE_ERRORS as error:
            log("metrics failed", cause=describe(error))
        else:
            self._untold.clear()

    def _audit_finished(self) -> None:
        """Write rows of what this run finished since the last call."""
        finished, self._finished = self._finished, []
        if finished:
            self._audit.write(finished)

    def _audit_replaced(self, claim: Claim) -> None:
        """Write the row that is owed of the version that a commit is about to supersede, if one is."""
        replaced = claim.committed.version
        if replaced is not None and replaced != claim.version.version:
            self._audit.write([(claim.lease.object_id, replaced)])

    def _count(self, metric: str, claim: Claim, count: int) -> None:
        """Count for an alarm, but for the files of smoke tests, which are broken on purpose."""
        if not claim.key.startswith(self._smoke):
            self._untold[metric] += count

    def _killed(self, error: WorkerKilledError) -> Failed:
        return Failed(error.reason, cause_of(error, self._settings.file_limits.seconds))

    def _spent(self, claim: Claim) -> bool:
        """Return True when all attempts ended without an outcome, and none of them began to publish."""
        return (
            claim.attempts > self._settings.maximum_attempts
            and claim.committed.publishing != claim.version.version
        )

    def _task(self, claim: Claim) -> Task:
        suspected = (claim.version.last_error or "").startswith(_DEATHS)
        return Task(
            claim=claim,
            destinations=self._settings.destinations,
            columns=self._settings.columns,
            announcer=self._settings.announcer,
            date_formats=self._settings.date_formats,
            alone=suspected or claim.attempts > _TRUSTED_ATTEMPTS,
            file_limits=self._settings.file_limits,
        )

    def _settle(self, task: Task, outcome: Outcome) -> None:
        """Write an outcome to the table; when that fails, try to give the file back."""
        claim = task.claim
        try:
            written = self._write(task, outcome)
        except _TABLE_ERRORS as error:
            written = True
            self._give_back(claim, describe(error))
        finally:
            self._keeper.drop(claim.lease)
            self._held.pop(claim.lease.object_id, None)
        if not written:
            self._lease_lost(claim.lease)

    def _give_back(self, claim: Claim, cause: str) -> None:
        """Give the file back, to be tried after a pause; else this run waits for its own lease forever."""
        self._note_failure(claim, "commit-failed", cause)
        with suppress(*_TABLE_ERRORS):
            self._table.fail(claim, f"commit-failed: {cause}", _pause(claim))

    def _write(self, task: Task, outcome: Outcome) -> bool:
        match outcome:
            case Processed():
                return self._commit_processed(task.claim, outcome)
            case Unchanged():
                return self._commit_unchanged(task.claim, outcome)
            case Quarantined():
                return self._commit_quarantined(task.claim, outcome)
            case Failed():
                return self._fail(task, outcome)
            case LeaseLost():
                return False

    def _commit_processed(self, claim: Claim, outcome: Processed) -> bool:
        committed = Committed(
            content_sha256=outcome.content_sha256,
            dataset_version=outcome.dataset_version,
            output_etags=outcome.output_etags,
        )
        self._audit_replaced(claim)
        written = self._table.commit(claim, versions.PROCESSED, committed, outcome.figures)
        if written:
            self._count(DEAD_LETTERS, claim, outcome.counts.rejected)
        details = {**outcome.counts.as_map(), "drift": outcome.drift, "seconds": round(outcome.seconds, 3)}
        return written and self._note(versions.PROCESSED, claim, replaces=claim.committed.version, **details)

    def _commit_unchanged(self, claim: Claim, outcome: Unchanged) -> bool:
        committed = Committed(
            content_sha256=outcome.content_sha256,
            dataset_version=outcome.dataset_version,
            output_etags=claim.committed.output_etags,
        )
        self._audit_replaced(claim)
        written = self._table.commit(claim, versions.UNCHANGED, committed, outcome.figures)
        return written and self._note(versions.UNCHANGED, claim, replaces=claim.committed.version)

    def _commit_quarantined(self, claim: Claim, outcome: Quarantined) -> bool:
        written = self._table.quarantine(claim, f"{outcome.reason}: {outcome.message}")
        if written:
            self._count(QUARANTINED_FILES, claim, 1)
        details = {"reason": outcome.reason, "message": outcome.message}
        return written and self._note(versions.QUARANTINED, claim, **details)

    def _fail(self, task: Task, outcome: Failed) -> bool:
        """Give the file back with a pause, or quarantine it when its attempts are used up.

        A file whose publication has begun is never quarantined: its rows may be visible, so it is tried
        until they are committed, and the run fails loudly until then. So it does while a permission is
        missing, and no attempt counts.
        """
        claim = task.claim
        is_counted = outcome.reason != MISSING_PERMISSION
        exhausted = is_counted and claim.attempts >= self._settings.maximum_attempts
        if exhausted and not self._table.publication_began(claim):
            reason = outcome.reason if outcome.reason in _DEATHS else EXHAUSTED
            return self._commit_quarantined(claim, quarantine_file(task, reason, outcome.message))
        pause = _pause(claim) if is_counted else timedelta(seconds=_LONGEST_PAUSE)
        error = f"{outcome.reason}: {outcome.message}"
        written = self._table.fail(claim, error, pause, is_counted=is_counted)
        if written:
            self._note_failure(claim, outcome.reason, outcome.message)
        return written

    def _note(self, event: str, claim: Claim, **details: object) -> bool:
        self._counts[event] += 1
        place = claim.lease.object_id, claim.version.version
        self._failed.discard(place)
        self._finished.append(place)
        if event != versions.QUARANTINED and claim.committed.version is not None:
            self._finished.append((place[0], claim.committed.version))
        log(event, **_names(claim), **details)
        return True

    def _note_failure(self, claim: Claim, reason: str, cause: str) -> None:
        self._counts["failed"] += 1
        self._failed.add((claim.lease.object_id, claim.version.version))
        log("failed", **_names(claim), attempt=claim.attempts, reason=reason, cause=cause)

    def _lease_lost(self, lease: Lease) -> None:
        self._counts["lease_lost"] += 1
        log("lease lost", object=lease.object_id, token=lease.token)

    def _renewal_failed(self, lease: Lease, error: Exception) -> None:
        log("renewal failed", object=lease.object_id, token=lease.token, cause=describe(error))

    def _release(self) -> None:
        """Give back the claims without an outcome, so that the next run need not wait for their leases."""
        for claim in list(self._held.values()):
            released = self._table.release(claim)
            log("released" if released else "lease lost", **_names(claim))
        self._held.clear()

    def _until(self, held: datetime) -> float:
        """Return the wait for another run's lease in seconds, short enough to notice new uploads."""
        return min(max((held - datetime.now(UTC)).total_seconds(), 0.05), _POLL_SECONDS)


def _pause(claim: Claim) -> timedelta:
    return timedelta(seconds=min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (claim.attempts - 1)))


def _names(claim: Claim) -> dict[str, object]:
    return {"bucket": claim.bucket, "key": claim.key, "version": claim.version.version}
