"""What a task is told and what it answers: small values that travel between processes."""

from collections.abc import Mapping
from dataclasses import dataclass

from tributary.running.tasks import Destinations, Failed
from tributary.uploads.table import Claim


@dataclass(frozen=True)
class Task:
    """One claimed version to process; `alone` keeps a file under suspicion in a process of its own."""

    claim: Claim
    destinations: Destinations
    date_formats: tuple[str, ...]
    alone: bool = False


@dataclass(frozen=True)
class Counts:
    """Rows of one file: input = output + rejected; `issues` counts output rows by problem."""

    input: int
    cleaned: int
    output: int
    rejected: int
    issues: Mapping[str, int]

    def as_map(self) -> dict[str, object]:
        """Return the counts under the names that the stats and the uploads table use."""
        return {
            "input_count": self.input,
            "cleaned_count": self.cleaned,
            "output_count": self.output,
            "rejected_count": self.rejected,
            "issues": dict(self.issues),
        }


@dataclass(frozen=True)
class Processed:
    """Outputs are written; the ETags are those of the published objects."""

    content_sha256: str
    dataset_version: str
    output_etags: Mapping[str, str]
    counts: Counts
    drift: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class Unchanged:
    """The bytes and the dataset are those of the committed version; nothing was written."""

    content_sha256: str
    dataset_version: str


@dataclass(frozen=True)
class Quarantined:
    """The whole file is in the quarantine bucket, with its reason."""

    reason: str
    message: str


@dataclass(frozen=True)
class LeaseLost:
    """Another run has taken over; nothing more was written."""


Outcome = Processed | Unchanged | Quarantined | LeaseLost | Failed
