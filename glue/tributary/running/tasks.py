"""What the tasks of every job are told, and how they fail: small values that travel between processes."""

from dataclasses import dataclass

KILLED_WORKER = "killed-worker"


@dataclass(frozen=True)
class Destinations:
    """Buckets that a task writes to."""

    curated: str
    quarantine: str


@dataclass(frozen=True)
class Failed:
    """The attempt broke; `reason` is a code and `message` the cause."""

    reason: str
    message: str
