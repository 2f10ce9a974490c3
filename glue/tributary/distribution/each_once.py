"""Batch of tasks on an engine: outcomes as they come, tasks that kill workers in processes of their own."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from functools import partial
from threading import Event
from typing import TypeVar

from tributary.distribution.alone import run_alone
from tributary.distribution.engine import Engine
from tributary.errors import WorkerKilledError

T = TypeVar("T")
R = TypeVar("R")

_POLL_SECONDS = 0.2


def run_batch(
    engine: Engine,
    work: Callable[[T], R],
    tasks: Sequence[T],
    *,
    alone: Callable[[T], bool],
    killed: Callable[[WorkerKilledError], R],
    stopping: Event,
) -> Iterator[tuple[T, R]]:
    """Yield one outcome a task, in the order of their ends.

    A task whose worker died is run again, in a process of its own, as those are from the start of which
    `alone` says so; when that one dies, too, `killed` makes the outcome. When `stopping` is set, what runs is
    ended and the iterator stops.
    """
    running: dict[Future[R], tuple[T, bool]] = {}

    def submit(task: T, is_alone: bool) -> None:
        doing = partial(run_alone, work) if is_alone else work
        running[engine.submit(doing, task)] = task, is_alone

    for task in tasks:
        submit(task, alone(task))
    while running and not stopping.is_set():
        for future in wait(running, _POLL_SECONDS, FIRST_COMPLETED).done:
            task, was_alone = running.pop(future)
            try:
                outcome = future.result()
            except WorkerKilledError as error:
                if was_alone:
                    yield task, killed(error)
                else:
                    submit(task, True)
            else:
                yield task, outcome
    if stopping.is_set():
        engine.stop()
