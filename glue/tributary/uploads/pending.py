"""Index of the pending versions, looked at a bounded part at a time: no history hides the other objects."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tributary.running.clients import dynamodb_client
from tributary.running.clock import Clock, timestamp

PENDING_INDEX = "pending"
SHARDS = 8
PENDING_ATTRIBUTES = ("pending_shard", "available_at")
AUDIT_SHARD = "audit"
"""Shard of the index with what is finished and owed to the audit: no pending version is in it."""
_PAGE_ITEMS = 1_000
_PAGES_A_LOOK = 8

Place = Mapping[str, Any]


@dataclass(frozen=True)
class Waiting:
    """Object with the pending versions that a look at the index showed: some of them, perhaps not all."""

    object_id: str
    versions: tuple[str, ...]


class PendingIndex:
    """Rounds through what was due when the round began, of one look after another.

    A look reads at most 8,000 items of a shard, and the next one goes on behind them; what becomes due
    meanwhile is of the next round, so that every round has an end.
    """

    def __init__(self, table: str, clock: Clock) -> None:
        self._table = table
        self._clock = clock
        self._due = ""
        # where the shards go on that have more
        self._left: dict[str, Place | None] = {}

    @property
    def at_end(self) -> bool:
        """Return True where the last look ended its round."""
        return not self._left

    def look(self) -> Iterator[Waiting]:
        """Yield objects with a pending version that is due, the longest waiting first, once each.

        Whoever stops before the end meets in the next look again what is still pending of this page.
        """
        if self.at_end:
            self._due = timestamp(self._clock())
            self._left = {str(shard): None for shard in range(SHARDS)}
        seen: set[str] = set()
        for _ in range(_PAGES_A_LOOK):
            pages = {shard: self._page(shard, place) for shard, place in self._left.items()}
            for waiting in _by_object([item for items, _ in pages.values() for item in items]):
                if waiting.object_id not in seen:
                    seen.add(waiting.object_id)
                    yield waiting
            self._left = {shard: place for shard, (_, place) in pages.items() if place is not None}

    def _page(self, shard: str, place: Place | None) -> tuple[list[Mapping[str, Any]], Place | None]:
        begin: Any = {} if place is None else {"ExclusiveStartKey": place}
        answer = dynamodb_client().query(
            TableName=self._table,
            IndexName=PENDING_INDEX,
            KeyConditionExpression="pending_shard = :shard AND available_at <= :due",
            ExpressionAttributeValues={":shard": shard, ":due": self._due},
            Limit=_PAGE_ITEMS,
            **begin,
        )
        return list(answer["Items"]), answer.get("LastEvaluatedKey")


def owed_to_audit(table: str) -> Iterator[tuple[str, str]]:
    """Yield object and version of what the index shows as owed to the audit, the longest owed first."""
    place: dict[str, Any] = {}
    while True:
        answer = dynamodb_client().query(
            TableName=table,
            IndexName=PENDING_INDEX,
            KeyConditionExpression="pending_shard = :shard",
            ExpressionAttributeValues={":shard": AUDIT_SHARD},
            Limit=_PAGE_ITEMS,
            **place,
        )
        for item in answer["Items"]:
            yield str(item["object"]), str(item["version"])
        if "LastEvaluatedKey" not in answer:
            return
        place = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def _by_object(items: list[Mapping[str, Any]]) -> Iterator[Waiting]:
    found: dict[str, list[str]] = {}
    for item in sorted(items, key=lambda item: str(item["available_at"])):
        found.setdefault(str(item["object"]), []).append(str(item["version"]))
    for object_id, ids in found.items():
        yield Waiting(object_id, tuple(ids))
