"""What tasks took of an engine: the time of its slots, the memory of its workers, told in the run's log."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Generic, TypeVar

from tributary.distribution.engine import Engine
from tributary.errors import WorkerKilledError
from tributary.running.log import log
from tributary.running.memory import peak_bytes

T = TypeVar("T")
R = TypeVar("R")

USED = "used"
"""Event of the log, by which the operator's command finds what runs took."""
TELL_SECONDS = 3600
"""Time after which all of it is told again: a stream runs for a week, and a run may be killed."""
_MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class _Measured(Generic[R]):
    """Answer of a task, the seconds of its slot, and the peak memory of the process that worked on it."""

    answer: R
    seconds: float
    peak_bytes: int


def _measured(work: Callable[[T], R], task: T) -> _Measured[R]:
    began = time.monotonic()
    answer = work(task)
    return _Measured(answer, time.monotonic() - began, peak_bytes())


class MeteredEngine:
    """Engine that measures another's tasks; those that raise count with their number alone.

    Slots are counted whenever a task is submitted: on Spark executors come and go.
    """

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._clock = clock
        self._lock = Lock()
        self._began = self._counted = self._told = clock()
        self._counted_slots = engine.slots
        self._slot_seconds = self._busy_seconds = 0.0
        self._tasks = self._killed = self._peak_bytes = 0

    def __enter__(self) -> "MeteredEngine":
        return self

    def __exit__(self, *_: object) -> None:
        self._count_slots(self._counted_slots)
        self._tell()

    @property
    def slots(self) -> int:
        """See `Engine.slots`."""
        return self._engine.slots

    def submit(self, work: Callable[[T], R], task: T) -> Future[R]:
        """Have `work(task)` done and measured; see `Engine.submit`."""
        self._count_slots(self._engine.slots)
        if self._counted - self._told >= TELL_SECONDS:
            self._tell()
        answer: Future[R] = Future()
        self._engine.submit(partial(_measured, work), task).add_done_callback(partial(self._settle, answer))
        return answer

    def stop(self) -> None:
        """See `Engine.stop`."""
        self._engine.stop()

    def _settle(self, answer: Future[R], done: Future[_Measured[R]]) -> None:
        if done.cancelled():
            answer.cancel()
            return
        error = done.exception()
        with self._lock:
            self._tasks += 1
            self._killed += isinstance(error, WorkerKilledError)
            if error is None:
                self._busy_seconds += done.result().seconds
                self._peak_bytes = max(self._peak_bytes, done.result().peak_bytes)
        if error is None:
            answer.set_result(done.result().answer)
        else:
            answer.set_exception(error)

    def _count_slots(self, slots: int) -> None:
        now = self._clock()
        with self._lock:
            self._slot_seconds += self._counted_slots * (now - self._counted)
            self._counted, self._counted_slots = now, slots

    def _tell(self) -> None:
        with self._lock:
            self._told = self._counted
            log(
                USED,
                seconds=round(self._counted - self._began, 3),
                slot_seconds=round(self._slot_seconds, 3),
                busy_seconds=round(self._busy_seconds, 3),
                tasks=self._tasks,
                killed=self._killed,
                peak_mebibytes=round(self._peak_bytes / _MEBIBYTE),
            )
