"""AWS clients, one of each a process, in the region that the run was given."""

import os
from functools import cache
from typing import TYPE_CHECKING, Protocol

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_events.client import EventBridgeClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient

# Timeouts in seconds. The SDK retries lost connections and throttled calls itself, so a call may be made
# twice: every caller is correct where the first response was lost.
# @see https://docs.aws.amazon.com/boto3/latest/guide/retries.html, 2026-11-29
_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 6},
    connect_timeout=5,
    read_timeout=60,
    max_pool_connections=32,
)


class CloudWatchClient(Protocol):
    """What is asked of CloudWatch here."""

    def put_metric_data(self, **request: object) -> object:
        """Publish metrics."""
        ...


CONCURRENT_REQUESTS = 8
"""Concurrent requests to S3 of one task, well below `max_pool_connections`."""

_REGION = "AWS_DEFAULT_REGION"
"""Variable that the SDK reads, and a child process inherits."""


def use_region(region: str) -> None:
    """Let the clients of this process, and of those that it starts, call this region."""
    os.environ[_REGION] = region


def used_region() -> str | None:
    """Return the region that the clients of this process call, None where the SDK is to find it."""
    return os.environ.get(_REGION)


@cache
def s3_client() -> "S3Client":
    """Return the S3 client of this process."""
    return boto3.session.Session().client("s3", config=_CONFIG)


@cache
def dynamodb_client() -> "DynamoDBClient":
    """Return the DynamoDB client of this process, which takes and returns plain Python values."""
    return boto3.session.Session().resource("dynamodb", config=_CONFIG).meta.client


@cache
def sqs_client() -> "SQSClient":
    """Return the SQS client of this process."""
    return boto3.session.Session().client("sqs", config=_CONFIG)


@cache
def cloudwatch_client() -> CloudWatchClient:
    """Return the CloudWatch client of this process."""
    client: CloudWatchClient = boto3.session.Session().client("cloudwatch", config=_CONFIG)
    return client


@cache
def events_client() -> "EventBridgeClient":
    """Return the EventBridge client of this process."""
    return boto3.session.Session().client("events", config=_CONFIG)
