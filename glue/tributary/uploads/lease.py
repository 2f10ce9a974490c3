"""Leases on objects: the right to process and publish, with a fencing token on the head item."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tributary.running.clients import dynamodb_client
from tributary.running.clock import milliseconds, utc_now
from tributary.uploads.expressions import update, update_one

HEAD = "#head"
HOLDS = "#lease_token = :held_token AND #lease_owner = :held_owner"


def read_head(table: str, object_id: str) -> Mapping[str, Any]:
    """Read the head item of an object by a consistent read; empty when none exists."""
    key = {"object": object_id, "version": HEAD}
    return dynamodb_client().get_item(TableName=table, Key=key, ConsistentRead=True).get("Item", {})


@dataclass(frozen=True)
class Lease:
    """Lease on one object, valid while its head item has this token and this owner (a run id).

    A renewal prolongs it to `seconds` from then.
    """

    table: str
    object_id: str
    token: int
    owner: str
    seconds: float

    @property
    def key(self) -> str:
        """Id of the object."""
        return self.object_id

    def values(self) -> dict[str, Any]:
        """Return the values of the condition `HOLDS`."""
        return {"held_token": self.token, "held_owner": self.owner}

    def holds(self) -> bool:
        """Check by a consistent read that the lease is still held."""
        head = read_head(self.table, self.object_id)
        return head.get("lease_token") == self.token and head.get("lease_owner") == self.owner

    def begin_publication(self, version: str) -> bool:
        """Record, before the first write to a published object, the version whose rows may become visible."""
        return self._change({"publishing": version})

    def renew(self) -> bool:
        """Prolong the lease; False when another run holds it."""
        until = utc_now() + timedelta(seconds=self.seconds)
        return self._change({"lease_until": milliseconds(until)})

    def _change(self, sets: dict[str, Any]) -> bool:
        return update_one(
            update(self.table, self.object_id, HEAD, sets=sets, condition=HOLDS, values=self.values())
        )
