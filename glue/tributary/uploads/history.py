"""What the uploads table holds of one object: read whole while it is short, and where it is long, in part.

The reads of a claim are bounded, whatever the history: one page of the table and, where that does not hold
all, one page of the bucket's versions and what the table says of these.
"""

import random
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tributary.errors import TransientError
from tributary.objects.reads import newest_versions
from tributary.running.clients import dynamodb_client
from tributary.uploads.lease import HEAD
from tributary.uploads.pending import Waiting
from tributary.uploads.versions import PENDING, Choice, Version, choose_version

SHORT_HISTORY = 100
# Also the most keys of one BatchGetItem.
# @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html, 2026-11-30
_KEYS_A_READ = 100
_READ_TRIES = 8
_READ_PAUSE = 0.05


@dataclass(frozen=True)
class History:
    """Head item, empty when none exists, and up to 100 registered versions: where it is `whole`, all."""

    head: Mapping[str, Any]
    versions: Sequence[Version]
    whole: bool


def read_history(table: str, object_id: str) -> History:
    """Read one page of an object's items, consistently; the head sorts before every version id."""
    answer = dynamodb_client().query(
        TableName=table,
        KeyConditionExpression="#object = :object",
        ExpressionAttributeNames={"#object": "object"},
        ExpressionAttributeValues={":object": object_id},
        ConsistentRead=True,
        Limit=SHORT_HISTORY + 1,
    )
    items: list[Mapping[str, Any]] = list(answer["Items"])
    head = next((item for item in items if item["version"] == HEAD), {})
    found = [_version(item) for item in items if item["version"] != HEAD]
    return History(head, found, "LastEvaluatedKey" not in answer)


def choose_from(table: str, waiting: Waiting, history: History) -> Choice:
    """Choose the version to claim; the versions that it supersedes are those that are known to wait."""
    bucket, _, key = waiting.object_id.partition("/")
    publishing = history.head.get("publishing")
    if history.whole:
        return choose_version(history.versions, publishing, lambda: newest_versions(bucket, key))
    begun = _read_versions(table, waiting.object_id, [publishing] if publishing else [])
    if begun and begun[0].status == PENDING:
        return Choice(begun[0], ())
    listed = newest_versions(bucket, key)
    newest = _first_registered(table, waiting.object_id, listed)
    if newest is not None:
        outdated = tuple(version for version in waiting.versions if version != newest.version)
        return Choice(newest if newest.status == PENDING else None, outdated)
    if listed:
        # Registrations of a thousand newer versions are still to come: one of them is going to be claimed.
        return Choice(None, ())
    committed = history.head.get("committed_version")
    ids = [*waiting.versions[: _KEYS_A_READ - 1], *([committed] if committed else [])]
    return choose_version(_read_versions(table, waiting.object_id, ids), None, list)


def _first_registered(table: str, object_id: str, newest_first: Sequence[str]) -> Version | None:
    for start in range(0, len(newest_first), _KEYS_A_READ):
        ids = newest_first[start : start + _KEYS_A_READ]
        found = {version.version: version for version in _read_versions(table, object_id, ids)}
        for version in ids:
            if version in found:
                return found[version]
    return None


def _read_versions(table: str, object_id: str, ids: Iterable[str]) -> list[Version]:
    return [_version(item) for item in read_items(table, ((object_id, version) for version in ids))]


def read_items(table: str, places: Iterable[tuple[str, str]]) -> list[Mapping[str, Any]]:
    """Read up to 100 items by object and version, consistently; those that do not exist are left out."""
    keys: Any = [{"object": object_id, "version": version} for object_id, version in dict.fromkeys(places)]
    found: list[Mapping[str, Any]] = []
    for attempt in range(_READ_TRIES):
        if not keys:
            return found
        if attempt:
            time.sleep(_READ_PAUSE * 2**attempt * random.uniform(0.5, 1.5))  # noqa: S311 jitter is no secret
        request: Any = {table: {"Keys": keys, "ConsistentRead": True}}
        answer = dynamodb_client().batch_get_item(RequestItems=request)
        found += answer["Responses"].get(table, [])
        unread: Mapping[str, Any] = answer.get("UnprocessedKeys", {})
        keys = unread[table]["Keys"] if table in unread else []
    raise TransientError(f"{table} left {len(keys)} keys unread {_READ_TRIES} times: it throttles")


def _version(item: Mapping[str, Any]) -> Version:
    return Version(
        version=item["version"],
        status=item["status"],
        size=int(item.get("size", 0)),
        sequencer=item.get("sequencer"),
        attempts=int(item.get("attempts", 0)),
        first_claimed_at=item.get("first_claimed_at"),
        last_error=item.get("last_error"),
        expires_at=int(item["expires_at"]) if "expires_at" in item else None,
    )
