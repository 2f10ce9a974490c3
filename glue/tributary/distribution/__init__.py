"""Engines that run tasks: a process pool on one machine, or Spark. The rest of the package knows neither."""

from contextlib import AbstractContextManager

from tributary.distribution.engine import Engine, EngineName

__all__ = ["Engine", "EngineName", "open_engine"]


def open_engine(name: EngineName, parallelism: int) -> AbstractContextManager[Engine]:
    """Open the engine of that name; `parallelism` is the number of concurrent tasks, 0 for one a core."""
    if name == "spark":
        # Imported here alone: a machine that runs the pool has no Spark.
        from tributary.distribution.spark import SparkEngine  # noqa: PLC0415

        return SparkEngine(parallelism)
    from tributary.distribution.pool import PoolEngine  # noqa: PLC0415

    return PoolEngine(parallelism)
