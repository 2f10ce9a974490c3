"""A ledger on a real PostgreSQL as tests look at it."""

import json
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import psycopg

from tests.support.postgres import ROOT, Server
from tributary.ledger.batches import HeldBatches
from tributary.ledger.claims import Batch, ClaimRules, claim_batch
from tributary.ledger.connection import Connection, LedgerConnection
from tributary.ledger.files import FoundFile, Registered, register_files

_TABLES = "files, queue, batches, outcomes, file_errors, dataset_versions, listings"
DATASET = "ml_events"
_MODIFIED = datetime(2026, 1, 31, tzinfo=UTC)

_PRINT_STATEMENTS = """
const { default: all } = await import("./handlers/ledger-operator/statements.ts");
console.log(JSON.stringify(all));
"""


@cache
def operator_statements() -> dict[str, str]:
    """The statements of the operator's function, each by its name."""
    line = ["node", "--import", "tsx", "--input-type=module", "--eval", _PRINT_STATEMENTS]
    statements: dict[str, str] = json.loads(
        subprocess.run(line, cwd=ROOT, check=True, capture_output=True).stdout
    )
    return statements


def found(key: str, version_id: str = "1", size: int = 10, dataset: str = DATASET) -> FoundFile:
    return FoundFile("raw", key, version_id, size, _MODIFIED, dataset)


def names(count: int, first: int = 0) -> list[FoundFile]:
    return [found(f"{number:09}.json") for number in range(first, first + count)]


@dataclass
class Books:
    """The ledger with a connection of each role."""

    server: Server
    superuser: Connection
    opened: list[LedgerConnection] = field(default_factory=list)
    kept: dict[str, LedgerConnection] = field(default_factory=dict)

    def connect(self, role: str = "ledger_batch") -> LedgerConnection:
        connection = self.server.connect(role)
        self.opened.append(connection)
        return connection

    def _kept(self, role: str = "ledger_batch") -> LedgerConnection:
        """One connection of each role, for one thread at a time."""
        if role not in self.kept:
            self.kept[role] = self.connect(role)
        return self.kept[role]

    def register(self, files: list[FoundFile]) -> Registered:
        return register_files(self._kept("ledger_lister"), files)

    def claim(self, rules: ClaimRules, owner: str = "run", version: str = "v1") -> Batch | None:
        return claim_batch(self._kept(), owner, rules, {DATASET: version})

    def held(self, rules: ClaimRules, owner: str = "run") -> HeldBatches:
        return HeldBatches(self._kept(), owner, rules)

    def finished(self, rules: ClaimRules, objects: list[Any], owner: str = "run") -> Batch:
        """Claim a batch, commit and publish it; it is still to be archived."""
        batch = self.claim(rules, owner)
        assert batch is not None
        held = self.held(rules, owner)
        assert held.commit(batch, objects, {"rows": batch.files})
        assert held.finish(batch)
        return batch

    def archived(self, rules: ClaimRules, objects: list[Any], owner: str = "run") -> Batch:
        """Work on a batch to its end."""
        batch = self.finished(rules, objects, owner)
        assert self.held(rules, owner).archived(batch)
        return batch

    def maintain(self, name: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a statement of the operator's function, in its role."""
        with self.server.superuser() as connection, connection.transaction():
            connection.execute("SET LOCAL SESSION AUTHORIZATION tributary_operator")
            connection.execute("SET LOCAL ROLE ledger_maintainer")
            answer = psycopg.RawCursor(connection).execute(operator_statements()[name], values)
            return answer.fetchall() if answer.description else []

    def replay(self) -> int:
        """Replay every archived batch, as the operator's function does; how many there were."""
        now = datetime.now(UTC)
        count = 0
        while self.maintain("REPLAY_NEXT", datetime(1970, 1, 1, tzinfo=UTC), now, None, None):
            count += 1
        return count

    def expire(self) -> None:
        """Let every lease and every pause end."""
        self.superuser.execute(
            "UPDATE ledger.batches SET available_at = now() WHERE archived_at IS NULL AND state <> 'FAILED'"
        )

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.superuser.execute(query, values).fetchall()

    def waits_for_a_lock(self) -> bool:
        """Whether some transaction waits for another."""
        return bool(self.rows("SELECT FROM pg_locks WHERE NOT granted"))

    def statuses(self) -> dict[str, int]:
        counted = "SELECT processing_status, count(*) FROM ledger.file_processing_status GROUP BY 1"
        return dict(self.rows(counted))

    def status(self, key: str, *columns: str) -> tuple[Any, ...]:
        query = f"SELECT {', '.join(columns)} FROM ledger.file_processing_status WHERE s3_key = %s"
        return self.rows(query, key)[0]

    def places(self) -> set[tuple[int, int]]:
        """How many files stand in how many places: {(1, all of them)} where nothing is lost or twice."""
        return set(
            self.rows(
                """
                SELECT places, count(*) FROM (
                  SELECT count(place.id) AS places FROM ledger.files LEFT JOIN (
                    SELECT id FROM ledger.queue
                    UNION ALL SELECT file_id FROM ledger.outcomes
                    UNION ALL SELECT unnest(file_ids) FROM ledger.batches WHERE finished_at IS NULL
                  ) AS place USING (id) GROUP BY files.id
                ) AS counted GROUP BY 1
                """
            )
        )

    def empty(self) -> None:
        self.superuser.execute(f"TRUNCATE {', '.join(f'ledger.{name}' for name in _TABLES.split(', '))}")
        self.superuser.execute("UPDATE ledger.whole_scan SET began_at = '-infinity'")
