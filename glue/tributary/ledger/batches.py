"""Changes of a held batch, each guarded by its token.

False means that another run holds the batch now or ended it: the caller gives it up and writes nothing more.
Every change may be made twice, so that a lost response does no harm.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg.types.json import Jsonb

from tributary.ledger.claims import Batch, BatchFile, ClaimRules, without
from tributary.ledger.connection import Connection, LedgerConnection

_RENEW = """
UPDATE ledger.batches SET available_at = clock_timestamp() + make_interval(secs => %(lease_seconds)s)
WHERE id = %(id)s AND token = %(token)s AND is_held
"""

_COMMIT = """
UPDATE ledger.batches SET state = 'COMMITTED', objects = %(objects)s, counts = %(counts)s,
  partial_ids = %(partial_ids)s::bigint[], committed_at = clock_timestamp(), updated_at = clock_timestamp(),
  available_at = clock_timestamp() + make_interval(secs => %(lease_seconds)s)
WHERE id = %(id)s AND token = %(token)s AND state = 'CLAIMED'
  AND NOT EXISTS (SELECT unnest(%(partial_ids)s::bigint[]) EXCEPT SELECT unnest(file_ids))
"""
_IS_COMMITTED = """
SELECT FROM ledger.batches WHERE id = %(id)s AND token = %(token)s AND committed_at IS NOT NULL
"""

# Outcomes are inserted in the order of ids, as every statement over several files goes. The lease lasts until
# the raw files are archived.
_FINISH = """
WITH finished AS (
  UPDATE ledger.batches SET
    state = CASE WHEN cardinality(partial_ids) > 0 THEN 'PARTIAL' ELSE 'SUCCEEDED' END::ledger.batch_state,
    available_at = clock_timestamp() + make_interval(secs => %(lease_seconds)s),
    finished_at = clock_timestamp(), updated_at = clock_timestamp()
  WHERE id = %(id)s AND token = %(token)s AND state = 'COMMITTED'
  RETURNING id, file_ids, partial_ids
), ended AS (
  INSERT INTO ledger.outcomes (file_id, batch_id, outcome)
  SELECT file_id, finished.id,
    CASE WHEN rejected IS NULL THEN 'SUCCEEDED' ELSE 'PARTIAL' END::ledger.outcome
  FROM finished
    CROSS JOIN unnest(file_ids) AS file_id
    LEFT JOIN (SELECT unnest(partial_ids) FROM finished) AS partial (rejected) ON rejected = file_id
  ORDER BY file_id
)
SELECT FROM finished
"""
_IS_FINISHED = """
SELECT FROM ledger.batches WHERE id = %(id)s AND token = %(token)s AND finished_at IS NOT NULL
"""

_ARCHIVED = """
UPDATE ledger.batches SET archived_at = clock_timestamp(), updated_at = clock_timestamp(),
  earlier_objects = '[]', is_held = false, available_at = 'infinity'
WHERE id = %(id)s AND token = %(token)s AND finished_at IS NOT NULL AND archived_at IS NULL
"""
_IS_ARCHIVED = """
SELECT FROM ledger.batches WHERE id = %(id)s AND token = %(token)s AND archived_at IS NOT NULL
"""

# An attempt that failed; what is committed is only to be published and archived, however often that takes.
_FAIL = """
UPDATE ledger.batches SET
  state = CASE
    WHEN committed_at IS NOT NULL THEN state WHEN attempts >= %(attempts)s THEN 'FAILED' ELSE 'WAITING'
  END,
  available_at = CASE
    WHEN committed_at IS NULL AND attempts >= %(attempts)s THEN 'infinity'
    ELSE clock_timestamp() + make_interval(secs => %(pause_seconds)s)
  END,
  token = token + 1, is_held = false, updated_at = clock_timestamp(),
  first_error = coalesce(first_error, %(error)s), last_error = %(error)s
WHERE id = %(id)s AND token = %(token)s AND is_held
"""

_RELEASE = """
UPDATE ledger.batches SET state = CASE WHEN committed_at IS NOT NULL THEN state ELSE 'WAITING' END,
  attempts = attempts - 1, token = token + 1, is_held = false,
  available_at = clock_timestamp(), updated_at = clock_timestamp()
WHERE id = %(id)s AND token = %(token)s AND is_held
"""
_IS_GIVEN_BACK = """
SELECT FROM ledger.batches
WHERE id = %(id)s AND token = %(token)s + 1 AND owner = %(owner)s
  AND NOT is_held AND archived_at IS NULL
"""

_LEAVE = """
UPDATE ledger.batches SET
  file_ids = ARRAY(SELECT unnest(file_ids) EXCEPT SELECT unnest(%(file_ids)s::bigint[]) ORDER BY 1),
  bytes = bytes - %(size)s, updated_at = clock_timestamp()
WHERE id = %(id)s AND token = %(token)s AND state = 'CLAIMED'
  AND NOT EXISTS (SELECT unnest(%(file_ids)s::bigint[]) EXCEPT SELECT unnest(file_ids))
"""
_QUARANTINE = """
INSERT INTO ledger.outcomes (file_id, batch_id, outcome)
SELECT file_id, %(id)s, 'QUARANTINED' FROM unnest(%(file_ids)s::bigint[]) AS file_id ORDER BY file_id
"""
_KEEP_ERRORS = """
INSERT INTO ledger.file_errors AS known (file_id, first_error, last_error)
SELECT file_id, error, error FROM unnest(%(file_ids)s::bigint[], %(errors)s::text[]) AS given (file_id, error)
ORDER BY file_id
ON CONFLICT (file_id) DO UPDATE SET last_error = excluded.last_error, last_error_at = clock_timestamp()
"""
_ARE_QUARANTINED = """
SELECT FROM ledger.batches
WHERE id = %(id)s AND token = %(token)s AND cardinality(%(file_ids)s::bigint[]) = (
  SELECT count(*) FROM ledger.outcomes
  WHERE file_id = ANY (%(file_ids)s::bigint[]) AND outcome = 'QUARANTINED' AND batch_id = %(id)s
)
"""

Json = Mapping[str, Any] | Sequence[Any]
_LONGEST_ERROR = 4000


class HeldBatches:
    """Changes of one run to the batches that it holds."""

    def __init__(self, ledger: LedgerConnection, owner: str, rules: ClaimRules) -> None:
        self._ledger = ledger
        self._owner = owner
        self._rules = rules

    def renew(self, batch: Batch) -> bool:
        """Prolong the lease from now."""
        return self._change(batch, {"lease_seconds": self._rules.lease_seconds}, _RENEW)

    def commit(
        self, batch: Batch, objects: Json, counts: Mapping[str, Any], partial_ids: Sequence[int] = ()
    ) -> bool:
        """Make this attempt the winner: from now on the batch is only to be published.

        `objects` is a list of what a publisher needs, as JSON; of files in `partial_ids` lines were rejected.
        """
        values = {
            "objects": Jsonb(objects),
            "counts": Jsonb(counts),
            "partial_ids": sorted(partial_ids),
            "lease_seconds": self._rules.lease_seconds,
        }
        return self._change(batch, values, _COMMIT, _IS_COMMITTED)

    def finish(self, batch: Batch) -> bool:
        """Mark a published batch and its files SUCCEEDED, or PARTIAL where lines were rejected.

        It stays under the lease until it is `archived`: a later run archives what another left.
        """
        return self._change(batch, {"lease_seconds": self._rules.lease_seconds}, _FINISH, _IS_FINISHED)

    def archived(self, batch: Batch) -> bool:
        """End the work on a batch: its raw files are archived, and no object of an earlier commit is left."""
        return self._change(batch, {}, _ARCHIVED, _IS_ARCHIVED)

    def fail(self, batch: Batch, error: str) -> bool:
        """Give the batch back after a failed attempt, to be tried after a pause, or FAILED after the last."""
        pause = self._rules.pause_seconds(batch.attempts)
        values = {"error": _storable(error), "attempts": self._rules.attempts, "pause_seconds": pause}
        return self._change(batch, values, _FAIL, _IS_GIVEN_BACK)

    def release(self, batch: Batch) -> bool:
        """Give the batch back untried, its attempt not counted."""
        return self._change(batch, {}, _RELEASE, _IS_GIVEN_BACK)

    def quarantine_files(self, batch: Batch, errors: Mapping[BatchFile, str]) -> Batch | None:
        """Take files out of an uncommitted batch for good, each with its error: all of them or none.

        Gives the batch without them, None when it has gone.
        """
        values = {
            "file_ids": [file.id for file in errors],
            "errors": [_storable(error) for error in errors.values()],
            "size": sum(file.size for file in errors),
        }
        changed = self._change(batch, values, _LEAVE, _ARE_QUARANTINED, (_QUARANTINE, _KEEP_ERRORS))
        return without(batch, errors) if changed else None

    def _change(
        self,
        batch: Batch,
        values: Mapping[str, Any],
        change: str,
        was_made: str | None = None,
        further: Sequence[str] = (),
    ) -> bool:
        """Make a change and what belongs to it in one transaction, unless `was_made` finds it made before."""
        given = {**values, "id": batch.id, "token": batch.token, "owner": self._owner}

        def work(connection: Connection) -> bool:
            if connection.execute(change, given).rowcount == 0:
                return was_made is not None and connection.execute(was_made, given).rowcount > 0
            for statement in further:
                connection.execute(statement, given)
            return True

        return self._ledger.repeatedly(work)


def _storable(error: str) -> str:
    """Return the text as PostgreSQL accepts it: a message may quote any bytes of a file."""
    return error[:_LONGEST_ERROR].replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
