"""Quarantine of files that cannot be read as a whole: a copy of each next to its reason."""

import hashlib
import json
from datetime import UTC, datetime

from tributary.errors import SourceGoneError
from tributary.objects import content_types
from tributary.objects.fetching import StoredVersion, Unreadable
from tributary.objects.keys import base_name
from tributary.objects.writes import copy_version, put_bytes
from tributary.running.clock import timestamp

_DIGEST_LENGTH = 16


def quarantine_folder(group: str, key: str, version: str) -> str:
    """Return the folder of a quarantined version; `group` is a date or a dataset, as its pipeline groups."""
    digest = hashlib.sha256(key.encode()).hexdigest()[:_DIGEST_LENGTH]
    return f"quarantine/{group}/{digest}-{version}"


def quarantine_version(
    file: StoredVersion, why: Unreadable, group: str, bucket: str, archived_key: str | None = None
) -> None:
    """Copy a file next to its reason; where its version is gone meanwhile, write the reason alone.

    `archived_key` is a key that may have the bytes once the version is gone.
    """
    folder = quarantine_folder(group, file.key, file.version_id)
    message = why.message
    try:
        _copy(file, archived_key, bucket, f"{folder}/{base_name(file.key)}")
    except SourceGoneError as error:
        message = f"{message}; {error}"
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


def _copy(file: StoredVersion, archived_key: str | None, bucket: str, to_key: str) -> None:
    try:
        copy_version(file.bucket, file.key, file.version_id, bucket, to_key)
    except SourceGoneError:
        if archived_key is None:
            raise
        copy_version(file.bucket, archived_key, None, bucket, to_key)
