"""Parameters and failures of every job's tasks: small values, pickled between processes."""

from dataclasses import dataclass

from tributary.errors import WorkerKilledError

KILLED_WORKER = WorkerKilledError.reason


@dataclass(frozen=True)
class Destinations:
    """Buckets that a task writes to."""

    curated: str
    quarantine: str


@dataclass(frozen=True)
class Failed:
    """Failed attempt; `reason` is a code and `message` the cause."""

    reason: str
    message: str
