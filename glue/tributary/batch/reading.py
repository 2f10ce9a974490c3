"""The files of a batch as they are read: by version, or where they went when their rows were published."""

from pathlib import Path

from tributary.batch.names import archived_key
from tributary.ledger.claims import BatchFile
from tributary.objects.fetching import Ahead, Fetch, spool
from tributary.objects.reads import read_version

AHEAD = Ahead(threads=8, files=256)
"""Several at once hide the time that S3 takes to answer; more of them cost more CPU than they save time."""


def fetch(file: BatchFile, folder: Path) -> Fetch[BatchFile]:
    """Bring one file here; raises what `read_version` does but for a version that is gone, and `spool`."""
    archived = archived_key(file.key, file.version_id)
    return spool(file, read_version(file.bucket, file.key, file.version_id, archived), folder)
