"""Leases on objects: the right to process and publish, guarded by a fencing token on the head item.

Beside them the thread that keeps leases of any kind alive.
"""

import threading
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, Protocol, Self, TypeVar

from tributary.clients import dynamodb_client
from tributary.expressions import update, update_one

HEAD = "#head"
HOLDS = "#lease_token = :held_token AND #lease_owner = :held_owner"

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


def milliseconds(moment: datetime) -> int:
    """Return a moment as milliseconds since 1970, the unit of `lease_until`."""
    return int(moment.timestamp() * 1000)


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


class Renewable(Protocol):
    """A lease as its keeper sees it."""

    @property
    def key(self) -> Hashable:
        """What the lease is on: a newer lease of the same key takes the place of the older one."""

    def renew(self) -> bool:
        """Prolong the lease; False when it has gone to another run."""


L = TypeVar("L", bound=Renewable)


class LeaseKeeper(Generic[L]):
    """Renews all held leases at a third of their length, in a thread of its own.

    A renewal that fails by a lost connection is tried again at the next turn; two turns fit into a lease. A
    lease that has gone is renewed no longer; whoever works under it is told by the first write it guards.
    """

    def __init__(self, seconds: float, on_error: Callable[[L, Exception], None]) -> None:
        self._seconds = seconds
        self._on_error = on_error
        self._held: dict[Hashable, L] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lease-keeper", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def keep(self, lease: L) -> None:
        """Renew this lease from now on."""
        with self._lock:
            self._held[lease.key] = lease

    def drop(self, lease: L) -> None:
        """Renew this lease no longer."""
        with self._lock:
            if self._held.get(lease.key) == lease:
                del self._held[lease.key]

    def _run(self) -> None:
        while not self._ended.wait(self._seconds / 3):
            with self._lock:
                held = list(self._held.values())
            for lease in held:
                self._renew(lease)

    def _renew(self, lease: L) -> None:
        try:
            renewed = lease.renew()
        except Exception as error:  # noqa: BLE001 reported; the lease itself says when it is too late
            self._on_error(lease, error)
            return
        if not renewed:
            self.drop(lease)
