"""Claims of new batches from the queue, and of batches that were given back or left."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from tributary.datasets import SMOKE_LEDGER
from tributary.ledger.connection import Connection, LedgerConnection

# The whole queue is looked at once in this time by one claim; the others begin where the newest batch began.
_WHOLE_SCAN_SECONDS = 60
_COLUMNS = """
  id, token, state::text AS state, dataset, dataset_version, attempts, lapsed_leases, replays, files, bytes,
  objects, earlier_objects, counts
"""

# The queue's statistics are those of an hour ago or of a minute: the plan must not follow them. And two
# claims at a time are enough: skipping what 15 others have locked takes longer than waiting for a turn.
_BEGIN = """
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
  set_config('enable_sort', 'off', true),
  CASE WHEN NOT (pg_try_advisory_xact_lock(%(turns)s, 0) OR pg_try_advisory_xact_lock(%(turns)s, 1))
    THEN pg_advisory_xact_lock(%(turns)s, floor(random() * 2)::integer) END
"""
_TURNS = 724_611

# Rows of earlier claims stay in the index until they are cleaned, which a held snapshot puts off for hours.
# So a claim begins where the dataset's newest batch ended. What lies before that (an older claim was undone,
# an older registration was committed late) is found by the claim that looks at everything, once a minute, and
# by every claim that finds nothing. Datasets take turns: first the one whose newest batch is the oldest.
_POSITIONS = """
WITH whole AS (
  UPDATE ledger.whole_scan SET began_at = now()
  WHERE id IN (
    SELECT id FROM ledger.whole_scan
    WHERE began_at < now() - make_interval(secs => %(seconds)s) FOR UPDATE SKIP LOCKED
  )
  RETURNING id
)
SELECT known.dataset, position_available_at, position_id, EXISTS (SELECT FROM whole) AS is_whole
FROM unnest(%(datasets)s::text[]) AS known (dataset)
LEFT JOIN LATERAL (
  SELECT id, position_available_at, position_id FROM ledger.batches
  WHERE batches.dataset = known.dataset ORDER BY id DESC LIMIT 1
) AS newest ON true
ORDER BY newest.id NULLS FIRST, known.dataset
"""
_QUEUE_START = ("-infinity", 0)

# Rows are locked in the order of the queue, and none is waited for. Found by their place (ctid), which a
# locked row keeps, they are deleted without another look into an index.
_CLAIM = f"""
WITH candidates AS MATERIALIZED (
  SELECT ctid AS place, id, available_at, size FROM ledger.queue
  WHERE dataset = %(dataset)s AND available_at <= now() AND (available_at, id) > (%(from_at)s, %(from_id)s)
  ORDER BY available_at, id LIMIT %(files)s
  FOR UPDATE SKIP LOCKED
), counted AS (
  SELECT *, row_number() OVER following AS number, sum(size::float8) OVER following AS total FROM candidates
  WINDOW following AS (ORDER BY available_at, id ROWS UNBOUNDED PRECEDING)
), chosen AS MATERIALIZED (
  SELECT * FROM counted WHERE number = 1 OR total <= %(bytes)s
), taken AS (
  DELETE FROM ledger.queue WHERE ctid = ANY (ARRAY(SELECT place FROM chosen))
)
INSERT INTO ledger.batches
  (state, dataset, dataset_version, owner, available_at, file_ids, bytes, position_available_at, position_id)
SELECT 'CLAIMED', %(dataset)s, %(dataset_version)s, %(owner)s,
  clock_timestamp() + make_interval(secs => %(lease_seconds)s),
  array_agg(id ORDER BY id), sum(size),
  max(available_at), max(id) FILTER (WHERE number = (SELECT count(*) FROM chosen))
FROM chosen HAVING count(*) > 0
RETURNING {_COLUMNS}
"""  # noqa: S608 the program's own text

_TAKE_OVER = f"""
WITH due AS (
  SELECT id, committed_at IS NULL AND attempts >= %(attempts)s AS is_exhausted FROM ledger.batches
  WHERE archived_at IS NULL AND available_at <= now()
    AND (dataset_version IS NOT NULL OR dataset IN (SELECT jsonb_object_keys(%(versions)s::jsonb)))
  ORDER BY available_at, id LIMIT 1
  FOR UPDATE SKIP LOCKED
), seen AS (
  SELECT id AS seen_id, is_exhausted,
    CASE WHEN is_held THEN 'the lease of ' || owner || ' ran out' END AS lapse
  FROM due JOIN ledger.batches USING (id)
)
UPDATE ledger.batches AS batch SET
  state = CASE WHEN is_exhausted THEN 'FAILED' WHEN state = 'WAITING' THEN 'CLAIMED' ELSE state END,
  -- a replay waits without one, and takes that of its first claimer
  dataset_version = coalesce(dataset_version, %(versions)s::jsonb ->> dataset),
  token = token + 1,
  is_held = NOT is_exhausted,
  owner = CASE WHEN is_exhausted THEN owner ELSE %(owner)s END,
  attempts = CASE WHEN is_exhausted THEN attempts ELSE attempts + 1 END,
  lapsed_leases = lapsed_leases + (lapse IS NOT NULL)::integer,
  lapsed_at = CASE WHEN lapse IS NULL THEN lapsed_at ELSE clock_timestamp() END,
  available_at = CASE
    WHEN is_exhausted THEN 'infinity' ELSE clock_timestamp() + make_interval(secs => %(lease_seconds)s)
  END,
  updated_at = clock_timestamp(),
  first_error = coalesce(first_error, lapse),
  last_error = coalesce(lapse, last_error)
FROM seen WHERE id = seen_id
RETURNING {_COLUMNS}
"""  # noqa: S608 likewise

_FILES = """
SELECT id, bucket, s3_key AS key, version_id, size, last_modified FROM ledger.files
WHERE id = ANY (ARRAY(SELECT unnest(file_ids) FROM ledger.batches WHERE id = %s)) ORDER BY id
"""


@dataclass(frozen=True)
class Batch:
    """A batch under a lease.

    `state` is CLAIMED; COMMITTED where it only remains to be published; SUCCEEDED or PARTIAL where it only
    remains to be archived. `token` guards every change; `attempts` counts this one, since the batch was made
    or replayed; `objects` and `counts` are those of the commit, `earlier_objects` those of a commit that this
    replay is to replace.
    """

    id: int
    token: int
    state: str
    dataset: str
    dataset_version: str
    attempts: int
    lapsed_leases: int
    replays: int
    files: int
    bytes: int
    objects: Any
    earlier_objects: Any
    counts: Mapping[str, Any] | None


@dataclass(frozen=True)
class BatchFile:
    """One file of a batch, to be read by its version."""

    id: int
    bucket: str
    key: str
    version_id: str
    size: int
    last_modified: datetime


@dataclass(frozen=True)
class ClaimRules:
    """Limits of a batch, its lease, and how often and with what pauses it is tried."""

    files: int = 10_000
    bytes: int = 10_000_000_000
    lease_seconds: float = 300
    attempts: int = 5
    first_pause_seconds: float = 60
    longest_pause_seconds: float = 3600

    def pause_seconds(self, attempts: int) -> float:
        """Return the pause of a batch after that many attempts."""
        return min(self.first_pause_seconds * 2.0 ** min(attempts - 1, 30), self.longest_pause_seconds)


def claim_batch(
    ledger: LedgerConnection, owner: str, rules: ClaimRules, versions: Mapping[str, str]
) -> Batch | None:
    """Take over a batch that is due, or else make a new one; None when nothing is claimable.

    `versions` has the version of each dataset, by name; files of others are left to a run that knows them. A
    batch that is taken over keeps its files and its dataset version; a replay takes that of its first
    claimer. When the connection breaks in the midst, a batch may have been made that nobody works on: its
    lease runs out, and it is taken over.
    """
    return take_over(ledger, owner, rules, versions) or new_batch(ledger, owner, rules, versions)


def take_over(
    ledger: LedgerConnection, owner: str, rules: ClaimRules, versions: Mapping[str, str]
) -> Batch | None:
    """Take the batch that is due the longest, under a new token; out of attempts, it becomes FAILED."""
    values = {
        "owner": owner,
        "versions": Jsonb(dict(versions)),
        "attempts": rules.attempts,
        "lease_seconds": rules.lease_seconds,
    }
    while True:
        batch = ledger.once(lambda connection: _one(connection, _TAKE_OVER, values))
        if batch is None or batch.state != "FAILED":
            return batch


def new_batch(
    ledger: LedgerConnection, owner: str, rules: ClaimRules, versions: Mapping[str, str]
) -> Batch | None:
    """Claim files of one dataset, the longest waiting first, up to the limits; one at least however large.

    Datasets take turns, so that none keeps another waiting. A smoke test's file comes before all others and
    makes a batch of its own, so that what a test removes is its own.
    """
    values = {
        "owner": owner,
        "files": rules.files,
        "bytes": rules.bytes,
        "lease_seconds": rules.lease_seconds,
    }
    return ledger.once(lambda connection: _claim(connection, values, versions))


def batch_files(ledger: LedgerConnection, batch: Batch) -> list[BatchFile]:
    """Return the files of a batch by id."""
    return ledger.repeatedly(
        lambda connection: (
            connection.cursor(row_factory=class_row(BatchFile)).execute(_FILES, (batch.id,)).fetchall()
        )
    )


def without(batch: Batch, files: Collection[BatchFile]) -> Batch:
    """Return the batch without files that are to be quarantined."""
    left = batch.bytes - sum(file.size for file in files)
    return replace(batch, files=batch.files - len(files), bytes=left)


def _claim(connection: Connection, values: Mapping[str, Any], versions: Mapping[str, str]) -> Batch | None:
    connection.execute(_BEGIN, {"turns": _TURNS})

    def claim(dataset: str, position: tuple[Any, ...], **changes: int) -> Batch | None:
        from_at, from_id = position
        own = {
            "dataset": dataset,
            "dataset_version": versions[dataset],
            "from_at": from_at,
            "from_id": from_id,
        }
        return _one(connection, _CLAIM, {**values, **own, **changes})

    if SMOKE_LEDGER in versions and (batch := claim(SMOKE_LEDGER, _QUEUE_START, files=1)) is not None:
        return batch
    others = [dataset for dataset in versions if dataset != SMOKE_LEDGER]
    passed: list[str] = []
    wanted = {"datasets": others, "seconds": _WHOLE_SCAN_SECONDS}
    for dataset, *position, is_whole in connection.execute(_POSITIONS, wanted).fetchall():
        goes_on = not is_whole and None not in position
        if (batch := claim(dataset, tuple(position) if goes_on else _QUEUE_START)) is not None:
            return batch
        if goes_on:
            passed.append(dataset)
    found = (claim(dataset, _QUEUE_START) for dataset in passed)
    return next((batch for batch in found if batch is not None), None)


def _one(connection: Connection, statement: str, values: Mapping[str, Any]) -> Batch | None:
    return connection.cursor(row_factory=class_row(Batch)).execute(statement, values).fetchone()
