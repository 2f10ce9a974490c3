"""Writes, copies, tags and deletes of S3 objects.

A write to a published object is conditional on the ETag that its writer expects; a conditional request that
S3 rejects changes nothing.

@see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html, 2026-11-29
@see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html, 2026-11-29
"""

import io
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from tributary.errors import LeaseLostError, OutputTooLargeError, SourceGoneError, TransientError
from tributary.objects.reads import GENERATION, GONE, current_etag, existing_object
from tributary.objects.refusals import code, unreadable
from tributary.running.clients import CONCURRENT_REQUESTS, s3_client

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import (
        CopySourceTypeDef,
        ObjectIdentifierTypeDef,
        PutObjectRequestTypeDef,
        TagTypeDef,
    )

_WRITE_TRIES = 8
# Maximum of one PutObject or CopyObject; a larger copy goes in parts.
# @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html, 2026-11-29
# @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/copy-object.html, 2026-11-29
_SINGLE_REQUEST_BYTES = 5 * 1024**3
_COPY = TransferConfig(
    multipart_threshold=_SINGLE_REQUEST_BYTES, multipart_chunksize=1024**3, max_concurrency=4
)
DELETES_PER_REQUEST = 1000
"""Maximum of versions in one DeleteObjects.

@see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html, 2026-11-29
"""
# @see https://www.w3.org/TR/xml/#charsets, 2026-11-30
_NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# NoSuchKey: the object that an If-Match names was deleted meanwhile.
_REFUSED = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"}


def put_generation(bucket: str, key: str, content: Path | bytes, content_type: str, generation: int) -> int:
    """Write an object unless this or a higher generation exists; return the generation that exists now.

    The first write of a generation wins, so all its writers must agree on the content. A lower generation is
    replaced under its ETag, so that a writer that was overtaken while it was suspended is rejected.
    """
    options = {"ContentType": content_type, "Metadata": {GENERATION: str(generation)}}
    condition = {"IfNoneMatch": "*"}
    for _ in range(_WRITE_TRIES):
        try:
            _put(bucket, key, content, {**options, **condition})
        except ClientError as error:
            if code(error) not in _REFUSED:
                raise
        else:
            return generation
        found = existing_object(bucket, key)
        if found is not None and found.generation >= generation:
            return found.generation
        condition = {"IfMatch": found.etag} if found else {"IfNoneMatch": "*"}
    raise TransientError(f"s3://{bucket}/{key} changed under {_WRITE_TRIES} conditional writes")


def put_file(bucket: str, key: str, path: Path, content_type: str) -> None:
    """Write a file to a key that contains the version id: every writer writes the same bytes."""
    _put(bucket, key, path, {"ContentType": content_type})


def put_bytes(bucket: str, key: str, content: bytes, content_type: str) -> None:
    """Write a small object to a key that contains the version id."""
    s3_client().put_object(Bucket=bucket, Key=key, Body=content, ContentType=content_type)


def put_published(
    bucket: str,
    key: str,
    path: Path,
    content_type: str,
    *,
    known_etag: str | None,
    holds_lease: Callable[[], bool],
) -> str:
    """Replace a published object in one conditional PUT and return its new ETag.

    `known_etag` is the ETag of the last committed output, None when there was none. When another object
    exists, its ETag is read first and the lease checked after it: a newer holder that writes between the two
    changes the ETag, so the PUT that follows is rejected. Raises `LeaseLostError` when the lease is lost.
    """
    expected = known_etag
    for _ in range(_WRITE_TRIES):
        condition = {"IfMatch": expected} if expected else {"IfNoneMatch": "*"}
        try:
            return _put(bucket, key, path, {"ContentType": content_type, **condition})
        except ClientError as error:
            if code(error) not in _REFUSED:
                raise
        expected = current_etag(bucket, key)
        if not holds_lease():
            raise LeaseLostError(f"the lease for s3://{bucket}/{key} has gone to another run")
    raise TransientError(f"s3://{bucket}/{key} changed under {_WRITE_TRIES} conditional writes")


def copy_version(
    bucket: str, key: str, version: str | None, to_bucket: str, to_key: str, *, size: int
) -> None:
    """Copy one version inside S3, in parts when its size in bytes exceeds the maximum of one request.

    None copies the current version. Tags are not copied, so no permission to read them is needed. Raises
    `SourceGoneError` when the version is gone, and `UnreadableObjectError` when nobody here can read it.
    """
    source: CopySourceTypeDef = {"Bucket": bucket, "Key": key}
    if version is not None:
        source["VersionId"] = version
    try:
        if size <= _SINGLE_REQUEST_BYTES:
            s3_client().copy_object(
                CopySource=source, Bucket=to_bucket, Key=to_key, TaggingDirective="REPLACE"
            )
        else:
            replace = {"TaggingDirective": "REPLACE"}
            s3_client().copy(source, to_bucket, to_key, ExtraArgs=replace, Config=_COPY)
    except ClientError as error:
        if code(error) in GONE:
            raise SourceGoneError(f"version {version} of s3://{bucket}/{key} is gone") from error
        if (why := unreadable(error, source)) is not None:  # type: ignore[arg-type]
            raise why from error
        raise


def delete_versions(bucket: str, versions: Sequence[tuple[str, str]]) -> None:
    """Delete exactly these (key, version id); one that is gone is no error.

    A key that XML cannot carry would make a request for many malformed, so it has a request of its own.
    """
    in_xml = [named for named in versions if not _NOT_IN_XML.search(named[0])]
    others = [named for named in versions if _NOT_IN_XML.search(named[0])]
    with ThreadPoolExecutor(CONCURRENT_REQUESTS) as threads:
        for _ in threads.map(partial(_delete_version, bucket), others):
            pass
    for begin in range(0, len(in_xml), DELETES_PER_REQUEST):
        chunk = in_xml[begin : begin + DELETES_PER_REQUEST]
        names: list[ObjectIdentifierTypeDef] = [{"Key": key, "VersionId": version} for key, version in chunk]
        answer = s3_client().delete_objects(Bucket=bucket, Delete={"Objects": names, "Quiet": True})
        errors = [error for error in answer.get("Errors", []) if error.get("Code") not in GONE]
        if errors:
            raise TransientError(f"{len(errors)} versions in {bucket} were not deleted: {errors[0]}")


def _delete_version(bucket: str, named: tuple[str, str]) -> None:
    key, version = named
    s3_client().delete_object(Bucket=bucket, Key=key, VersionId=version)


def tag_version(bucket: str, key: str, version: str, tags: Mapping[str, str]) -> None:
    """Replace the tags of one version; raises `SourceGoneError` when it does not exist."""
    tag_set: list[TagTypeDef] = [{"Key": name, "Value": value} for name, value in tags.items()]
    try:
        s3_client().put_object_tagging(Bucket=bucket, Key=key, VersionId=version, Tagging={"TagSet": tag_set})
    except ClientError as error:
        if code(error) in GONE:
            raise SourceGoneError(f"version {version} of s3://{bucket}/{key} is gone") from error
        raise


def delete_generation(bucket: str, key: str, below: int) -> None:
    """Delete the object at a key, under its ETag, if its generation is lower than `below`."""
    for _ in range(_WRITE_TRIES):
        found = existing_object(bucket, key)
        if found is None or found.generation >= below:
            return
        try:
            s3_client().delete_object(Bucket=bucket, Key=key, IfMatch=found.etag)
        except ClientError as error:
            if code(error) not in _REFUSED:
                raise
        else:
            return
    raise TransientError(f"s3://{bucket}/{key} changed under {_WRITE_TRIES} conditional deletes")


def _put(bucket: str, key: str, content: Path | bytes, options: Mapping[str, object]) -> str:
    size = content.stat().st_size if isinstance(content, Path) else len(content)
    if size > _SINGLE_REQUEST_BYTES:
        raise OutputTooLargeError(
            f"{size} bytes for s3://{bucket}/{key}; one PUT carries {_SINGLE_REQUEST_BYTES}"
        )
    with content.open("rb") if isinstance(content, Path) else io.BytesIO(content) as body:
        request: PutObjectRequestTypeDef = {"Bucket": bucket, "Key": key, "Body": body, **options}  # type: ignore[typeddict-item]
        return s3_client().put_object(**request)["ETag"]
