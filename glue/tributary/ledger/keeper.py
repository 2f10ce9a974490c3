"""Keeper of the leases of batches in work, over a connection of its own."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Self

from tributary.ledger.batches import HeldBatches
from tributary.ledger.claims import Batch, ClaimRules
from tributary.ledger.connection import LedgerConnection, LedgerSettings
from tributary.running.keeper import LeaseKeeper


@dataclass(frozen=True)
class BatchLease:
    """The lease of a batch under a token."""

    key: int
    token: int
    batch: Batch = field(compare=False)
    held: HeldBatches = field(compare=False)

    def renew(self) -> bool:
        """Prolong the lease; False when another run holds the batch, or it was given back or ended."""
        return self.held.renew(self.batch)


class BatchKeeper:
    """Renews the leases of all kept batches by a `LeaseKeeper`."""

    def __init__(
        self,
        settings: LedgerSettings,
        owner: str,
        rules: ClaimRules,
        on_error: Callable[[BatchLease, Exception], None],
    ) -> None:
        # a renewal that waits longer than that for the server would keep the next ones waiting, too
        patience = min(settings.patience_seconds, rules.lease_seconds / 6)
        self._ledger = LedgerConnection(replace(settings, patience_seconds=patience))
        self._held = HeldBatches(self._ledger, owner, rules)
        self._keeper: LeaseKeeper[BatchLease] = LeaseKeeper(rules.lease_seconds, on_error)

    def __enter__(self) -> Self:
        self._keeper.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._keeper.__exit__()
        self._ledger.close()

    def keep(self, batch: Batch) -> None:
        """Renew the lease of this batch from now on."""
        self._keeper.keep(self._lease(batch))

    def drop(self, batch: Batch) -> None:
        """Renew the lease of this batch no longer."""
        self._keeper.drop(self._lease(batch))

    def _lease(self, batch: Batch) -> BatchLease:
        return BatchLease(batch.id, batch.token, batch, self._held)
