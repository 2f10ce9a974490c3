"""Requests in the messages of the manifest queue."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from tributary.errors import InvalidManifestError


@dataclass(frozen=True, slots=True)
class Request:
    """Request to work on a manifest under a generation: 0 at first, one more for each reprocessing."""

    bucket: str
    key: str
    generation: int


def read_message(body: str) -> list[Request]:
    """Return the requests of a message: S3's event, a request by name, or S3's test event without any.

    Raises `InvalidManifestError` for anything else.
    """
    try:
        document = json.loads(body)
        if document.get("Event") == "s3:TestEvent":
            return []
        if "manifest" in document:
            return [_named(document)]
        requests = [_announced(record) for record in document["Records"]]
        if not requests:
            raise ValueError("an event of no object")
        return requests
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InvalidManifestError(f"a message that asks for no manifest: {body[:500]}") from error


def _named(document: dict[str, Any]) -> Request:
    bucket, key, generation = (
        document["manifest"]["bucket"],
        document["manifest"]["key"],
        document["generation"],
    )
    if not (isinstance(bucket, str) and isinstance(key, str)):
        raise TypeError("bucket and key are texts")
    if not isinstance(generation, int) or isinstance(generation, bool) or generation < 0:
        raise ValueError("a generation is a whole number of 0 or more")
    return Request(bucket, key, generation)


def _announced(record: dict[str, Any]) -> Request:
    s3 = record["s3"]
    return Request(s3["bucket"]["name"], unquote_plus(s3["object"]["key"]), 0)
