"""Receipt of a manifest: its result. The first receipt of a generation decides its output."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tributary.conversion.chain import FileOutcome
from tributary.errors import SourceGoneError
from tributary.manifests.conversion import Converted
from tributary.manifests.manifest import Entry, Manifest
from tributary.manifests.names import output_keys
from tributary.objects.fetching import Unreadable
from tributary.running.clock import timestamp

_MAXIMUM_LATENCIES = 100

Receipt = Mapping[str, Any]
"""Document by receipt.schema.json."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """Attempt at a manifest by a run, under a generation."""

    run_id: str
    generation: int
    started_at: datetime


def receipt_of(manifest: Manifest, attempt: Attempt, converted: Converted) -> Receipt:
    """Return the receipt of a conversion that ends now."""
    now = datetime.now(UTC)
    quarantined = {entry: why for entry, why in converted.unreadable.items() if not why.is_gone}
    gone = [entry for entry, why in converted.unreadable.items() if why.is_gone]
    return {
        "id": manifest.id,
        "dataset": manifest.dataset,
        "date": manifest.date,
        "generation": attempt.generation,
        "parquet": output_keys(manifest).parquet,
        "rows": converted.rows,
        "dead_letters": converted.dead_letters,
        "input_bytes": sum(entry.size for entry in converted.published),
        "output_bytes": converted.parquet.stat().st_size,
        "files": len(converted.published),
        "columns": converted.columns,
        "new_columns": converted.new_columns,
        "other_rows": converted.other_rows,
        "by_file": [_told(converted.published.get(entry)) for entry in manifest.entries],
        "quarantined": [
            {**_named(entry), "reason": why.reason, "message": why.message}
            for entry, why in quarantined.items()
        ],
        "gone": [_named(entry) for entry in gone],
        "latency_seconds": _latencies([entry.uploaded_at for entry in converted.published], now),
        "job_run_id": attempt.run_id,
        "started_at": timestamp(attempt.started_at),
        "seconds": round((now - attempt.started_at).total_seconds(), 3),
    }


def to_bytes(receipt: Receipt) -> bytes:
    """Serialize a receipt as it is stored."""
    return json.dumps(receipt, ensure_ascii=False, separators=(",", ":")).encode()


def unreadable_of(receipt: Receipt) -> dict[tuple[str, str], Unreadable]:
    """Return the files that gave no rows, by key and version, with their reasons."""
    gone = Unreadable(SourceGoneError.reason, "the version was gone when the receipt was written")
    return {
        **{_identity(file): Unreadable(file["reason"], file["message"]) for file in receipt["quarantined"]},
        **{_identity(file): gone for file in receipt["gone"]},
    }


class ReceiptColumns:
    """Registry that admits what the receipt's attempt had admitted, in the same places.

    A receipt of an earlier version of this package names no new columns: then there was no cap.
    """

    def __init__(self, receipt: Receipt, cap: int) -> None:
        self.cap = cap
        self._new = frozenset(receipt.get("new_columns", ()))
        self.columns = frozenset(receipt["columns"]) - self._new

    def admit(self, names: Sequence[str]) -> None:
        """Admit those of the names that had been admitted."""
        self.columns |= self._new.intersection(names)


def agrees(converted: Converted, receipt: Receipt) -> bool:
    """Return True where the conversion read the receipt's files, and admitted the same columns on the way."""
    return (
        unreadable_of(receipt).keys() == {entry.identity for entry in converted.unreadable}
        and receipt["columns"] == converted.columns
        and receipt.get("new_columns", []) == converted.new_columns
    )


def counts(receipt: Receipt) -> tuple[int, int, int]:
    """Return the rows, the dead letters, and the rows with keys in `_other`."""
    return receipt["rows"], receipt["dead_letters"], other_rows(receipt)


def other_rows(receipt: Receipt) -> int:
    """Return the rows with keys in `_other`; a receipt of an earlier version of this package has none."""
    count: int = receipt.get("other_rows", 0)
    return count


def _told(outcome: FileOutcome | None) -> dict[str, Any] | None:
    if outcome is None:
        return None
    first = {} if outcome.first is None else {"first": outcome.first}
    return {"rows": outcome.rows, "dead_letters": outcome.rejected, **first}


def _named(entry: Entry) -> dict[str, str]:
    return {"key": entry.key, "version_id": entry.version_id}


def _identity(file: Mapping[str, str]) -> tuple[str, str]:
    return file["key"], file["version_id"]


def _latencies(uploaded: Sequence[datetime], now: datetime) -> list[float]:
    """Return the seconds from upload to now: all, or a sample of their sorted list at equal steps."""
    seconds = sorted(round((now - moment).total_seconds(), 3) for moment in uploaded)
    if len(seconds) <= _MAXIMUM_LATENCIES:
        return seconds
    step = (len(seconds) - 1) / (_MAXIMUM_LATENCIES - 1)
    return [seconds[round(index * step)] for index in range(_MAXIMUM_LATENCIES)]
