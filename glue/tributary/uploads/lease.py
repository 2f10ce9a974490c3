"""Leases on objects: the right to process and publish, guarded by a fencing token on the head item."""

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
    """Read the head item of an object, consistently; empty when there is none."""
    key = {"object": object_id, "version": HEAD}
    return dynamodb_client().get_item(TableName=table, Key=key, ConsistentRead=True).get("Item", {})


@dataclass(frozen=True)
class Lease:
    """The right to one object, as long as its head item carries this token and this owner (a run id).

    A renewal prolongs it to `seconds` from then.
    """

    table: str
    object_id: str
    token: int
    owner: str
    seconds: float

    @property
    def key(self) -> str:
        """The object that it is on."""
        return self.object_id

    def values(self) -> dict[str, Any]:
        """Return the values that the condition `HOLDS` names."""
        return {"held_token": self.token, "held_owner": self.owner}

    def holds(self) -> bool:
        """Read, consistently, whether the lease is still ours."""
        head = read_head(self.table, self.object_id)
        return head.get("lease_token") == self.token and head.get("lease_owner") == self.owner

    def begin_publication(self, version: str) -> bool:
        """Mark, before the first write to a published object, whose rows may be visible from now on."""
        return self._change({"publishing": version})

    def renew(self) -> bool:
        """Prolong the lease; False when it has gone to another run."""
        until = utc_now() + timedelta(seconds=self.seconds)
        return self._change({"lease_until": milliseconds(until)})

    def _change(self, sets: dict[str, Any]) -> bool:
        return update_one(
            update(self.table, self.object_id, HEAD, sets=sets, condition=HOLDS, values=self.values())
        )
