"""Audit of a manifest: a row for each of its files, a function of the manifest and its receipt."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from tributary.datasets import SMOKE_MANIFESTS
from tributary.manifests.manifest import Manifest
from tributary.manifests.receipt import Receipt, unreadable_of
from tributary.objects.audit import FileChange, Status, put_changes, shares

_NOTHING: Mapping[str, Any] = {"rows": 0, "dead_letters": 0}


def audit(manifest: Manifest, receipt: Receipt, bucket: str) -> None:
    """Write the rows of a committed manifest, unless it is a smoke test's."""
    if manifest.dataset != SMOKE_MANIFESTS:
        put_changes(bucket, changes_of(manifest, receipt, bucket))


def changes_of(manifest: Manifest, receipt: Receipt, bucket: str) -> Iterator[FileChange]:
    """The rows of a manifest under its receipt's generation; `bucket` has the output.

    Output bytes are shared by rows, and seconds by input bytes. A receipt of an earlier version of this
    package does not say what came of each file.
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
