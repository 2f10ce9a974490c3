"""One batch as the batch job works on it, as far as the ledger sees it; writes what was claimed as JSON."""

import dataclasses
import json
import sys

from tributary.ledger.batches import HeldBatches
from tributary.ledger.claims import ClaimRules, batch_files, claim_batch
from tributary.ledger.connection import LedgerConnection, LedgerSettings

OWNER = "another run"


def main(version: str, name: str) -> None:
    """Claim, commit one object of that name, publish and archive."""
    rules = ClaimRules()
    with LedgerConnection(LedgerSettings(user="tributary_batch")) as ledger:
        batch = claim_batch(ledger, OWNER, rules, {"ml_events": version})
        if batch is None:
            print("null")
            return
        held = HeldBatches(ledger, OWNER, rules)
        files = [file.id for file in batch_files(ledger, batch)]
        counts = {"files": len(files), "rows": 1, "token": batch.token}
        steps = [
            held.commit(batch, [{"bucket": "curated", "staged": "s", "name": name}], counts),
            held.finish(batch),
            held.archived(batch),
        ]
        print(json.dumps({**dataclasses.asdict(batch), "file_ids": files, "steps": steps}))


if __name__ == "__main__":
    main(*sys.argv[1:])
