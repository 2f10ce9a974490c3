"""Engines that run tasks: a process pool on one machine, or Spark. The rest of the package knows neither."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from tributary.distribution.engine import Engine, EngineName
from tributary.distribution.metered import MeteredEngine

__all__ = ["Engine", "EngineName", "open_engine"]


@contextmanager
def open_engine(name: EngineName, parallelism: int) -> Iterator[Engine]:
    """Open the engine of that name, whose use is told in the log at its end.

    `parallelism` is the number of concurrent tasks, 0 for one a core.
    """
    with _engine(name, parallelism) as engine, MeteredEngine(engine) as metered:
        yield metered


def _engine(name: EngineName, parallelism: int) -> AbstractContextManager[Engine]:
    if name == "spark":
        # Imported here alone: a machine that runs the pool has no Spark.
        from tributary.distribution.spark import SparkEngine  # noqa: PLC0415

        return SparkEngine(parallelism)
    from tributary.distribution.pool import PoolEngine  # noqa: PLC0415

    return PoolEngine(parallelism)
