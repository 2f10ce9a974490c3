"""Parameters and outcomes of a task on a file: small values, pickled between processes."""

from collections.abc import Mapping
from dataclasses import dataclass

from tributary.conversion.result import FirstReject
from tributary.kernels.file_limits import DEFAULT_FILE_LIMITS, FileLimits
from tributary.running.announcing import Announcer
from tributary.running.table_columns import ColumnCap
from tributary.running.tasks import Destinations, Failed
from tributary.uploads.table import Claim


@dataclass(frozen=True)
class Task:
    """Claimed version to process; `alone` runs a suspected file in a process of its own."""

    claim: Claim
    destinations: Destinations
    columns: ColumnCap
    announcer: Announcer
    date_formats: tuple[str, ...]
    alone: bool = False
    file_limits: FileLimits = DEFAULT_FILE_LIMITS


@dataclass(frozen=True)
class Counts:
    """Rows of one file: input = output + rejected.

    `issues` counts output rows by problem, and `other_rows` are those with keys in `_other`.
    """

    input: int
    cleaned: int
    output: int
    rejected: int
    other_rows: int
    issues: Mapping[str, int]

    def as_map(self) -> dict[str, object]:
        """Return the counts by their names in the stats and the uploads table."""
        return {
            "input_count": self.input,
            "cleaned_count": self.cleaned,
            "output_count": self.output,
            "rejected_count": self.rejected,
            "other_rows": self.other_rows,
            "issues": dict(self.issues),
        }


@dataclass(frozen=True)
class Processed:
    """Outcome of a processed file: its outputs are written, with these ETags of the published objects.

    A version without rows that `is_withdrawal` stands for a file that was taken out of the lake.
    """

    content_sha256: str
    dataset_version: str
    output_etags: Mapping[str, str]
    counts: Counts
    first: FirstReject | None
    output_bytes: int
    drift: tuple[str, ...]
    seconds: float
    is_withdrawal: bool

    @property
    def figures(self) -> dict[str, object]:
        """What the uploads table keeps of it."""
        return {
            "counts": self.counts.as_map(),
            "output_bytes": self.output_bytes,
            "work_milliseconds": round(self.seconds * 1000),
            **({} if self.first is None else {"first_reject": dict(self.first)}),
            **_withdrawal(self.is_withdrawal),
        }


@dataclass(frozen=True)
class Unchanged:
    """Outcome of a file with the bytes and the dataset of the committed version; nothing was written."""

    content_sha256: str
    dataset_version: str
    is_withdrawal: bool

    @property
    def figures(self) -> dict[str, object]:
        """What the uploads table keeps of it."""
        return _withdrawal(self.is_withdrawal)


@dataclass(frozen=True)
class Quarantined:
    """Outcome of a file that is in the quarantine bucket as a whole, with its reason."""

    reason: str
    message: str


@dataclass(frozen=True)
class LeaseLost:
    """Outcome of a file that another run has taken over; nothing more was written."""


Outcome = Processed | Unchanged | Quarantined | LeaseLost | Failed


def _withdrawal(is_withdrawal: bool) -> dict[str, object]:
    return {"withdrawn": True} if is_withdrawal else {}
