"""Reads of S3 objects, pinned to one version id where versions matter."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import (
    ClientError,
    HTTPClientError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)
from botocore.exceptions import ConnectionError as SdkConnectionError

from tributary.errors import SourceGoneError, TransientError
from tributary.objects.refusals import code, unreadable
from tributary.running.clients import s3_client

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import GetObjectRequestTypeDef

RANGE_BYTES = 16 * 1024 * 1024
# Chunks that stay in the CPU's cache while they are parsed were read a quarter faster than larger ones.
_CHUNK_BYTES = 256 * 1024
# A stream that breaks this many times in a row without a byte is given up; the pause, in seconds, doubles.
_READ_TRIES = 6
_READ_PAUSE = 0.2
_BROKEN_STREAM = (
    HTTPClientError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
    SdkConnectionError,
    ConnectionError,
    TimeoutError,
)
GENERATION = "generation"
# 405: the version is a delete marker.
# @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html, 2026-11-29
GONE = {"NoSuchVersion", "NoSuchKey", "MethodNotAllowed", "404", "405"}


def read_version(bucket: str, key: str, version: str, archived_key: str | None = None) -> Iterator[bytes]:
    """Yield the bytes of one version in chunks of at most 256 KiB, read in ranges of 16 MiB.

    A broken stream is resumed at the byte where it broke; once the version is gone, from `archived_key`, with
    the same bytes. Raises `SourceGoneError` when neither exists, `UnreadableObjectError` when nobody here can
    read it, and `TransientError` when the bytes cannot be read to their end.
    """
    return _read({"Bucket": bucket, "Key": key, "VersionId": version}, archived_key)


def read_current(bucket: str, key: str) -> Iterator[bytes]:
    """Yield the bytes of an object that is never replaced, like `read_version`."""
    return _read({"Bucket": bucket, "Key": key}, None)


def _read(place: dict[str, str], archived_key: str | None) -> Iterator[bytes]:
    offset, total, failures = 0, None, 0
    while total is None or offset < total:
        try:
            answer = _open_range(place, offset)
            if answer is None:
                return
            total, body = answer
            for chunk in body.iter_chunks(_CHUNK_BYTES):
                offset += len(chunk)
                failures = 0
                yield chunk
        except SourceGoneError:
            if archived_key is None:
                raise
            place, archived_key = {"Bucket": place["Bucket"], "Key": archived_key}, None
        except _BROKEN_STREAM as error:
            failures += 1
            if failures == _READ_TRIES:
                name = f"s3://{place['Bucket']}/{place['Key']}"
                raise TransientError(f"reading {name} broke off at byte {offset}: {error}") from error
            time.sleep(_READ_PAUSE * 2**failures)


def _open_range(place: Mapping[str, str], offset: int) -> tuple[int, Any] | None:
    """Open the range that begins at `offset`; return the object's size and the stream, None when empty."""
    last = offset + RANGE_BYTES - 1
    request: GetObjectRequestTypeDef = {**place, "Range": f"bytes={offset}-{last}"}  # type: ignore[typeddict-item]
    try:
        answer = s3_client().get_object(**request)
    except ClientError as error:
        if code(error) == "InvalidRange" and offset == 0:
            return None
        if code(error) in GONE:
            name = f"s3://{place['Bucket']}/{place['Key']}"
            version = f"version {place['VersionId']} of " if "VersionId" in place else ""
            raise SourceGoneError(f"{version}{name} is gone") from error
        if (why := unreadable(error, place)) is not None:
            raise why from error
        raise
    if "ContentRange" in answer:
        return int(answer["ContentRange"].rpartition("/")[2]), answer["Body"]
    # HTTP lets a server ignore a range, as the emulator does for an older version.
    # @see https://www.rfc-editor.org/rfc/rfc9110#section-14.2, 2026-11-29
    for begin in range(0, offset, _CHUNK_BYTES):
        answer["Body"].read(min(_CHUNK_BYTES, offset - begin))
    return answer["ContentLength"], answer["Body"]


def read_object(bucket: str, key: str) -> bytes:
    """Return the bytes of a small object's current version; raises `SourceGoneError` when none exists."""
    try:
        return s3_client().get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        if code(error) in GONE:
            raise SourceGoneError(f"s3://{bucket}/{key} is not there") from error
        raise


@dataclass(frozen=True, slots=True)
class ExistingObject:
    """Object that exists at a key; one without a generation in its metadata counts as -1."""

    etag: str
    generation: int


def existing_object(bucket: str, key: str) -> ExistingObject | None:
    """Return ETag and generation of the object at a key, None when none exists."""
    try:
        answer = s3_client().head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if code(error) in GONE:
            return None
        raise
    number = answer["Metadata"].get(GENERATION, "")
    return ExistingObject(answer["ETag"], int(number) if number.isdecimal() else -1)


def current_etag(bucket: str, key: str) -> str | None:
    """Return the ETag of the object's current version, None when none exists."""
    try:
        return s3_client().head_object(Bucket=bucket, Key=key)["ETag"]
    except ClientError as error:
        if code(error) in GONE:
            return None
        raise


def version_metadata(bucket: str, key: str, version: str) -> Mapping[str, str]:
    """Return the metadata that a version was uploaded with; none where it is gone."""
    try:
        return s3_client().head_object(Bucket=bucket, Key=key, VersionId=version)["Metadata"]
    except ClientError as error:
        if code(error) in GONE:
            return {}
        raise


def newest_versions(bucket: str, key: str) -> list[str]:
    """Return the ids of the newest versions of a key, newest first: those of one page of up to 1,000 entries.

    Keys are sorted, so the first longer key ends the versions of this one.

    @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html, 2026-11-29
    """
    page = s3_client().list_object_versions(Bucket=bucket, Prefix=key)
    return [version["VersionId"] for version in page.get("Versions", []) if version["Key"] == key]
