"""Threads that renew leases of any kind while work is done under them."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, Protocol, Self, TypeVar


class Keyed(Protocol):
    """Value with a key."""

    @property
    def key(self) -> Hashable:
        """Key of the lease: a newer lease of the same key replaces the older one."""


class Renewable(Keyed, Protocol):
    """Lease that renews itself."""

    def renew(self) -> bool:
        """Prolong the lease; False when it has gone to another run."""


K = TypeVar("K", bound=Keyed)
L = TypeVar("L", bound=Renewable)


class Keeper(ABC, Generic[K]):
    """Renews all kept leases at a third of their length, in a thread of its own; used as a context.

    A renewal that fails by a lost connection is tried again at the next turn; two turns fit into a lease.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._held: dict[Hashable, K] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lease-keeper", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def keep(self, lease: K) -> None:
        """Renew this lease from now on."""
        with self._lock:
            self._held[lease.key] = lease

    def drop(self, lease: K) -> None:
        """Renew this lease no longer."""
        with self._lock:
            if self._held.get(lease.key) == lease:
                del self._held[lease.key]

    def _run(self) -> None:
        while not self._ended.wait(self._seconds / 3):
            with self._lock:
                held = list(self._held.values())
            self._renew(held)

    @abstractmethod
    def _renew(self, held: Sequence[K]) -> None:
        """Renew these leases; raises nothing, or the thread would end."""


class LeaseKeeper(Keeper[L]):
    """Renews leases one by one.

    A lost lease is renewed no longer; its holder notices at the first write that the lease guards.
    """

    def __init__(self, seconds: float, on_error: Callable[[L, Exception], None]) -> None:
        super().__init__(seconds)
        self._on_error = on_error

    def _renew(self, held: Sequence[L]) -> None:
        for lease in held:
            try:
                renewed = lease.renew()
            except Exception as error:  # noqa: BLE001 reported; the lease itself says when it is too late
                self._on_error(lease, error)
            else:
                if not renewed:
                    self.drop(lease)
