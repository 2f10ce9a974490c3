"""Parameters and failures of every job's tasks: small values, pickled between processes."""

from dataclasses import dataclass
from typing import Literal

from tributary.errors import WorkerKilledError

KILLED_WORKER = WorkerKilledError.reason


@dataclass(frozen=True)
class Destinations:
    """Buckets that a task writes to; `is_audited` says whether rows of the audit go to the first."""

    curated: str
    quarantine: str
    is_audited: bool


@dataclass(frozen=True)
class DestinationArguments:
    """Arguments of a job that publishes rows."""

    curated_bucket: str
    quarantine_bucket: str
    audit: Literal["on", "off"]

    @property
    def destinations(self) -> Destinations:
        """Buckets that its tasks write to."""
        return Destinations(self.curated_bucket, self.quarantine_bucket, is_audited=self.audit == "on")


@dataclass(frozen=True)
class Failed:
    """Failed attempt; `reason` is a code and `message` the cause."""

    reason: str
    message: str
