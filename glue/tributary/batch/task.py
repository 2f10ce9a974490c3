"""Parameters and answers of the tasks on a batch: small values, pickled between processes."""

from dataclasses import dataclass
from typing import Any, Literal

from tributary.datasets import Dataset
from tributary.kernels.file_limits import DEFAULT_FILE_LIMITS, FileLimits
from tributary.ledger.claims import BatchFile
from tributary.running.table_columns import ColumnCap
from tributary.running.tasks import Destinations, Failed

ArchiveMode = Literal["move", "tag"]


@dataclass(frozen=True, slots=True)
class TransformSettings:
    """Settings of every batch of a run; sizes in bytes, and the years of the table's partitions."""

    destinations: Destinations
    columns: ColumnCap
    object_bytes: int
    child_bytes: int
    first_year: int
    last_year: int
    threads: int
    file_limits: FileLimits = DEFAULT_FILE_LIMITS


@dataclass(frozen=True, slots=True)
class TransformTask:
    """Attempt to make a batch's objects; `by_file` looks for poison files first.

    The dataset is the version of the batch's first claim, whatever is deployed by now. `attempt` counts from
    0 under one token: an executor that was taken for lost may still write. The files of a replay were read
    before.
    """

    batch: int
    token: int
    files: tuple[BatchFile, ...]
    dataset: Dataset
    settings: TransformSettings
    attempt: int = 0
    by_file: bool = False
    is_replay: bool = False


@dataclass(frozen=True, slots=True)
class UnreadableFile:
    """File that gives no rows, with the reason; its copy is in quarantine."""

    id: int
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Staged:
    """Staged objects as the commit records them; `partial_ids` are files with rejected lines."""

    objects: list[dict[str, Any]]
    counts: dict[str, Any]
    partial_ids: list[int]
    unreadable: tuple[UnreadableFile, ...]
    measures: dict[str, float]


@dataclass(frozen=True, slots=True)
class PublishTask:
    """Publish the objects of a commit; `generation` is the commit's token.

    `earlier` are the `objects` of the commits before it.
    """

    objects: list[dict[str, Any]]
    earlier: list[dict[str, Any]]
    generation: int
    destinations: Destinations


@dataclass(frozen=True, slots=True)
class Published:
    """Counts of a publication; `overtaken_by` is the generation of a later commit where one exists."""

    objects: int
    deleted: int
    overtaken_by: int | None = None


@dataclass(frozen=True, slots=True)
class ArchiveTask:
    """Archive raw files whose rows are published; `prefix` is that of their dataset."""

    files: tuple[BatchFile, ...]
    prefix: str
    mode: ArchiveMode


@dataclass(frozen=True, slots=True)
class Archived:
    """Counts of the files archived now and before."""

    files: int
    before: int


Answer = Staged | Published | Archived | Failed
