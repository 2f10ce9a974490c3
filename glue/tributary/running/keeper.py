"""Thread that keeps leases of any kind alive."""

import threading
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, Self, TypeVar


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
