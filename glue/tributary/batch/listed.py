"""Objects of a batch that may exist, by the ledger."""

from typing import Any

from tributary.ledger.claims import Batch
from tributary.ledger.connection import LedgerConnection

_LISTED = "SELECT coalesce(objects, '[]') || earlier_objects FROM ledger.batches WHERE id = %s"


def listed_objects(ledger: LedgerConnection, batch: Batch) -> list[dict[str, Any]]:
    """Return the objects of the current commit, and of earlier ones that its publication is to replace."""
    found = ledger.repeatedly(lambda connection: connection.execute(_LISTED, (batch.id,)).fetchone())
    return found[0] if found else []
