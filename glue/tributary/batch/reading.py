"""Reading of a batch's files: by version, or at the key where they were archived."""

from pathlib import Path

from tributary.batch.names import archived_key
from tributary.kernels.file_limits import FileLimits
from tributary.ledger.claims import BatchFile
from tributary.objects.fetching import Ahead, Fetch, spool
from tributary.objects.reads import read_version

AHEAD = Ahead(threads=8, files=256)
"""Limits of prefetching: concurrent requests hide S3's latency; more than these cost more CPU than time."""


def fetch(file: BatchFile, folder: Path, prefix: str, limits: FileLimits) -> Fetch[BatchFile]:
    """Fetch one file of the dataset with that prefix.

    Raises what `read_version` and `spool` raise, but for a version that is gone.
    """
    archived = archived_key(file.key, file.version_id, prefix)
    return spool(file, read_version(file.bucket, file.key, file.version_id, archived), folder, limits)
