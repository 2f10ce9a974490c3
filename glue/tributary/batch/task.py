"""What the tasks on a batch are told and what they answer: small values that travel between processes."""

from dataclasses import dataclass
from typing import Any, Literal

from tributary.ledger.claims import BatchFile
from tributary.ledger.dataset_versions import DatasetVersion
from tributary.running.tasks import Destinations, Failed

ArchiveMode = Literal["move", "tag"]


@dataclass(frozen=True, slots=True)
class TransformSettings:
    """What holds for every batch of a run; sizes in bytes, and the years that the table shows."""

    destinations: Destinations
    object_bytes: int
    child_bytes: int
    first_year: int
    last_year: int
    threads: int


@dataclass(frozen=True, slots=True)
class TransformTask:
    """One attempt to make a batch's objects; `by_file` looks first for the file that kills its reader.

    The dataset is that of the batch's begin, whatever is deployed by now. `attempt` counts from 0 under one
    token: an executor that was thought lost may still write.
    """

    batch: int
    token: int
    files: tuple[BatchFile, ...]
    dataset: DatasetVersion
    settings: TransformSettings
    attempt: int = 0
    by_file: bool = False


@dataclass(frozen=True, slots=True)
class UnreadableFile:
    """A file that gives no rows, and why; its copy is in quarantine."""

    id: int
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Staged:
    """What is staged, as the commit records it; `partial_ids` are the files of which lines were rejected."""

    objects: list[dict[str, Any]]
    counts: dict[str, Any]
    partial_ids: list[int]
    unreadable: tuple[UnreadableFile, ...]
    measures: dict[str, float]


@dataclass(frozen=True, slots=True)
class PublishTask:
    """Bring the objects of a commit to their names. `generation` is the token of the commit.

    `earlier` are objects of commits before it, as their `objects` told.
    """

    objects: list[dict[str, Any]]
    earlier: list[dict[str, Any]]
    generation: int
    destinations: Destinations


@dataclass(frozen=True, slots=True)
class Published:
    """How many objects stand; `overtaken_by` is the generation of a later commit where one was met."""

    objects: int
    deleted: int
    overtaken_by: int | None = None


@dataclass(frozen=True, slots=True)
class ArchiveTask:
    """Put raw files away whose rows are published."""

    files: tuple[BatchFile, ...]
    mode: ArchiveMode


@dataclass(frozen=True, slots=True)
class Archived:
    """How many files were put away, and how many were already."""

    files: int
    before: int


Answer = Staged | Published | Archived | Failed
