"""A task that is tried again when its worker died under it."""

from collections.abc import Callable
from typing import TypeVar

from tributary.distribution.engine import Engine
from tributary.errors import WorkerKilledError

T = TypeVar("T")
R = TypeVar("R")

MOST_KILLS = 3


def submit_surviving(
    engine: Engine,
    work: Callable[[T], R],
    task: T,
    killed: Callable[[T, int, WorkerKilledError], T],
) -> R:
    """What `work(task)` answers; a task whose worker died is given out again, as `killed` makes it.

    `killed` is told how many workers died so far, and may raise. Raises the error of the third death.
    """
    for kills in range(1, MOST_KILLS + 1):
        try:
            return engine.submit(work, task).result()
        except WorkerKilledError as error:
            last = error
            task = killed(task, kills, error)
    raise last
