"""Loop of the streaming job: one concurrent manifest a slot, until a stop, a restart or a signal."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from threading import Event

from tributary.distribution import Engine
from tributary.distribution.engine import LOOK_SECONDS, MAXIMUM_SLOTS
from tributary.distribution.surviving import submit_surviving
from tributary.errors import InvalidManifestError, MissingPermissionError, WorkerKilledError, describe
from tributary.kernels.file_limits import DEFAULT_FILE_LIMITS, FileLimits
from tributary.manifests.completion import Completion, Done
from tributary.manifests.control import Control
from tributary.manifests.messages import Request, read_message
from tributary.manifests.queue import ManifestQueue, Message, VisibilityKeeper
from tributary.manifests.receipt import other_rows
from tributary.manifests.task import Answer, Committed, ManifestTask, NotDone, Skipped
from tributary.manifests.work import work_on_manifest
from tributary.objects.refusals import MISSING_PERMISSION
from tributary.running.announcing import Announcer
from tributary.running.job import SERVICE_ERRORS
from tributary.running.log import log
from tributary.running.table_columns import ColumnCap
from tributary.running.tasks import KILLED_WORKER, Destinations

# From this delivery on a manifest is suspected of killing its driver, and its files are tried one by one.
_SUSPECT_RECEIVES = 3
# Seconds until a failed message returns, by its deliveries so far.
_PAUSES = (60, 600)
# Seconds after SIGTERM: manifests done by then are committed, the others return to the queue.
_HURRY_SECONDS = 1.0
# Seconds after a stop or restart: manifests not done by then never will be, and return, too.
_DRAIN_SECONDS = 3600.0

Work = Callable[[ManifestTask], Answer]


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """Settings of the loop; `poll_seconds` is the longest wait for a message."""

    destinations: Destinations
    columns: ColumnCap
    run_id: str
    poll_seconds: int
    file_limits: FileLimits = DEFAULT_FILE_LIMITS


class Stream:
    """Processes messages until the control table says stop or restart, or `hurry` is set."""

    def __init__(
        self,
        *,
        queue: ManifestQueue,
        engine: Engine,
        control: Control,
        announcer: Announcer,
        settings: StreamSettings,
        hurry: Event,
    ) -> None:
        self._queue = queue
        self._engine = engine
        self._control = control
        self._settings = settings
        self._hurry = hurry
        self._counts: Counter[str] = Counter()
        self._held: dict[str, Message] = {}
        self._denied: str | None = None
        self._lock = threading.Lock()
        self._keeper = VisibilityKeeper(queue, lambda error: log("renewal failed", cause=describe(error)))
        self._completion = Completion(queue, announcer, self._let_go)

    def run(self) -> None:
        """Process messages, and finish those in work at the end.

        Raises what the queue or the table raise, and `MissingPermissionError` where AWS denied a manifest.
        """
        began = time.monotonic()
        working: set[Future[None]] = set()
        with self._keeper:
            with self._completion, ThreadPoolExecutor(MAXIMUM_SLOTS) as threads:
                try:
                    why = self._receive(threads, working)
                finally:
                    self._finish(working)
            self._give_back_rest()
        log("finished", why=why, seconds=round(time.monotonic() - began, 3), **self._counts)
        if self._denied is not None:
            raise MissingPermissionError(self._denied)

    def _receive(self, threads: ThreadPoolExecutor, working: set[Future[None]]) -> str:
        """Receive messages as slots become free; return the reason for the end."""
        while not self._hurry.is_set():
            if self._denied is not None:
                return MISSING_PERMISSION
            if (why := self._control.stop_wanted()) is not None:
                return why
            working -= wait(working, 0, FIRST_COMPLETED).done
            free = self._engine.slots - len(working)
            if free <= 0:
                wait(working, LOOK_SECONDS, FIRST_COMPLETED)
                continue
            for message in self._queue.receive(free, self._patience(is_idle=not working)):
                self._hold(message)
                working.add(threads.submit(self._work_on, message))
        return "signal"

    def _patience(self, is_idle: bool) -> int:
        """Return the wait for a message in seconds; short while others are in work, to notice signals."""
        return self._settings.poll_seconds if is_idle else min(self._settings.poll_seconds, 1)

    def _finish(self, working: set[Future[None]]) -> None:
        """Wait up to an hour for the messages in work; after a signal only a moment, then end them."""
        deadline = time.monotonic() + _DRAIN_SECONDS
        while working and not self._hurry.is_set():
            working -= wait(working, LOOK_SECONDS, FIRST_COMPLETED).done
            if working and time.monotonic() > deadline:
                log("stuck", messages=[message.id for message in self._held.values()])
                self._hurry.set()
        if working and wait(working, _HURRY_SECONDS).not_done:
            self._engine.stop()

    def _work_on(self, message: Message) -> None:
        try:
            self._publish(message)
        except InvalidManifestError as error:
            self._fail(message, NotDone(error.reason, str(error)))
        except Exception as error:  # noqa: BLE001 or the message would be held for ever
            self._fail(message, NotDone("error", describe(error)))

    def _publish(self, message: Message) -> None:
        requests = read_message(message.body)
        committed: list[tuple[str, Committed]] = []
        for request in requests:
            log("received", manifest=request.key, generation=request.generation, receives=message.receives)
            answer = self._answer(request, message)
            if isinstance(answer, NotDone):
                self._fail(message, answer, manifest=request.key)
                return
            if isinstance(answer, Committed):
                committed.append((request.key, answer))
            self._note(request, answer)
        self._completion.add(Done(message, tuple(committed)))

    def _answer(self, request: Request, message: Message) -> Answer:
        """Submit a manifest; after a worker's second death by file, after the third no more."""
        settings = self._settings
        by_file = message.receives >= _SUSPECT_RECEIVES
        task = ManifestTask(
            request, settings.destinations, settings.columns, settings.run_id, by_file, settings.file_limits
        )

        def killed(task: ManifestTask, kills: int, error: WorkerKilledError) -> ManifestTask:
            if self._hurry.is_set():
                raise error
            cause = describe(error)
            log("worker killed", manifest=request.key, kills=kills, by_file=task.by_file, cause=cause)
            return replace(task, by_file=task.by_file or kills > 1)

        try:
            return submit_surviving(self._engine, work_on_manifest, task, killed)
        except WorkerKilledError as error:
            return NotDone(KILLED_WORKER, describe(error))

    def _note(self, request: Request, answer: Committed | Skipped) -> None:
        if isinstance(answer, Skipped):
            self._counts["skipped"] += 1
            log("skipped", manifest=request.key, generation=request.generation, why=answer.why)
            return
        receipt = answer.receipt
        self._counts["committed" if answer.is_new else "committed_before"] += 1
        if answer.is_new:
            names = ("rows", "dead_letters", "files", "input_bytes", "output_bytes", "seconds")
            log(
                "committed",
                manifest=request.key,
                generation=request.generation,
                **{name: receipt[name] for name in names},
                other_rows=other_rows(receipt),
                quarantined=receipt["quarantined"],
                gone=receipt["gone"],
                **answer.measures,
            )

    def _fail(self, message: Message, answer: NotDone, **details: object) -> None:
        """Return the message to its queue, or after the last delivery to the dead-letter queue."""
        self._counts["failed"] += 1
        if answer.reason == MISSING_PERMISSION:
            self._denied = answer.message
        pause = 0 if self._hurry.is_set() else _PAUSES[min(message.receives, len(_PAUSES)) - 1]
        log("failed", **details, receives=message.receives, reason=answer.reason, cause=answer.message)
        with suppress(*SERVICE_ERRORS):
            self._queue.hide([message], min(pause, self._queue.visibility))
        self._let_go(message)

    def _hold(self, message: Message) -> None:
        with self._lock:
            self._held[message.handle] = message
        self._keeper.keep(message)

    def _let_go(self, message: Message) -> None:
        self._keeper.drop(message)
        with self._lock:
            self._held.pop(message.handle, None)

    def _give_back_rest(self) -> None:
        """Return the messages that are still held, though no longer worked on, to the queue immediately."""
        with suppress(*SERVICE_ERRORS):
            self._queue.hide(list(self._held.values()), 0)
