"""Files that are ready to be uploaded."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A file below the work folder, and where it belongs.

    `partition` is a path such as `year=2026/month=01`, empty for dead letters; `rows` counts what it holds.
    """

    path: Path
    partition: str
    name: str
    rows: int
    bytes: int
