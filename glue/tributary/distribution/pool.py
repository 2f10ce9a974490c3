"""The local engine: a pool of processes on this machine."""

import atexit
import multiprocessing
import os
import signal
import tempfile
import threading
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from threading import Event

from tributary.distribution.alone import run_alone
from tributary.outcomes import Outcome, Task
from tributary.task import run_task

_POLL_SECONDS = 0.2


class PoolEngine:
    """Runs tasks in `parallelism` spawned processes, 0 for one a core; a new pool is made after one broke."""

    def __init__(self, parallelism: int) -> None:
        self._processes = parallelism or os.cpu_count() or 1
        self._pool: _Pool | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="tributary-pool-")

    def __enter__(self) -> "PoolEngine":
        return self

    def __exit__(self, *_: object) -> None:
        self._end_pool()
        self._folder.cleanup()

    def run(self, tasks: Sequence[Task], stopping: Event) -> Iterator[tuple[Task, Outcome]]:
        """Yield outcomes as they come; see `Engine.run`."""
        unfinished = yield from self._run_together([task for task in tasks if not task.alone], stopping)
        for task in (*unfinished, *(task for task in tasks if task.alone)):
            outcome = run_alone(task, stopping)
            if outcome is None:
                return
            yield task, outcome

    def _run_together(
        self, tasks: Sequence[Task], stopping: Event
    ) -> Generator[tuple[Task, Outcome], None, list[Task]]:
        """Yield the outcomes of the pool; return the tasks that had none when a worker died."""
        if not tasks:
            return []
        self._pool = self._pool or _Pool(self._processes, self._folder.name)
        running, unfinished = self._pool.submit(tasks)
        while running and not stopping.is_set():
            for future in wait(running, _POLL_SECONDS, FIRST_COMPLETED).done:
                task = running.pop(future)
                try:
                    outcome = future.result()
                except BrokenProcessPool:
                    unfinished.append(task)
                else:
                    yield task, outcome
        if unfinished or stopping.is_set():
            self._end_pool()
        return unfinished

    def _end_pool(self) -> None:
        if self._pool is not None:
            self._pool.end()
            self._pool = None


class _Pool:
    """A process pool whose workers end as soon as this end of a pipe is closed, also by our own death."""

    def __init__(self, processes: int, folder: str) -> None:
        context = multiprocessing.get_context("spawn")
        self._watched, self._lifeline = context.Pipe(duplex=False)
        self._executor = ProcessPoolExecutor(
            processes, context, initializer=_prepare_worker, initargs=(self._watched, folder)
        )

    def submit(self, tasks: Sequence[Task]) -> tuple[dict[Future[Outcome], Task], list[Task]]:
        """Submit tasks; return the running ones, and those that a pool broken meanwhile refused."""
        running: dict[Future[Outcome], Task] = {}
        for index, task in enumerate(tasks):
            try:
                running[self._executor.submit(run_task, task)] = task
            except BrokenProcessPool:
                return running, list(tasks[index:])
        return running, []

    def end(self) -> None:
        self._lifeline.close()
        self._executor.shutdown(cancel_futures=True)
        self._watched.close()


def _prepare_worker(watched: "Connection[None, None]", folder: str) -> None:
    # A stop is the driver's to handle: it ends the workers by the pipe, and gives back their leases after.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tempfile.tempdir = folder
    # At the end of the pool a worker may see its queue's end before the pipe's. Python's own way out, with
    # the thread below still reading, leaves half of the modules alive, and DuckDB reports leaks on stderr.
    atexit.register(os._exit, 0)
    threading.Thread(target=_end_with, args=(watched,), daemon=True).start()


def _end_with(watched: "Connection[None, None]") -> None:
    try:
        watched.recv()
    except (EOFError, OSError):
        os._exit(1)
