"""Interface of the engines that run tasks."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Literal, Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")

EngineName = Literal["pool", "spark"]

MAXIMUM_SLOTS = 1000
"""Maximum of threads that wait for tasks on an engine; one is made when a task needs it."""

LOOK_SECONDS = 0.5
"""Longest wait for tasks before a loop looks again whether it is to stop."""


class Engine(Protocol):
    """Runs tasks somewhere, each in a slot of its own: what one does to its process harms no other."""

    @property
    def slots(self) -> int:
        """Number of tasks that run concurrently, as of now; more wait for their turn."""
        ...

    def submit(self, work: Callable[[T], R], task: T) -> "Future[R]":
        """Have `work(task)` done by a worker; both and the answer are pickled.

        The future raises `WorkerKilledError` when the process died under the task, and what `work` raised.
        """
        ...

    def stop(self) -> None:
        """End the tasks that run, and take no more; their futures raise `WorkerKilledError`."""
        ...
