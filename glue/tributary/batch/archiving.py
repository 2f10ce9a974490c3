"""Archiving of published raw files: moved to the processed prefix or tagged, any number of times."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from tributary.batch.names import archived_key
from tributary.batch.task import Archived, ArchiveTask
from tributary.errors import SourceGoneError, describe
from tributary.ledger.claims import BatchFile
from tributary.objects.writes import DELETES_PER_REQUEST, copy_version, delete_versions, tag_version
from tributary.running.clients import CONCURRENT_REQUESTS
from tributary.running.tasks import Failed

TAG = {"tributary": "processed"}


def archive(task: ArchiveTask) -> Archived | Failed:
    """Archive the files of a batch; a failure is returned as an answer."""
    try:
        with ThreadPoolExecutor(CONCURRENT_REQUESTS) as threads:
            put_away = partial(_tag, threads) if task.mode == "tag" else partial(_move, threads, task.prefix)
            files = sum(
                put_away(task.files[begin : begin + DELETES_PER_REQUEST])
                for begin in range(0, len(task.files), DELETES_PER_REQUEST)
            )
    except Exception as error:  # noqa: BLE001 returned to the driver, which gives the batch back
        return Failed("archive-failed", describe(error))
    return Archived(files, len(task.files) - files)


def _move(threads: ThreadPoolExecutor, prefix: str, files: Sequence[BatchFile]) -> int:
    """Copy each version, then delete exactly these versions: a newer upload of a key is left alone."""
    are_there = threads.map(partial(_copy, prefix), files)
    copied = [file for file, is_there in zip(files, are_there, strict=True) if is_there]
    for bucket in sorted({file.bucket for file in copied}):
        delete_versions(bucket, [(file.key, file.version_id) for file in copied if file.bucket == bucket])
    return len(copied)


def _copy(prefix: str, file: BatchFile) -> bool:
    """Copy one version; False when it does not exist, as after an interrupted archiving."""
    to_key = archived_key(file.key, file.version_id, prefix)
    try:
        copy_version(file.bucket, file.key, file.version_id, file.bucket, to_key, size=file.size)
    except SourceGoneError:
        return False
    return True


def _tag(threads: ThreadPoolExecutor, files: Sequence[BatchFile]) -> int:
    return sum(threads.map(_tag_one, files))


def _tag_one(file: BatchFile) -> bool:
    try:
        tag_version(file.bucket, file.key, file.version_id, TAG)
    except SourceGoneError:
        return False
    return True
