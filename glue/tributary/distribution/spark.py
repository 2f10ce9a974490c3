"""The engine on Glue: Spark carries tasks to executors and their outcomes back, and nothing else.

A file is a Spark job of one task. So its outcome reaches the driver when it ends, not when the slowest of its
batch does, files go to whichever core is free, and a lost executor takes no other file's outcome along.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from threading import Event
from typing import cast

from py4j.protocol import Py4JJavaError
from pyspark import SparkConf, SparkContext

from tributary.distribution.alone import run_alone
from tributary.outcomes import KILLED_WORKER, Failed, Outcome, Task
from tributary.task import run_task

_POLL_SECONDS = 0.2


class SparkEngine:
    """Runs tasks on the executors, `parallelism` at once, 0 for as many as Spark has cores."""

    def __init__(self, parallelism: int) -> None:
        # A task that killed its executor must not go on to kill three more: we run it alone ourselves.
        conf = SparkConf().setIfMissing("spark.app.name", "tributary").set("spark.task.maxFailures", "1")
        self._context = SparkContext.getOrCreate(conf)
        self._threads = ThreadPoolExecutor(parallelism or self._context.defaultParallelism)

    def __enter__(self) -> "SparkEngine":
        return self

    def __exit__(self, *_: object) -> None:
        self._context.cancelAllJobs()
        self._threads.shutdown(cancel_futures=True)
        self._context.stop()

    def run(self, tasks: Sequence[Task], stopping: Event) -> Iterator[tuple[Task, Outcome]]:
        """Yield outcomes as they come; see `Engine.run`."""
        unfinished = yield from self._run_together([task for task in tasks if not task.alone], stopping)
        for task in (*unfinished, *(task for task in tasks if task.alone)):
            if stopping.is_set():
                return
            yield task, self._run_alone(task)

    def _run_together(
        self, tasks: Sequence[Task], stopping: Event
    ) -> Generator[tuple[Task, Outcome], None, list[Task]]:
        """Yield outcomes as they come; return the tasks whose executor was lost."""
        running = {self._threads.submit(self._on_executor, run_task, task): task for task in tasks}
        unfinished: list[Task] = []
        while running and not stopping.is_set():
            for future in wait(running, _POLL_SECONDS, FIRST_COMPLETED).done:
                task = running.pop(future)
                try:
                    outcome = future.result()
                except Py4JJavaError:
                    unfinished.append(task)
                else:
                    yield task, outcome
        if stopping.is_set():
            self._context.cancelAllJobs()
        return unfinished

    def _run_alone(self, task: Task) -> Outcome:
        try:
            return self._on_executor(run_alone, task)
        except Py4JJavaError as error:
            return Failed(KILLED_WORKER, f"the executor was lost: {error.java_exception}")

    def _on_executor(self, work: Callable[[Task], Outcome | None], task: Task) -> Outcome:
        outcomes = self._context.parallelize([task], 1).map(work).collect()
        return cast(Outcome, outcomes[0])
