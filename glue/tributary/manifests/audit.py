"""Audit of a manifest: a row for each of its files, a function of the manifest and its receipt.

Whether what was gone had been withdrawn, the reasons tell that its withdrawal left before.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from tributary.datasets import SMOKE_MANIFESTS
from tributary.kernels.source import Source
from tributary.manifests.manifest import Manifest
from tributary.manifests.receipt import Receipt, unreadable_of
from tributary.objects.audit import FileChange, Status, put_changes, shares
from tributary.objects.quarantine import withdrawn
from tributary.running.tasks import Destinations

_NOTHING: Mapping[str, Any] = {"rows": 0, "dead_letters": 0}


def audit(manifest: Manifest, receipt: Receipt, destinations: Destinations) -> None:
    """Write the rows of a committed manifest, unless it is a smoke test's."""
    if manifest.dataset != SMOKE_MANIFESTS:
        gone = {(one["key"], one["version_id"]) for one in receipt["gone"]}
        sources = [entry.source for entry in manifest.entries if entry.identity in gone]
        taken = withdrawn(destinations.quarantine, sources)
        put_changes(destinations.curated, _changes(manifest, receipt, taken, destinations.curated))


def _changes(
    manifest: Manifest, receipt: Receipt, taken: Collection[Source], bucket: str
) -> Iterator[FileChange]:
    """The rows of a manifest under its receipt's generation; `bucket` has the output.

    Of the versions that were gone, those `taken` were withdrawn. Output bytes are shared by rows, and seconds
    by input bytes. A receipt of an earlier version of this package does not say what came of each file.
    """
    unreadable, told = unreadable_of(receipt), receipt.get("by_file")
    entries = manifest.entries
    is_read = [entry.identity not in unreadable for entry in entries]
    by_file = [_NOTHING if one is None else one for one in told or [None] * len(entries)]
    sizes = [entry.size if read else 0 for entry, read in zip(entries, is_read, strict=True)]
    bytes_out = shares(receipt["output_bytes"], (one["rows"] for one in by_file))
    milliseconds = shares(round(receipt["seconds"] * 1000), sizes)
    ended = datetime.fromisoformat(receipt["started_at"]) + timedelta(seconds=receipt["seconds"])
    for number, entry in enumerate(entries):
        known: dict[str, Any] = {
            "pipeline": "manifests",
            "source": entry.source,
            "commit": f"{manifest.id}.{receipt['generation']}",
            "sequence": receipt["generation"],
            "changed_at": ended,
            "uploaded_at": entry.uploaded_at,
            "run": receipt["job_run_id"],
            "bytes_in": entry.size,
            "dataset": manifest.dataset,
            "unit": manifest.id,
        }
        if entry.source in taken:
            yield FileChange(**known, status="withdrawn", rows=0, dead_letters=0)
            continue
        if (why := unreadable.get(entry.identity)) is not None:
            status: Status = "gone" if why.is_gone else "quarantined"
            yield FileChange(**known, status=status, reason=why.reason, message=why.message)
            continue
        one = by_file[number]
        yield FileChange(
            **known,
            status="published",
            rows=one["rows"] if told else None,
            dead_letters=one["dead_letters"] if told else None,
            first=one.get("first"),
            bytes_out=bytes_out[number] if told else None,
            seconds=milliseconds[number] / 1000,
            outputs=(f"s3://{bucket}/{receipt['parquet']}",),
        )
