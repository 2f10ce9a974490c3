"""Refusals of S3: what an object's sender caused, told apart from what our own role or key lacks."""

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from tributary.errors import ArchivedClassError, CustomerKeyError, OtherKeyError, UnreadableObjectError
from tributary.running.clients import s3_client

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import HeadObjectRequestTypeDef

MISSING_PERMISSION = "missing-permission"
"""Reason of an attempt that failed because AWS denied it."""
UNREADABLE = {error.reason for error in (ArchivedClassError, CustomerKeyError, OtherKeyError)}
"""Reasons of files whose content S3 refuses to everybody here."""
# Of a read, and of a copy's source.
# @see https://docs.aws.amazon.com/sdk-for-python/v4/reference/clients/s3/errors/InvalidObjectState/,
# 2026-11-30
# @see https://docs.aws.amazon.com/sdk-for-python/v4/reference/clients/s3/errors/ObjectNotInActiveTierError/,
# 2026-11-30
_ARCHIVED = {"InvalidObjectState", "ObjectNotInActiveTierError"}
_DENIED = {"AccessDenied", "AccessDeniedException", "403"}


def unreadable(error: ClientError, place: Mapping[str, str]) -> UnreadableObjectError | None:
    """Return why nobody here can read the object at `place`, None where S3 refused for another reason.

    `place` has the Bucket, Key and maybe VersionId that were asked for. Where S3 tells no more than that it
    denies, the object's key is compared with its bucket's. Raises `ClientError` where the bucket's may not be
    read.
    """
    name = f"s3://{place['Bucket']}/{place['Key']}"
    if code(error) in _ARCHIVED:
        kind = error.response.get("StorageClass", "an archive")
        return ArchivedClassError(f"{name}: expected a class that is read at once, got {kind}; restore it")
    # All requests are of one form, so what makes one invalid is the object: SSE-C wants its key with each.
    if code(error) == "InvalidRequest":
        return CustomerKeyError(f"{name}: expected encryption by S3 or KMS, got a key of its sender (SSE-C)")
    if is_denied(error) and (used := _other_key(place)) is not None:
        return OtherKeyError(f"{name}: expected the KMS key of its bucket, got {used}")
    return None


def is_denied(error: ClientError) -> bool:
    """Return True where a policy, or the state of a KMS key, forbids a request."""
    return code(error) in _DENIED or (code(error).startswith("KMS.") and "Throttling" not in code(error))


def code(error: ClientError) -> str:
    """Return AWS's code of an error, empty where it has none."""
    return error.response.get("Error", {}).get("Code", "")


def _other_key(place: Mapping[str, str]) -> str | None:
    """Return the KMS key of the object where it is not its bucket's, None also where S3 refuses to tell.

    Raises `ClientError` where S3 does not answer now. HeadObject needs the right to read the object, and none
    to use the key.

    @see https://docs.aws.amazon.com/goto/SdkForKotlin/s3-2006-03-01/HeadObject, 2026-11-30
    """
    request: HeadObjectRequestTypeDef = {**place}  # type: ignore[typeddict-item]
    try:
        used = s3_client().head_object(**request).get("SSEKMSKeyId")
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise
        return None
    return None if used is None or used == _bucket_key(place["Bucket"]) else used


@cache
def _bucket_key(bucket: str) -> str | None:
    """Return the ARN of the KMS key that the bucket encrypts under, None where it uses none."""
    answer = s3_client().get_bucket_encryption(Bucket=bucket)
    rules = answer["ServerSideEncryptionConfiguration"]["Rules"]
    return rules[0].get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID")
