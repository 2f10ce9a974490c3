"""Parameters and answers of a task on a manifest: small values, pickled between processes."""

from dataclasses import dataclass

from tributary.kernels.file_limits import DEFAULT_FILE_LIMITS, FileLimits
from tributary.manifests.messages import Request
from tributary.manifests.receipt import Receipt
from tributary.running.table_columns import ColumnCap
from tributary.running.tasks import Destinations


@dataclass(frozen=True, slots=True)
class ManifestTask:
    """Manifest to work on; `by_file` first tries each file in a child process, to find poison files."""

    request: Request
    destinations: Destinations
    columns: ColumnCap
    run_id: str
    by_file: bool = False
    file_limits: FileLimits = DEFAULT_FILE_LIMITS


@dataclass(frozen=True, slots=True)
class Committed:
    """Answer: the output exists; `is_new` says that this attempt wrote it. `measures` are seconds and MiB."""

    receipt: Receipt
    is_new: bool
    measures: dict[str, float]


@dataclass(frozen=True, slots=True)
class Skipped:
    """Answer: nothing is to be done, now or later: a fence, or work that a higher generation took over."""

    why: str


@dataclass(frozen=True, slots=True)
class NotDone:
    """Answer: the attempt failed, and the message comes back; `reason` is a code and `message` the cause."""

    reason: str
    message: str


Answer = Committed | Skipped | NotDone
