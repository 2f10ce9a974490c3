"""Audit of the uploads: every change of an item's status as a row.

Whoever finishes a version marks its item in the index of what is pending, in the same write; the mark goes
once the row is written. So a row that a killed run owes is owed still, and the next run writes it.
"""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from tributary.datasets import SMOKE_UPLOADS, dataset_for_key, load_dataset
from tributary.errors import describe
from tributary.kernels.source import Source
from tributary.objects.audit import FileChange, Status, put_changes
from tributary.running.clock import timestamp, utc_now
from tributary.running.job import SERVICE_ERRORS
from tributary.running.log import log
from tributary.uploads import versions
from tributary.uploads.expressions import update, update_one
from tributary.uploads.history import read_items
from tributary.uploads.names import object_keys
from tributary.uploads.pending import AUDIT_SHARD, PENDING_ATTRIBUTES, owed_to_audit

Place = tuple[str, str]
"""Object and version of an item."""

_STATUS: Mapping[str, Status] = {
    versions.PROCESSED: "published",
    versions.UNCHANGED: "unchanged",
    versions.SUPERSEDED: "superseded",
    versions.QUARANTINED: "quarantined",
}
_ITEMS_AT_ONCE = 100
_THREADS = 8


class Audit:
    """Writes the rows of finished versions of one table into a bucket, but for the files of smoke tests.

    Switched off, it only takes away what was owed before.
    """

    def __init__(self, table: str, bucket: str, *, is_on: bool) -> None:
        self._table = table
        self._bucket = bucket
        self._is_on = is_on
        self._smoke = load_dataset(SMOKE_UPLOADS).prefix

    def sweep(self) -> None:
        """Write what earlier runs left owing."""
        self._attempt(owed_to_audit(self._table))

    def write(self, places: Iterable[Place]) -> None:
        """Write the rows of those of the versions that are owed; a failure is logged, and they stay owed."""
        if self._is_on:
            self._attempt(places)

    def _attempt(self, places: Iterable[Place]) -> None:
        try:
            for some in _chunks(list(places)):
                self._write(some)
        except (*SERVICE_ERRORS, OSError) as error:
            log("audit failed", cause=describe(error))

    def _write(self, places: list[Place]) -> None:
        items = [item for item in read_items(self._table, places) if item.get("pending_shard") == AUDIT_SHARD]
        if self._is_on:
            told = [item for item in items if not item["key"].startswith(self._smoke)]
            put_changes(self._bucket, (_change(item, self._bucket) for item in told))
        with ThreadPoolExecutor(_THREADS) as threads:
            for _ in threads.map(self._paid, items):
                pass

    def _paid(self, item: Mapping[str, Any]) -> None:
        """Take the mark away, unless the version changed again meanwhile."""
        change = update(
            self._table,
            item["object"],
            item["version"],
            sets={"audited_at": timestamp(utc_now())},
            removes=PENDING_ATTRIBUTES,
            condition="#pending_shard = :owed AND #token = :token",
            values={"owed": AUDIT_SHARD, "token": item["token"]},
        )
        update_one(change)


def _change(item: Mapping[str, Any], bucket: str) -> FileChange:
    key, token = item["key"], int(item["token"])
    status = _STATUS[item["status"]]
    if status in ("published", "unchanged") and "withdrawn" in item:
        status = "withdrawn"
    nothing = 0 if status == "withdrawn" else None
    dataset = dataset_for_key(key, "uploads")
    counts = item.get("counts", {})
    keys = object_keys(dataset.name if dataset else None, key, item["version"])
    written = [keys.parquet, *([keys.csv] if dataset and dataset.outputs.csv else [])]
    reason, _, message = str(item.get("last_error", "")).partition(": ")
    return FileChange(
        pipeline="uploads",
        source=Source(item["bucket"], key, item["version"]),
        commit=f"{token}.{status}",
        sequence=token,
        status=status,
        changed_at=datetime.fromisoformat(item["finished_at"]),
        uploaded_at=datetime.fromisoformat(item["registered_at"]),
        run=item.get("run_id", ""),
        bytes_in=int(item["size"]),
        dataset=dataset.name if dataset else None,
        rows=_whole(counts.get("output_count", nothing)),
        dead_letters=_whole(counts.get("rejected_count", nothing)),
        first=_first(item.get("first_reject")),
        bytes_out=_whole(item.get("output_bytes")),
        seconds=int(item["work_milliseconds"]) / 1000 if "work_milliseconds" in item else None,
        outputs=tuple(f"s3://{bucket}/{name}" for name in written)
        if status in ("published", "unchanged")
        else (),
        reason=reason if status == "quarantined" else None,
        message=message if status == "quarantined" else None,
    )


def _first(found: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    return None if found is None else {**found, "line": int(found["line"])}


def _whole(number: Any) -> int | None:  # noqa: ANN401 DynamoDB's numbers are decimals
    return None if number is None else int(number)


def _chunks(places: list[Place]) -> Iterator[list[Place]]:
    for start in range(0, len(places), _ITEMS_AT_ONCE):
        yield places[start : start + _ITEMS_AT_ONCE]
