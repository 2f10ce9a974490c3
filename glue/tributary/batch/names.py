"""Names of the objects of a batch: functions of the work, never of the attempt, but for staged ones."""

import hashlib

from tributary.objects.keys import base_name

MALFORMED_PREFIX = "error-data-lake/json_malformed_records/"
STAGING_PREFIX = "_staging/"
OUTCOMES_NAME = "outcomes.json"
"""Staged object with what came of each file, which no commit publishes."""
_KEY_BYTES = 1024


def processed_prefix(prefix: str) -> str:
    """Return what a dataset's prefix becomes for processed files: the first folder has another name."""
    return prefix.replace("/", "-processed/", 1)


def archived_key(key: str, version: str, prefix: str) -> str:
    """Return the key of an archived version: one for each, so that no version replaces another.

    `prefix` is that of the key's dataset. A key that exceeds S3's 1,024 bytes is shortened to a digest and
    the end of the file's own name.

    @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html, 2026-11-29
    """
    folders, slash, name = processed_prefix(key).rpartition("/")
    archived = f"{folders}{slash}{version}/{name}"
    if len(archived.encode()) <= _KEY_BYTES:
        return archived
    return f"{processed_prefix(prefix)}{hashlib.sha256(key.encode()).hexdigest()}/{version}/{base_name(key)}"


def table_key(dataset: str, partition: str, name: str) -> str:
    """Return the key of a Parquet object in the curated bucket; `partition` is like `year=2026`, or empty."""
    return "/".join(filter(None, ("tables", dataset, partition, name)))


def dead_letters_key(batch: int, name: str) -> str:
    """Return the key of dead letters of a batch in the quarantine bucket."""
    return f"{MALFORMED_PREFIX}{batch}/{name}"


def staged_key(batch: int, token: int, attempt: int, key: str) -> str:
    """Return the key of a staged object; `attempt` distinguishes the attempts under one token."""
    return f"{STAGING_PREFIX}{batch}/{token}/{attempt}/{key}"
