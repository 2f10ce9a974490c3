"""Quarantine of files that cannot be read as a whole: a copy of each next to its reason.

The original stays where it is, so that the reason is enough for a file that is too large to copy or that
nobody here can read.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime

from tributary.errors import SourceGoneError, UnreadableObjectError
from tributary.objects import content_types
from tributary.objects.fetching import StoredVersion, Unreadable
from tributary.objects.keys import base_name
from tributary.objects.writes import copy_version, put_bytes
from tributary.running.clock import timestamp

LARGEST_COPY = 100 << 20
"""Maximum size of a copy in bytes, that of manifests-builder, too: copies may not delay other files."""
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
    put_bytes(bucket, f"{folder}/reason.json", content, content_types.JSON)


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
