"""Audit of a batch: a row for each file that it published, and for each that it quarantined.

What the winning attempt found of each file is staged beside its objects; which files it has, the ledger says.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import class_row

from tributary.conversion.chain import FileOutcome
from tributary.datasets import SMOKE_LEDGER
from tributary.errors import SourceGoneError
from tributary.kernels.source import Source
from tributary.ledger.claims import Batch, BatchFile
from tributary.ledger.connection import Connection, LedgerConnection
from tributary.objects import content_types
from tributary.objects.audit import FileChange, put_changes, shares
from tributary.objects.quarantine import withdrawn
from tributary.objects.reads import read_object
from tributary.objects.writes import put_bytes
from tributary.running.tasks import Destinations

_FINISHED = "SELECT finished_at, owner FROM ledger.batches WHERE id = %s"
# By the time of the error, for which there is an index: among all outcomes nothing finds those of a batch.
_QUARANTINED = """
SELECT files.id, files.bucket, s3_key AS key, version_id, files.size, last_modified,
  last_error AS error, last_error_at AS at
FROM ledger.file_errors
  JOIN ledger.outcomes USING (file_id)
  JOIN ledger.files ON files.id = file_id
WHERE last_error_at >= (SELECT created_at FROM ledger.batches WHERE id = %(id)s)
  AND outcome = 'QUARANTINED' AND batch_id = %(id)s
ORDER BY file_id
"""

Outcomes = Mapping[str, Mapping[str, Any]]
"""Rows, dead letters and first dead letter of files, by their ids."""


@dataclass(frozen=True)
class QuarantinedFile(BatchFile):
    """File that its batch quarantined, with the error, and when."""

    error: str
    at: datetime

    @property
    def reason(self) -> str:
        """Code of the error."""
        return self.error.partition(": ")[0]

    @property
    def message(self) -> str:
        """The error in words."""
        return self.error.partition(": ")[2]


@dataclass(frozen=True)
class _Ended:
    """End of a batch as the ledger has it."""

    finished_at: datetime
    owner: str
    quarantined: list[QuarantinedFile]


def stage_outcomes(bucket: str, key: str, outcomes: Mapping[BatchFile, FileOutcome]) -> None:
    """Stage what an attempt found of each file."""
    found = {
        file.id: {"rows": outcome.rows, "dead_letters": outcome.rejected, "first": outcome.first}
        for file, outcome in outcomes.items()
    }
    put_bytes(bucket, key, json.dumps(found, separators=(",", ":")).encode(), content_types.JSON)


def audit(
    ledger: LedgerConnection, batch: Batch, files: Iterable[BatchFile], destinations: Destinations
) -> None:
    """Write the rows of a finished batch, unless it is a smoke test's; `files` are those of its commit."""
    if batch.dataset == SMOKE_LEDGER:
        return
    ended, bucket = ledger.repeatedly(lambda connection: _ended(connection, batch)), destinations.curated
    gone = [_source(file) for file in ended.quarantined if file.reason == SourceGoneError.reason]
    taken = withdrawn(destinations.quarantine, gone)
    put_changes(bucket, [*_published(batch, files, ended, bucket), *_quarantined(batch, ended, taken)])


def _ended(connection: Connection, batch: Batch) -> _Ended:
    finished_at, owner = connection.execute(_FINISHED, (batch.id,)).fetchone()  # type: ignore[misc]
    quarantined = connection.cursor(row_factory=class_row(QuarantinedFile))
    return _Ended(finished_at, owner, quarantined.execute(_QUARANTINED, {"id": batch.id}).fetchall())


def _outcomes(batch: Batch, bucket: str) -> Outcomes:
    """Read what was staged; nothing where it is gone, or an earlier version of this package staged none."""
    key = (batch.counts or {}).get("outcomes")
    try:
        found: Outcomes = {} if key is None else json.loads(read_object(bucket, key))
    except SourceGoneError:
        return {}
    return found


def _published(batch: Batch, files: Iterable[BatchFile], ended: _Ended, bucket: str) -> Iterator[FileChange]:
    """Output bytes are shared by rows, and seconds by input bytes."""
    files, outcomes, counts = list(files), _outcomes(batch, bucket), batch.counts or {}
    found = [outcomes.get(str(file.id), {}) for file in files]
    bytes_out = shares(counts["output_bytes"], (one.get("rows", 0) for one in found))
    milliseconds = shares(round(counts["seconds"] * 1000), (file.size for file in files))
    outputs = (f"s3://{bucket}/tables/{batch.dataset}/*part-{batch.id}-*.parquet",)
    for file, one, size, took in zip(files, found, bytes_out, milliseconds, strict=True):
        yield FileChange(
            **_of(batch, file, ended.finished_at, ended.owner),
            commit=f"{batch.id}.{counts['token']}",
            status="published",
            rows=one.get("rows"),
            dead_letters=one.get("dead_letters"),
            first=one.get("first"),
            bytes_out=size if one else None,
            seconds=took / 1000,
            outputs=outputs,
        )


def _quarantined(batch: Batch, ended: _Ended, taken: Collection[Source]) -> Iterator[FileChange]:
    """Of the files that were gone, those `taken` were withdrawn."""
    for file in ended.quarantined:
        known = {**_of(batch, file, file.at, ended.owner), "commit": f"{batch.id}.quarantined"}
        if _source(file) in taken:
            yield FileChange(**known, status="withdrawn", rows=0, dead_letters=0)
        else:
            yield FileChange(**known, status="quarantined", reason=file.reason, message=file.message)


def _of(batch: Batch, file: BatchFile, changed_at: datetime, run: str) -> dict[str, Any]:
    """What every row has; the one server's clock orders the changes of a file, in whatever batches."""
    return {
        "pipeline": "ledger",
        "source": _source(file),
        "sequence": round(changed_at.timestamp() * 1_000_000),
        "changed_at": changed_at,
        "uploaded_at": file.last_modified,
        "run": run,
        "bytes_in": file.size,
        "dataset": batch.dataset,
        "unit": str(batch.id),
    }


def _source(file: BatchFile) -> Source:
    return Source(file.bucket, file.key, file.version_id)
