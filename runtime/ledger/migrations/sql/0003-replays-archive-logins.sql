-- What the jobs need beside the claims: registration by a function, texts of dataset versions, the archive as a step of
-- its own after publication, replays of published batches, and the statements of an operator who mends something.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ledger_maintainer') THEN
    CREATE ROLE ledger_maintainer NOLOGIN;
  END IF;
END
$$;
GRANT USAGE ON SCHEMA ledger TO ledger_maintainer;

SET LOCAL ROLE ledger_migrator;

-- Registers versions of objects and makes the new ones claimable; answers how many were new. A known version changes
-- nothing, and a call that gives no other writes nothing: an insertion that meets a conflict would take an id and a
-- transaction's for it. In the order of the unique index: two callers over the same names wait for each other in one
-- direction only.
CREATE FUNCTION ledger.register(
  buckets text[], keys text[], version_ids text[], sizes bigint[], modified timestamptz[]
) RETURNS bigint
LANGUAGE sql
-- whoever may call it needs no right on the tables
SECURITY DEFINER SET search_path = ''
-- the plan is kept, and must not be the one of the day when there were no files
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
BEGIN ATOMIC
  WITH added AS (
    INSERT INTO ledger.files (bucket, s3_key, version_id, size, last_modified)
    SELECT given.* FROM unnest(buckets, keys, version_ids, sizes, modified)
      AS given (bucket, s3_key, version_id, size, last_modified)
    WHERE NOT EXISTS (
      SELECT FROM ledger.files known
      WHERE (known.s3_key, known.version_id, known.bucket) = (given.s3_key, given.version_id, given.bucket)
    )
    ORDER BY s3_key COLLATE "C", version_id COLLATE "C", bucket COLLATE "C"
    ON CONFLICT (s3_key, version_id, bucket) DO NOTHING
    RETURNING id, size
  ), queued AS (
    INSERT INTO ledger.queue (id, available_at, size) SELECT id, now(), size FROM added ORDER BY id
  )
  SELECT count(*) FROM added;
END;
REVOKE EXECUTE ON FUNCTION ledger.register FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.register TO ledger_lister;
REVOKE SELECT, INSERT ON ledger.files FROM ledger_lister;
REVOKE INSERT ON ledger.queue FROM ledger_lister;

-- The texts behind batches.dataset_version: a batch is retried under those that it began with, whatever is deployed by then.
CREATE TABLE ledger.dataset_versions (
  version text PRIMARY KEY,
  dataset text NOT NULL,
  declaration text NOT NULL,
  transform text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
GRANT SELECT, INSERT ON ledger.dataset_versions TO ledger_batch;

-- A finished batch stays under its lease until its raw files are archived. A replay opens an archived batch again: it
-- waits without a version (the claimer's own is taken), and the objects of its commit become earlier ones, which the next
-- publication replaces.
ALTER TABLE ledger.batches
  ALTER COLUMN dataset_version DROP NOT NULL,
  ADD COLUMN archived_at timestamptz,
  ADD COLUMN replays integer NOT NULL DEFAULT 0,
  ADD COLUMN earlier_objects jsonb NOT NULL DEFAULT '[]',
  -- when a holder was last found to be silent
  ADD COLUMN lapsed_at timestamptz,
  -- so that nobody reads the ids to count them, or to see that one is not among them: they are in ascending order
  ADD COLUMN files integer NOT NULL GENERATED ALWAYS AS (cardinality(file_ids)) STORED,
  ADD COLUMN partial_files integer NOT NULL GENERATED ALWAYS AS (cardinality(partial_ids)) STORED,
  ADD COLUMN first_file_id bigint GENERATED ALWAYS AS (file_ids[1]) STORED,
  ADD COLUMN last_file_id bigint GENERATED ALWAYS AS (file_ids[cardinality(file_ids)]) STORED,
  ADD CHECK (dataset_version IS NOT NULL OR state = 'WAITING'),
  ADD CHECK (archived_at IS NULL OR finished_at IS NOT NULL),
  ADD CHECK (jsonb_typeof(objects) = 'array' AND jsonb_typeof(earlier_objects) = 'array');
-- What was finished before there was an archive is still to be archived.
UPDATE ledger.batches SET available_at = clock_timestamp() WHERE finished_at IS NOT NULL;

DROP INDEX ledger.batches_due;
CREATE INDEX batches_due ON ledger.batches (available_at, id) WHERE archived_at IS NULL;
CREATE INDEX batches_lapsed ON ledger.batches (lapsed_at) WHERE lapsed_at IS NOT NULL;
CREATE INDEX batches_committed ON ledger.batches (committed_at, id) WHERE committed_at IS NOT NULL;
CREATE INDEX file_errors_latest ON ledger.file_errors (last_error_at);

-- For single files: a file that is not finished is looked for in those open batches alone between whose ids its own lies.
CREATE OR REPLACE VIEW ledger.file_processing_status AS
SELECT
  f.id,
  f.bucket,
  f.s3_key,
  f.version_id,
  f.size,
  f.last_modified,
  CASE
    WHEN o.outcome IS NOT NULL THEN o.outcome::text
    WHEN b.state = 'CLAIMED' THEN 'PROCESSING'
    WHEN b.state = 'WAITING' AND b.last_error IS NULL THEN 'PENDING'
    WHEN b.state = 'WAITING' THEN 'FAILED'
    WHEN b.state IS NOT NULL THEN b.state::text
    WHEN q.id IS NOT NULL THEN 'PENDING'
    ELSE 'MISPLACED'
  END AS processing_status,
  b.id AS batch_id,
  b.owner AS glue_job_run_id,
  coalesce(b.attempts, 0) AS attempts,
  greatest(coalesce(b.attempts, 0) - 1, 0) AS retry_count,
  coalesce(e.first_error, b.first_error) AS first_error,
  CASE WHEN o.outcome = 'QUARANTINED' THEN e.last_error ELSE coalesce(b.last_error, e.last_error) END AS last_error,
  CASE
    WHEN o.outcome = 'QUARANTINED' THEN e.last_error
    WHEN o.outcome IS NULL THEN coalesce(b.last_error, e.last_error)
  END AS error_message,
  f.created_at,
  CASE
    WHEN o.outcome = 'QUARANTINED' THEN e.last_error_at ELSE greatest(f.created_at, b.updated_at, e.last_error_at)
  END AS updated_at,
  CASE WHEN o.outcome = 'QUARANTINED' THEN e.last_error_at ELSE b.finished_at END AS processed_at,
  CASE WHEN o.outcome IN ('SUCCEEDED', 'PARTIAL') THEN b.archived_at END AS archived_at
FROM ledger.files f
LEFT JOIN ledger.queue q ON q.id = f.id
LEFT JOIN ledger.outcomes o ON o.file_id = f.id
LEFT JOIN LATERAL (
  SELECT open.id
  FROM ledger.batches open
  WHERE open.state IN ('CLAIMED', 'WAITING', 'COMMITTED', 'FAILED')
    AND f.id BETWEEN open.first_file_id AND open.last_file_id
    AND open.file_ids @> ARRAY[f.id]
) held ON o.file_id IS NULL
LEFT JOIN ledger.batches b ON b.id = coalesce(o.batch_id, held.id)
LEFT JOIN ledger.file_errors e ON e.file_id = f.id;

REVOKE UPDATE ON ledger.batches FROM ledger_batch;
GRANT UPDATE (
  state, dataset_version, token, owner, is_held, available_at, attempts, lapsed_leases, lapsed_at, file_ids, bytes,
  updated_at, first_error, last_error, objects, earlier_objects, counts, partial_ids, committed_at, finished_at, archived_at
) ON ledger.batches TO ledger_batch;

GRANT SELECT ON ALL TABLES IN SCHEMA ledger TO ledger_operator, ledger_maintainer;
-- to release, retry, requeue and replay; never the ids of a batch, and never a file's own row
GRANT UPDATE (
  state, dataset_version, token, is_held, available_at, attempts, lapsed_leases, first_error, last_error, updated_at,
  objects, earlier_objects, counts, partial_ids, committed_at, finished_at, archived_at, replays
) ON ledger.batches TO ledger_maintainer;
-- FOR UPDATE asks for UPDATE of some column.
GRANT DELETE, UPDATE (outcome) ON ledger.outcomes TO ledger_maintainer;
GRANT INSERT ON ledger.queue TO ledger_maintainer;
