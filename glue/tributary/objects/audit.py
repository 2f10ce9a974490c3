"""Audit of the lake: a row for each change of what became of a file, derived from its pipeline's books.

Writers put rows below a prefix, as often as they like; the function `lake-audit` merges them into an object
an hour, each once by its id. docs/audit.md has the columns.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from tributary.kernels.source import Source
from tributary.objects import content_types
from tributary.objects.writes import put_bytes

INCOMING = "audit/incoming/"
Status = Literal["published", "unchanged", "superseded", "quarantined", "gone", "withdrawn"]
_DIGEST_LENGTH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """Change of a version's state; sizes in bytes, `seconds` of work.

    `commit` names the change among those of its version, and the greatest `sequence` is the newest. `unit` is
    the manifest or the batch, `first` line, column and reason of the first dead letter.
    """

    pipeline: str
    source: Source
    commit: str
    sequence: int
    status: Status
    changed_at: datetime
    uploaded_at: datetime
    run: str
    bytes_in: int
    dataset: str | None
    unit: str | None = None
    rows: int | None = None
    dead_letters: int | None = None
    first: Mapping[str, Any] | None = None
    bytes_out: int | None = None
    seconds: float | None = None
    outputs: tuple[str, ...] = ()
    reason: str | None = None
    message: str | None = None

    @property
    def id(self) -> str:
        """A digest of version and commit: the same change has the same, whoever writes it."""
        source = self.source
        names = [self.pipeline, source.bucket, source.key, source.version, self.commit]
        return hashlib.sha256(json.dumps(names).encode()).hexdigest()[:_DIGEST_LENGTH]

    def record(self) -> dict[str, Any]:
        """The row; its id stands first, by which the merge knows it without reading the rest."""
        first = self.first or {}
        return {
            "id": self.id,
            "source": self.source.id,
            "dataset": self.dataset,
            "bucket": self.source.bucket,
            "key": self.source.key,
            "version": self.source.version,
            "status": self.status,
            "sequence": self.sequence,
            "rows": self.rows,
            "dead_letters": self.dead_letters,
            "first_line": first.get("line"),
            "first_column": first.get("column"),
            "first_reason": first.get("reason"),
            "bytes_in": self.bytes_in,
            "bytes_out": self.bytes_out,
            "uploaded_at": _time(self.uploaded_at),
            "changed_at": _time(self.changed_at),
            "seconds": self.seconds,
            "run": self.run,
            "unit": self.unit,
            "outputs": list(self.outputs),
            "reason": self.reason,
            "message": self.message,
        }


def put_changes(bucket: str, changes: Iterable[FileChange]) -> None:
    """Write rows, one object for each pipeline and hour of theirs; the same rows are the same object."""
    hours: defaultdict[str, list[FileChange]] = defaultdict(list)
    for change in changes:
        hours[f"{change.pipeline}/{change.changed_at.astimezone(UTC):%Y-%m-%dT%H}"].append(change)
    for hour, rows in hours.items():
        lines = [json.dumps(row.record(), ensure_ascii=False, separators=(",", ":")) for row in rows]
        ids = "".join(sorted(row.id for row in rows))
        name = hashlib.sha256(ids.encode()).hexdigest()[:_DIGEST_LENGTH]
        content = "".join(f"{line}\n" for line in lines).encode(errors="replace")
        put_bytes(bucket, f"{INCOMING}{hour}/{name}.ndjson", content, content_types.NDJSON)


def shares(total: int, weights: Iterable[int]) -> list[int]:
    """Share a whole number by weights, so that the shares add up to it; all are 0 where the weights are."""
    weights = list(weights)
    whole = sum(weights)
    given, before, passed = [], 0, 0
    for weight in weights:
        passed += weight
        now = total * passed // whole if whole else 0
        given.append(now - before)
        before = now
    return given


def _time(moment: datetime) -> str:
    """Format a timestamp as the readers of JSON in Athena take one: UTC, milliseconds, without a zone."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="milliseconds")
