"""Conversion of one file, as a manifest of its own would publish it, without AWS."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from tributary.conversion.result import FileResult, Hashed, unreadable_file
from tributary.datasets import Dataset
from tributary.errors import WholeFileError
from tributary.kernels.output.staged import StagedFile
from tributary.kernels.output.undeclared import LocalColumns
from tributary.kernels.source import Source
from tributary.manifests.conversion import Seconds, convert
from tributary.manifests.manifest import Entry
from tributary.manifests.turned_away import check_taken
from tributary.objects.fetching import spool


def process_dated_file(
    dataset: Dataset, source: Source, chunks: Iterable[bytes], size: int, work: Path
) -> FileResult:
    """Convert one file into files below `work`; the result of one that is turned away has its reason.

    `size` is that of its bytes as stored.
    """
    hashed = Hashed(chunks)
    try:
        check_taken(dataset, Path(source.key).name, size)
    except WholeFileError as error:
        return unreadable_file(hashed, error.reason, str(error))
    entry = Entry(
        source.bucket, source.key, source.version, size=0, revision=1, uploaded_at=datetime.now(UTC)
    )
    result = convert(dataset, [spool(entry, hashed, work)], work, {}, Seconds(), registry=LocalColumns())
    for why in result.unreadable.values():
        return unreadable_file(hashed, why.reason, why.message)
    size = result.parquet.stat().st_size
    return FileResult(
        content_sha256=hashed.hexdigest(),
        input_count=result.rows + result.dead_letters,
        cleaned_count=result.rows,
        output_count=result.rows,
        rejected_count=result.dead_letters,
        issues=dict(result.issues),
        drift=result.drift,
        objects=[StagedFile(result.parquet, "", result.parquet.name, result.rows, size)],
        rejects=result.rejects,
    )
