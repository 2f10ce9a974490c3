"""What a task on a manifest is told and what it answers: small values that travel between processes."""

from dataclasses import dataclass

from tributary.manifests.messages import Request
from tributary.manifests.receipt import Receipt
from tributary.running.tasks import Destinations


@dataclass(frozen=True, slots=True)
class ManifestTask:
    """One manifest to work on; `by_file` tries each file in a child process first, for one is a killer."""

    request: Request
    destinations: Destinations
    run_id: str
    by_file: bool = False


@dataclass(frozen=True, slots=True)
class Committed:
    """The output stands; `is_new` says that this attempt wrote it. `measures` are seconds and MiB."""

    receipt: Receipt
    is_new: bool
    measures: dict[str, float]


@dataclass(frozen=True, slots=True)
class Needless:
    """There is nothing to be done, now or later: a fence, or work that a higher generation took over."""

    why: str


@dataclass(frozen=True, slots=True)
class NotDone:
    """The attempt broke, and the message comes back; `reason` is a code and `message` the cause."""

    reason: str
    message: str


Answer = Committed | Needless | NotDone
