"""Conditional DynamoDB updates, written once and sent alone or in a transaction."""

import random
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from tributary.errors import TransientError
from tributary.running.clients import dynamodb_client

_CONDITION_FAILED = "ConditionalCheckFailed"
# A concurrent transaction or update of an item; the pause, in seconds, doubles.
# @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html, 2026-11-29
_CONFLICT_TRIES = 8
_CONFLICT_PAUSE = 0.02


def update(
    table: str,
    object_id: str,
    version: str,
    *,
    sets: Mapping[str, Any],
    removes: Sequence[str] = (),
    condition: str = "",
    values: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Build the update of one item; `condition` writes attributes as `#name` and `values` as `:name`."""
    expression = "SET " + ", ".join(f"#{name} = :{name}" for name in sets)
    if removes:
        expression += " REMOVE " + ", ".join(f"#{name}" for name in removes)
    built = {
        "TableName": table,
        "Key": {"object": object_id, "version": version},
        "UpdateExpression": expression,
        "ExpressionAttributeNames": {
            word: word[1:] for word in re.findall(r"#\w+", f"{expression} {condition}")
        },
        "ExpressionAttributeValues": {
            f":{name}": value for name, value in {**sets, **(values or {})}.items()
        },
    }
    return {**built, "ConditionExpression": condition} if condition else built


def update_one(change: Mapping[str, Any]) -> bool:
    """Send one update; False when its condition failed."""
    for attempt in range(_CONFLICT_TRIES):
        try:
            dynamodb_client().update_item(**change)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code == "ConditionalCheckFailedException":
                return False
            if code != "TransactionConflictException":
                raise
            _pause(attempt)
        else:
            return True
    raise TransientError(f"an item of {change['TableName']} stayed busy with other transactions")


def transact(*changes: Mapping[str, Any]) -> bool:
    """Send updates as one transaction, all or none; False when a condition failed."""
    for attempt in range(_CONFLICT_TRIES):
        try:
            dynamodb_client().transact_write_items(TransactItems=[{"Update": change} for change in changes])  # type: ignore[typeddict-item]
        except ClientError as error:
            reasons = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])}
            if _CONDITION_FAILED in reasons:
                return False
            if not reasons & {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}:
                raise
            _pause(attempt)
        else:
            return True
    raise TransientError(f"items of {changes[0]['TableName']} stayed busy with other transactions")


def _pause(attempt: int) -> None:
    time.sleep(_CONFLICT_PAUSE * 2**attempt * random.uniform(0.5, 1.5))  # noqa: S311 jitter is no secret
