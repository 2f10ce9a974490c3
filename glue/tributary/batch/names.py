"""Names of the objects of a batch: functions of the work, never of the attempt, but for what is staged."""

import hashlib

from tributary.objects.keys import base_name

RAW_PREFIX = "raw-json-data/"
PROCESSED_PREFIX = "raw-json-data-processed/"
MALFORMED_PREFIX = "error-data-lake/json_malformed_records/"
STAGING_PREFIX = "_staging/"
_KEY_BYTES = 1024


def archived_key(key: str, version: str) -> str:
    """Where a version of a raw file goes: a name of its own, so that no version hides another.

    A name that S3 would find too long is shortened to a digest and the end of the file's own.
    """
    folders, slash, name = key.removeprefix(RAW_PREFIX).rpartition("/")
    archived = f"{PROCESSED_PREFIX}{folders}{slash}{version}/{name}"
    if len(archived.encode()) <= _KEY_BYTES:
        return archived
    return f"{PROCESSED_PREFIX}{hashlib.sha256(key.encode()).hexdigest()}/{version}/{base_name(key)}"


def table_key(dataset: str, partition: str, name: str) -> str:
    """Where a Parquet object stands in the curated bucket; `partition` is like `year=2026`, or empty."""
    return "/".join(filter(None, ("tables", dataset, partition, name)))


def dead_letters_key(batch: int, name: str) -> str:
    """Where dead letters of a batch stand in the quarantine bucket."""
    return f"{MALFORMED_PREFIX}{batch}/{name}"


def staged_key(batch: int, token: int, attempt: int, key: str) -> str:
    """Where an attempt leaves an object for its publication; `attempt` tells those under one token apart."""
    return f"{STAGING_PREFIX}{batch}/{token}/{attempt}/{key}"
