"""The local engine: processes on this machine, one a slot."""

import atexit
import multiprocessing
import os
import signal
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from queue import LifoQueue
from typing import TypeVar

from tributary.errors import WorkerKilledError

T = TypeVar("T")
R = TypeVar("R")


class PoolEngine:
    """Runs tasks in `parallelism` spawned processes, 0 for one a core; one that died is replaced."""

    def __init__(self, parallelism: int) -> None:
        self.slots = parallelism or os.cpu_count() or 1
        self._folder = tempfile.TemporaryDirectory(prefix="tributary-pool-")
        self._threads = ThreadPoolExecutor(self.slots, thread_name_prefix="slot")
        self._workers = [_Worker(self._folder.name) for _ in range(self.slots)]
        # The last one that worked comes first: its process is there, its modules loaded.
        self._free: LifoQueue[_Worker] = LifoQueue()
        for worker in self._workers:
            self._free.put(worker)

    def __enter__(self) -> "PoolEngine":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._threads.shutdown()
        self._folder.cleanup()

    def submit(self, work: Callable[[T], R], task: T) -> Future[R]:
        """Have `work(task)` done by a free process; see `Engine.submit`."""
        return self._threads.submit(self._run, work, task)

    def stop(self) -> None:
        """End all processes; see `Engine.stop`."""
        for worker in self._workers:
            worker.end()

    def _run(self, work: Callable[[T], R], task: T) -> R:
        worker = self._free.get()
        try:
            return worker.run(work, task)
        finally:
            self._free.put(worker)


class _Worker:
    """One process at a time, made when there is work for it, and again after it died."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._pool: _Pool | None = None
        self._is_ended = False

    def run(self, work: Callable[[T], R], task: T) -> R:
        """Do the work in the process; raises `WorkerKilledError` when that dies or was ended."""
        try:
            return self._submit(work, task).result()
        except BrokenProcessPool as error:
            self._end_pool()
            raise WorkerKilledError(f"the process that worked on it died: {error}") from error

    def _submit(self, work: Callable[[T], R], task: T) -> Future[R]:
        with self._lock:
            if self._is_ended:
                raise WorkerKilledError("the engine was stopped before the task began")
            self._pool = self._pool or _Pool(1, self._folder)
            return self._pool.submit(work, task)

    def end(self) -> None:
        """End the process, and make none any more."""
        self._is_ended = True
        self._end_pool()

    def _end_pool(self) -> None:
        with self._lock:
            pool, self._pool = self._pool, None
            if pool is not None:
                pool.end()


class _Pool:
    """Process pool whose workers end when this end of a pipe is closed, even by the death of this process."""

    def __init__(self, processes: int, folder: str) -> None:
        context = multiprocessing.get_context("spawn")
        self._watched, self._lifeline = context.Pipe(duplex=False)
        self._executor = ProcessPoolExecutor(
            processes, context, initializer=_prepare_worker, initargs=(self._watched, folder)
        )

    def submit(self, work: Callable[[T], R], task: T) -> Future[R]:
        """Have the work done by a process of the pool; raises `BrokenProcessPool` when one has died."""
        return self._executor.submit(work, task)

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
