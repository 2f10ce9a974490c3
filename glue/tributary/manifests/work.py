"""Work on one manifest, in whatever process it runs: fetch, convert, publish, answer.

The receipt is written before anything else, and the first one of a generation decides which files have no
rows, and which keys have columns. So all attempts at a generation, at the same time or one after the other,
write the same objects.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from botocore.exceptions import ClientError

from tributary.datasets import load_dataset
from tributary.errors import SourceGoneError, TerminalError, TransientError, describe
from tributary.kernels.output.undeclared import OTHER_COLUMN, ColumnRegistry
from tributary.manifests.audit import audit
from tributary.manifests.conversion import Converted, Seconds, convert
from tributary.manifests.manifest import Entry, Manifest, parse_manifest
from tributary.manifests.names import output_keys
from tributary.manifests.receipt import (
    Attempt,
    Receipt,
    ReceiptColumns,
    agrees,
    counts,
    receipt_of,
    to_bytes,
    unreadable_of,
)
from tributary.manifests.suspects import poison_files
from tributary.manifests.task import Answer, Committed, ManifestTask, NotDone, Skipped
from tributary.objects import content_types
from tributary.objects.fetching import Fetch, ReadAhead, Unreadable, fetch
from tributary.objects.quarantine import quarantine_version
from tributary.objects.reads import existing_object, read_object
from tributary.objects.refusals import MISSING_PERMISSION, is_denied
from tributary.objects.writes import put_generation
from tributary.running.memory import peak_bytes
from tributary.running.table_columns import TableColumns
from tributary.running.temporary import temporary_folder

_MEBIBYTE = 1 << 20


def work_on_manifest(task: ManifestTask) -> Answer:
    """Publish one manifest; every failure is returned as an answer, for the message must then come back."""
    try:
        request = task.request
        manifest = parse_manifest(request.key, read_object(request.bucket, request.key))
        if not manifest.entries:
            return Skipped("it lists no files")
        with temporary_folder("manifest") as work:
            return _Publication(task, manifest, work).run()
    except TerminalError as error:
        return NotDone(error.reason, describe(error))
    except ClientError as error:
        return NotDone(MISSING_PERMISSION if is_denied(error) else "error", describe(error))
    except Exception as error:  # noqa: BLE001 returned to the driver, which logs it and lets the message come back
        return NotDone("error", describe(error))


class _Publication:
    """Attempt at a manifest that lists files."""

    def __init__(self, task: ManifestTask, manifest: Manifest, work: Path) -> None:
        self._task = task
        self._manifest = manifest
        self._dataset = load_dataset(manifest.dataset, "manifests")
        self._work = work
        self._keys = output_keys(manifest)
        self._attempt = Attempt(task.run_id, task.request.generation, datetime.now(UTC))
        self._seconds = Seconds()

    def run(self) -> Answer:
        """Do the rest of the work under this generation.

        The audit comes last: an attempt that ends before has its message back, and the next one writes it.
        """
        answer = self._publish_once()
        if isinstance(answer, Committed) and self._task.destinations.is_audited:
            audit(self._manifest, answer.receipt, self._task.destinations)
        return answer

    def _publish_once(self) -> Answer:
        generation = self._attempt.generation
        found = existing_object(self._task.destinations.curated, self._keys.parquet)
        if found is None or found.generation < generation:
            return self._publish()
        receipt = self._existing_receipt() if found.generation == generation else None
        if receipt is None:
            return Skipped(f"generation {found.generation} stands")
        return Committed(receipt, is_new=False, measures={})

    def _publish(self) -> Answer:
        began, cpu_began = time.perf_counter(), time.process_time()
        columns = TableColumns(self._manifest.dataset, self._task.columns)
        converted = self._convert(self._poison_files(), columns)
        receipt = receipt_of(self._manifest, self._attempt, converted)
        existing = self._put_receipt(receipt)
        if existing == self._attempt.generation:
            receipt = self._existing_receipt() or receipt
            converted = self._agreeing(converted, receipt)
            self._put_dead_letters(converted)
            self._quarantine(unreadable_of(receipt))
            existing = self._put_parquet(converted)
        if existing > self._attempt.generation:
            return Skipped(f"generation {existing} took over")
        return Committed(receipt, is_new=True, measures=self._measures(began, cpu_began))

    def _poison_files(self) -> dict[tuple[str, str], Unreadable]:
        if not self._task.by_file:
            return {}
        entries, limits = self._manifest.entries, self._task.file_limits
        found = poison_files(self._dataset, entries, self._work, limits)
        return {entry.identity: why for entry, why in found.items()}

    def _convert(self, excluded: Mapping[tuple[str, str], Unreadable], registry: ColumnRegistry) -> Converted:
        """Convert all files but those known to give no rows.

        Again, where one of them is beyond a limit after it gave rows, all of which are found at the first
        time, or fills the disk.
        """
        metadata = {
            "dataset": self._dataset.name,
            "dataset_version": self._dataset.version,
            "manifest": self._manifest.id,
            "generation": str(self._attempt.generation),
        }
        wanted = [entry for entry in self._manifest.entries if entry.identity not in excluded]
        limits = self._task.file_limits
        if self._task.by_file:
            # What passed the search may take together what each took there.
            limits = replace(limits, seconds=limits.seconds * len(self._manifest.entries))
        with ReadAhead(wanted, self._work, partial(fetch, limits=limits)) as files:
            every = _in_order(self._manifest.entries, excluded, iter(files))
            converted = convert(
                self._dataset,
                every,
                self._work,
                metadata,
                self._seconds,
                registry=registry,
                file_limits=limits,
            )
        if converted.is_spoilt:
            found = {entry.identity: why for entry, why in converted.unreadable.items()}
            return self._convert({**excluded, **found}, registry)
        return converted

    def _agreeing(self, converted: Converted, receipt: Receipt) -> Converted:
        """Return a conversion that agrees with the receipt: this one, or one of its files and columns.

        Raises `TransientError` when a file that the receipt counts can no longer be read, and when columns or
        counts differ, as after an update of this package: half of the outputs may exist as they were.
        """
        if not agrees(converted, receipt):
            registry = ReceiptColumns(receipt, self._task.columns.columns)
            converted = self._convert(unreadable_of(receipt), registry)
        if unreadable_of(receipt).keys() != {entry.identity for entry in converted.unreadable}:
            raise TransientError(
                f"{self._keys.receipt} counts files that can be read no more; reprocess the manifest"
            )
        found = (converted.rows, converted.dead_letters, converted.other_rows)
        if not agrees(converted, receipt) or found != counts(receipt):
            raise TransientError(
                f"{self._keys.receipt} tells of {_told(counts(receipt), receipt['columns'])}, now there are "
                f"{_told(found, converted.columns)}; reprocess the manifest"
            )
        return converted

    def _put_receipt(self, receipt: Receipt) -> int:
        bucket, generation = self._task.request.bucket, self._attempt.generation
        return self._timed_put(bucket, self._keys.receipt, to_bytes(receipt), content_types.JSON, generation)

    def _existing_receipt(self) -> Receipt | None:
        """Return the existing receipt if it is of this generation."""
        with suppress(SourceGoneError):
            receipt: Receipt = json.loads(read_object(self._task.request.bucket, self._keys.receipt))
            if receipt["generation"] == self._attempt.generation:
                return receipt
        return None

    def _put_dead_letters(self, converted: Converted) -> None:
        """Write the dead letters; under a later generation even none, to replace those of an earlier one."""
        bucket, generation = self._task.destinations.quarantine, self._attempt.generation
        if converted.rejects is not None or generation:
            content = converted.rejects or b""
            self._timed_put(bucket, self._keys.dead_letters, content, content_types.NDJSON, generation)

    def _put_parquet(self, converted: Converted) -> int:
        bucket, generation = self._task.destinations.curated, self._attempt.generation
        return self._timed_put(
            bucket, self._keys.parquet, converted.parquet, content_types.PARQUET, generation
        )

    def _timed_put(
        self, bucket: str, key: str, content: Path | bytes, content_type: str, generation: int
    ) -> int:
        began = time.perf_counter()
        existing = put_generation(bucket, key, content, content_type, generation)
        self._seconds.put += time.perf_counter() - began
        return existing

    def _quarantine(self, listed: Mapping[tuple[str, str], Unreadable]) -> None:
        """Quarantine the files that the receipt lists, for its reasons: this attempt's may differ."""
        for entry in self._manifest.entries:
            why = listed.get(entry.identity)
            if why is not None and not why.is_gone:
                quarantine_version(entry, why, self._manifest.date, self._task.destinations.quarantine)

    def _measures(self, began: float, cpu_began: float) -> dict[str, float]:
        measures = {
            **asdict(self._seconds),
            "work": time.perf_counter() - began,
            "cpu": time.process_time() - cpu_began,
        }
        measures = {f"{name}_seconds": round(value, 3) for name, value in measures.items()}
        return {**measures, "peak_mebibytes": round(peak_bytes() / _MEBIBYTE)}


def _told(counts: tuple[int, int, int], columns: Sequence[str]) -> str:
    rows, letters, others = counts
    return f"{rows} rows ({others} with {OTHER_COLUMN}), {letters} dead letters, {len(columns)} columns"


def _in_order(
    entries: tuple[Entry, ...],
    excluded: Mapping[tuple[str, str], Unreadable],
    fetched: Iterator[Fetch[Entry]],
) -> Iterator[Fetch[Entry]]:
    for entry in entries:
        known = excluded.get(entry.identity)
        yield next(fetched) if known is None else (entry, known)
