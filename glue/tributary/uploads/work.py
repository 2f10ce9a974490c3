"""Work on one claimed file, in whatever process it runs: read, process, publish, return an outcome."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path

from botocore.exceptions import ClientError

from tributary.conversion.result import FileResult
from tributary.conversion.upload import process_file, rows_version
from tributary.datasets import Dataset, dataset_for_key
from tributary.errors import DeclarationError, LeaseLostError, TerminalError, brief, describe
from tributary.kernels.compression.streams import compression_of, peeked
from tributary.kernels.source import Source
from tributary.objects import content_types
from tributary.objects.quarantine import with_copy
from tributary.objects.reads import read_version, version_metadata
from tributary.objects.refusals import MISSING_PERMISSION, is_denied
from tributary.objects.writes import copy_version, put_bytes, put_file, put_published
from tributary.running.announcing import shares_of_columns
from tributary.running.clock import timestamp
from tributary.running.table_columns import TableColumns
from tributary.running.tasks import Failed
from tributary.running.temporary import temporary_folder
from tributary.running.time_limit import TimeLimit
from tributary.uploads.names import ObjectKeys, object_keys
from tributary.uploads.table import Claim
from tributary.uploads.task import Counts, LeaseLost, Outcome, Processed, Quarantined, Task, Unchanged

NO_DATASET = "no-dataset"
EVENT = "UploadPublished"


def run_task(task: Task) -> Outcome:
    """Process one claimed file; every failure is returned as an outcome, for the driver counts attempts."""
    try:
        return _process_or_quarantine(task)
    except LeaseLostError:
        return LeaseLost()
    except ClientError as error:
        return Failed(MISSING_PERMISSION if is_denied(error) else "error", describe(error))
    except Exception as error:  # noqa: BLE001 returned to the driver, which fails the run with this cause
        return Failed("error", describe(error))


def quarantine_file(task: Task, reason: str, message: str) -> Quarantined:
    """Copy the whole file next to its reason; where that cannot be, write the reason alone."""
    claim = task.claim
    version, size = claim.version.version, claim.version.size
    keys = _keys(task, dataset_for_key(claim.key, "uploads"))

    def copy() -> None:
        to_bucket = task.destinations.quarantine
        copy_version(claim.bucket, claim.key, version, to_bucket, keys.whole_file, size=size)

    message = brief(with_copy(message, copy, size))
    record = {
        "source_bucket": claim.bucket,
        "source_key": claim.key,
        "source_version": version,
        "reason": reason,
        "message": message,
        "attempts": claim.attempts,
        "run_id": claim.lease.owner,
        "quarantined_at": timestamp(datetime.now(UTC)),
    }
    put_bytes(task.destinations.quarantine, keys.whole_file_reason, _json(record), content_types.JSON)
    return Quarantined(reason, message)


def _process_or_quarantine(task: Task) -> Outcome:
    dataset = dataset_for_key(task.claim.key, "uploads")
    if dataset is None:
        return quarantine_file(task, NO_DATASET, f"no dataset of uploads claims the key {task.claim.key}")
    try:
        with temporary_folder("upload") as work:
            return _process(task, dataset, work)
    except DeclarationError:
        # The package's mistake, not the file's: the run fails, and the file waits.
        raise
    except TerminalError as error:
        return quarantine_file(task, error.reason, str(error))


def _process(task: Task, dataset: Dataset, work: Path) -> Outcome:
    began = time.monotonic()
    claim, committed = task.claim, task.claim.committed
    version = claim.version.version
    with TimeLimit(task.file_limits.seconds) as clock:
        head, stored = peeked(clock.fetching(read_version(claim.bucket, claim.key, version)))
        result = process_file(
            dataset,
            Source(claim.bucket, claim.key, version),
            clock.reading(stored, is_compressed=compression_of(head) is not None),
            processing_date=datetime.fromisoformat(claim.first_claimed_at),
            date_formats=task.date_formats,
            work=work,
            registry=TableColumns(dataset.name, task.columns),
            limits=task.file_limits,
        )
    if result.whole_file_reason is not None:
        return quarantine_file(task, result.whole_file_reason, result.whole_file_message or "")
    counts = _counts(result)
    is_withdrawal = not (counts.output or counts.rejected) and _is_withdrawal(claim)
    rules = rows_version(dataset, task.date_formats)
    same = (result.content_sha256, rules) == (committed.content_sha256, committed.dataset_version)
    # After a publication without a commit the visible rows may differ from the committed ones.
    if same and committed.publishing is None:
        return Unchanged(result.content_sha256, rules, is_withdrawal)
    etags = _publish(task, dataset, result)
    seconds = time.monotonic() - began
    _put_stats(task, dataset, counts, result.drift, seconds)
    _announce(task, dataset, result)
    return Processed(
        content_sha256=result.content_sha256,
        dataset_version=rules,
        output_etags=etags,
        counts=counts,
        first=result.first,
        output_bytes=sum(path.stat().st_size for path in (result.csv, result.parquet) if path is not None),
        drift=result.drift,
        seconds=seconds,
        is_withdrawal=is_withdrawal,
    )


def _is_withdrawal(claim: Claim) -> bool:
    """Return whether `tributary withdraw` put the version in the place of a file."""
    return "withdrawn" in version_metadata(claim.bucket, claim.key, claim.version.version)


def _publish(task: Task, dataset: Dataset, result: FileResult) -> dict[str, str]:
    """Write dead letters, then the published objects under the lease; return the ETags of the latter."""
    claim, keys = task.claim, _keys(task, dataset)
    if result.rejects is not None:
        put_file(task.destinations.quarantine, keys.dead_letters, result.rejects, content_types.NDJSON)
    if not claim.lease.begin_publication(claim.version.version):
        raise LeaseLostError(f"the lease for {claim.lease.object_id} has gone to another run")
    outputs = [
        (keys.csv, result.csv, content_types.CSV),
        (keys.parquet, result.parquet, content_types.PARQUET),
    ]
    return {
        key: put_published(
            task.destinations.curated,
            key,
            path,
            content_type,
            known_etag=claim.committed.output_etags.get(key),
            holds_lease=claim.lease.holds,
        )
        for key, path, content_type in outputs
        if path is not None
    }


def _put_stats(task: Task, dataset: Dataset, counts: Counts, drift: tuple[str, ...], seconds: float) -> None:
    claim = task.claim
    stats = {
        "source_file": claim.key,
        "source_bucket": claim.bucket,
        "source_version": claim.version.version,
        **counts.as_map(),
        "drift": list(drift),
        "processing_timestamp": claim.first_claimed_at,
        "run_id": claim.lease.owner,
        "seconds": round(seconds, 3),
    }
    put_bytes(task.destinations.curated, _keys(task, dataset).stats, _json(stats), content_types.JSON)


def _announce(task: Task, dataset: Dataset, result: FileResult) -> None:
    """Announce undeclared fields before the commit: an attempt that fails here is made again."""
    if not result.columns and not result.other_rows:
        return
    claim = task.claim
    detail = {"dataset": dataset.name, "key": claim.key, "version": claim.version.version}
    for number, share in enumerate(shares_of_columns(result.columns)):
        other_rows = 0 if number else result.other_rows
        task.announcer.announce(EVENT, {**detail, "columns": share, "other_rows": other_rows})


def _counts(result: FileResult) -> Counts:
    return Counts(
        input=result.input_count,
        cleaned=result.cleaned_count,
        output=result.output_count,
        rejected=result.rejected_count,
        other_rows=result.other_rows,
        issues=dict(result.issues),
    )


def _keys(task: Task, dataset: Dataset | None) -> ObjectKeys:
    return object_keys(dataset.name if dataset else None, task.claim.key, task.claim.version.version)


def _json(document: dict[str, object]) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"
