"""Connection to the ledger shared by all threads of a run, which need it for moments only."""

from threading import Lock
from typing import TypeVar

from tributary.ledger.connection import LedgerConnection, LedgerSettings, Work

Result = TypeVar("Result")


class SharedLedger(LedgerConnection):
    """`LedgerConnection` for several threads, one at a time."""

    def __init__(self, settings: LedgerSettings) -> None:
        super().__init__(settings)
        self._turn = Lock()

    def once(self, work: Work[Result]) -> Result:
        """See `LedgerConnection.once`."""
        with self._turn:
            return super().once(work)

    def repeatedly(self, work: Work[Result]) -> Result:
        """See `LedgerConnection.repeatedly`."""
        with self._turn:
            return super().repeatedly(work)
