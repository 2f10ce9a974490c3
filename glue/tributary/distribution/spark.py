"""The engine on Glue: Spark carries tasks to executors and their answers back, and nothing else.

A task is a Spark job of one task. So its answer reaches the driver when it ends, not when the slowest of its
batch does, tasks go to whichever core is free, and a lost executor takes no other task's answer along.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TypeVar, cast

from py4j.protocol import Py4JJavaError
from pyspark import SparkConf, SparkContext

from tributary.distribution.engine import MAXIMUM_SLOTS
from tributary.errors import WorkerKilledError
from tributary.running.clients import use_region, used_region

T = TypeVar("T")
R = TypeVar("R")


class SparkEngine:
    """Runs `parallelism` concurrent tasks on the executors, 0 for as many as its cores carry."""

    def __init__(self, parallelism: int) -> None:
        # A task that killed its executor must not go on to kill three more: the job decides what follows.
        conf = SparkConf().setIfMissing("spark.app.name", "tributary").set("spark.task.maxFailures", "1")
        self._context = SparkContext.getOrCreate(conf)
        self._parallelism = parallelism
        self._threads = ThreadPoolExecutor(parallelism or MAXIMUM_SLOTS, thread_name_prefix="slot")
        self._is_stopped = False

    def __enter__(self) -> "SparkEngine":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._threads.shutdown(cancel_futures=True)
        self._context.stop()

    @property
    def slots(self) -> int:
        """Slots asked for, or those of the cores of now: at the start not every executor is available."""
        cores_of_task = int(self._context.getConf().get("spark.task.cpus", "1"))
        return self._parallelism or max(1, self._context.defaultParallelism // cores_of_task)

    def submit(self, work: Callable[[T], R], task: T) -> Future[R]:
        """Have `work(task)` done by an executor; see `Engine.submit`."""
        return self._threads.submit(self._on_executor, work, task)

    def stop(self) -> None:
        """End all Spark jobs; see `Engine.stop`."""
        self._is_stopped = True
        self._context.cancelAllJobs()

    def _on_executor(self, work: Callable[[T], R], task: T) -> R:
        if self._is_stopped:
            raise WorkerKilledError("the engine was stopped before the task began")

        try:
            doing = partial(_answered, used_region(), work)
            [(answer, error)] = self._context.parallelize([task], 1).map(doing).collect()
        except Py4JJavaError as lost:
            raise WorkerKilledError(f"the executor was lost: {lost.java_exception}") from lost
        if error is not None:
            raise error
        return cast(R, answer)


def _answered(region: str | None, work: Callable[[T], R], task: T) -> tuple[R | None, Exception | None]:
    """Return the result of the work or its error, which must not look like a lost executor.

    An executor has none of the driver's variables, so the region comes with the task.
    """
    if region is not None:
        use_region(region)
    try:
        return work(task), None
    except Exception as error:  # noqa: BLE001 raised again by the driver
        return None, error
