"""Quarantine of files that cannot be read as a whole: a copy of each next to its reason.

The original stays where it is, so that the reason is enough for a file that is too large to copy or that
nobody here can read.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import compress

from tributary.errors import SourceGoneError, UnreadableObjectError
from tributary.kernels.source import Source
from tributary.objects import content_types
from tributary.objects.fetching import StoredVersion, Unreadable
from tributary.objects.keys import base_name
from tributary.objects.reads import current_etag
from tributary.objects.writes import copy_version, put_bytes
from tributary.running.clients import CONCURRENT_REQUESTS
from tributary.running.clock import timestamp

LARGEST_COPY = 100 << 20
"""Maximum size of a copy in bytes, that of manifests-builder, too: copies may not delay other files."""
WITHDRAWN = "withdrawn"
"""Group of what `tributary withdraw` notes; cli/operator/withdraw/raw-versions.ts names it, too."""
_DIGEST_LENGTH = 16


def quarantine_folder(group: str, key: str, version: str) -> str:
    """Return the folder of a quarantined version; `group` is a date or a dataset, as its pipeline groups."""
    digest = hashlib.sha256(key.encode()).hexdigest()[:_DIGEST_LENGTH]
    return f"quarantine/{group}/{digest}-{version}"


def quarantine_version(
    file: StoredVersion, why: Unreadable, group: str, bucket: str, archived_key: str | None = None
) -> None:
    """Copy a file next to its reason; where that cannot be, write the reason alone, which then says so.

    `archived_key` is a key that may have the bytes once the version is gone.
    """
    folder = quarantine_folder(group, file.key, file.version_id)
    copied_to = f"{folder}/{base_name(file.key)}"
    message = with_copy(why.message, lambda: _copy(file, archived_key, bucket, copied_to), file.size)
    record = {
        "bucket": file.bucket,
        "key": file.key,
        "version_id": file.version_id,
        "reason": why.reason,
        "message": message,
        "at": timestamp(datetime.now(UTC)),
    }
    content = json.dumps(record, ensure_ascii=False, indent=2).encode() + b"\n"
    put_bytes(bucket, _reason_key(folder), content, content_types.JSON)


def withdrawn(bucket: str, sources: Sequence[Source]) -> frozenset[Source]:
    """Return those of the versions that an operator took out of the lake."""

    def is_withdrawn(source: Source) -> bool:
        folder = quarantine_folder(WITHDRAWN, source.key, source.version)
        return current_etag(bucket, _reason_key(folder)) is not None

    with ThreadPoolExecutor(CONCURRENT_REQUESTS) as threads:
        return frozenset(compress(sources, threads.map(is_withdrawn, sources)))


def _reason_key(folder: str) -> str:
    return f"{folder}/reason.json"


def with_copy(message: str, copy: Callable[[], None], size: int) -> str:
    """Copy a file of that size in bytes; return the message, which says so where the file is not copied."""
    if size > LARGEST_COPY:
        return f"{message}; not copied: {size} bytes, expected at most {LARGEST_COPY}"
    try:
        copy()
    except (SourceGoneError, UnreadableObjectError) as error:
        return message if str(error) == message else f"{message}; not copied: {error}"
    return message


def _copy(file: StoredVersion, archived_key: str | None, bucket: str, to_key: str) -> None:
    try:
        copy_version(file.bucket, file.key, file.version_id, bucket, to_key, size=file.size)
    except SourceGoneError:
        if archived_key is None:
            raise
        copy_version(file.bucket, archived_key, None, bucket, to_key, size=file.size)
