"""Retries of a task whose worker died."""

from collections.abc import Callable
from typing import TypeVar

from tributary.distribution.engine import Engine
from tributary.errors import WorkerKilledError

T = TypeVar("T")
R = TypeVar("R")

MAXIMUM_KILLS = 3


def submit_surviving(
    engine: Engine,
    work: Callable[[T], R],
    task: T,
    killed: Callable[[T, int, WorkerKilledError], T],
) -> R:
    """Return the answer of `work(task)`; a task whose worker died is submitted again, as `killed` returns it.

    `killed` receives the number of workers that died so far, and may raise. Raises the error of the last
    death.
    """
    for kills in range(1, MAXIMUM_KILLS + 1):
        try:
            return engine.submit(work, task).result()
        except WorkerKilledError as error:
            last = error
            task = killed(task, kills, error)
    raise last
