"""What an engine does for a run."""

from collections.abc import Iterator, Sequence
from threading import Event
from typing import Literal, Protocol

from tributary.outcomes import Outcome, Task

EngineName = Literal["pool", "spark"]


class Engine(Protocol):
    """Runs tasks somewhere and gives each outcome as soon as it is there."""

    def run(self, tasks: Sequence[Task], stopping: Event) -> Iterator[tuple[Task, Outcome]]:
        """Yield one outcome a task, in the order of their ends.

        A worker that dies takes no other task's outcome along: unfinished tasks are run again, one at a time,
        each in a process of its own. When `stopping` is set, running ones are ended and the iterator stops.
        """
        ...
