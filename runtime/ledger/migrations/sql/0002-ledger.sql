-- docs/decisions/0008-ledger-in-postgresql.md says why it is so. A file stands in exactly one place at any time: in the
-- queue, among the ids of an open batch, or among the outcomes. No foreign keys: they would lock and write rows of
-- ledger.files for each file of each batch.
SET LOCAL ROLE ledger_migrator;

-- One row for each version of each object, written once. Names compare by bytes, as S3 orders them.
CREATE TABLE ledger.files (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  size bigint NOT NULL CHECK (size >= 0),
  last_modified timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  bucket text COLLATE "C" NOT NULL,
  s3_key text COLLATE "C" NOT NULL,
  -- 'null' for objects of a bucket without versions, as S3 says
  version_id text COLLATE "C" NOT NULL,
  UNIQUE (s3_key, version_id, bucket)
);

-- What can be claimed. Narrow, for a claim deletes its rows; the size is there for the byte limit.
CREATE TABLE ledger.queue (
  id bigint PRIMARY KEY,
  available_at timestamptz NOT NULL,
  size bigint NOT NULL
) WITH (
  -- rows live for minutes: cleaning waits for no share of the table and for no pause
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 50000,
  autovacuum_vacuum_insert_scale_factor = 0,
  autovacuum_vacuum_insert_threshold = 500000,
  autovacuum_vacuum_cost_delay = 0,
  autovacuum_analyze_scale_factor = 0,
  autovacuum_analyze_threshold = 200000
);
CREATE INDEX queue_order ON ledger.queue (available_at, id);

-- When a claim last looked at the whole queue (see position in ledger.batches).
CREATE TABLE ledger.whole_scan (
  id boolean PRIMARY KEY DEFAULT true CHECK (id),
  began_at timestamptz NOT NULL
);
INSERT INTO ledger.whole_scan (began_at) VALUES ('-infinity');

CREATE TYPE ledger.batch_state AS ENUM (
  'CLAIMED',   -- under a lease until available_at; after it, to be taken over
  'WAITING',   -- given back; to be tried again from available_at
  'COMMITTED', -- objects are recorded and win; to be published, by a later run where the lease ran out
  'SUCCEEDED', -- published
  'PARTIAL',   -- published, and lines were rejected
  'FAILED'     -- out of attempts: an operator's to release
);

CREATE TABLE ledger.batches (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  state ledger.batch_state NOT NULL,
  -- hash of declaration and SQL, fixed at the claim
  dataset_version text NOT NULL,
  -- fencing token: one more at every take-over
  token bigint NOT NULL DEFAULT 1,
  -- run id of the holder, also of the last one
  owner text NOT NULL,
  -- whether the owner holds it, and did not give it back
  is_held boolean NOT NULL DEFAULT true,
  -- end of the lease, or when to try again; infinity once finished
  available_at timestamptz NOT NULL,
  attempts integer NOT NULL DEFAULT 1,
  -- attempts that ended by silence: what ran them was killed, perhaps by a file of the batch
  lapsed_leases integer NOT NULL DEFAULT 0,
  file_ids bigint[] NOT NULL,
  -- those of file_ids of which lines were rejected; known at the commit
  partial_ids bigint[] NOT NULL DEFAULT '{}',
  bytes bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  committed_at timestamptz,
  finished_at timestamptz,
  first_error text,
  last_error text,
  -- what the winning attempt staged and the final names, and what it counted
  objects jsonb,
  counts jsonb,
  -- where in the queue the claim ended: the next one begins there, and not among the rows that are gone
  position_available_at timestamptz NOT NULL,
  position_id bigint NOT NULL,
  CHECK ((state IN ('COMMITTED', 'SUCCEEDED', 'PARTIAL')) = (committed_at IS NOT NULL)),
  CHECK ((committed_at IS NOT NULL) = (objects IS NOT NULL AND counts IS NOT NULL)),
  CHECK ((state IN ('SUCCEEDED', 'PARTIAL')) = (finished_at IS NOT NULL))
) WITH (fillfactor = 70);
-- written once and seldom read: compressing 80 KB would take longer than the claim's other work on them
ALTER TABLE ledger.batches ALTER COLUMN file_ids SET STORAGE EXTERNAL, ALTER COLUMN partial_ids SET STORAGE EXTERNAL;
CREATE INDEX batches_due ON ledger.batches (available_at, id)
  WHERE state IN ('CLAIMED', 'WAITING', 'COMMITTED');
CREATE INDEX batches_open ON ledger.batches (id)
  WHERE state IN ('CLAIMED', 'WAITING', 'COMMITTED', 'FAILED');

CREATE TYPE ledger.outcome AS ENUM ('SUCCEEDED', 'PARTIAL', 'QUARANTINED');

-- How a file ended: inserted, never updated, so that a held snapshot and 100 million rows cost nothing here.
CREATE TABLE ledger.outcomes (
  file_id bigint PRIMARY KEY,
  batch_id bigint NOT NULL,
  outcome ledger.outcome NOT NULL
);
CREATE INDEX outcomes_quarantined ON ledger.outcomes (file_id) WHERE outcome = 'QUARANTINED';

-- Errors of single files, which are few; those of whole batches stand in ledger.batches.
CREATE TABLE ledger.file_errors (
  file_id bigint PRIMARY KEY,
  first_error text NOT NULL,
  first_error_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_error text NOT NULL,
  last_error_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The status of every file. MISPLACED never appears: it would be a file that stands in no place.
CREATE VIEW ledger.file_processing_status AS
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
  coalesce(e.last_error, b.last_error) AS last_error,
  CASE
    WHEN o.outcome IN ('SUCCEEDED', 'PARTIAL') THEN NULL
    ELSE coalesce(e.last_error, b.last_error)
  END AS error_message,
  f.created_at,
  coalesce(e.last_error_at, b.updated_at, f.created_at) AS updated_at,
  CASE WHEN o.outcome = 'QUARANTINED' THEN e.last_error_at ELSE b.finished_at END AS processed_at
FROM ledger.files f
LEFT JOIN ledger.queue q ON q.id = f.id
LEFT JOIN ledger.outcomes o ON o.file_id = f.id
LEFT JOIN (
  SELECT unnest(open.file_ids) AS file_id, open.id
  FROM ledger.batches open
  WHERE open.state IN ('CLAIMED', 'WAITING', 'COMMITTED', 'FAILED')
) held ON held.file_id = f.id
LEFT JOIN ledger.batches b ON b.id = coalesce(o.batch_id, held.id)
LEFT JOIN ledger.file_errors e ON e.file_id = f.id;

-- ON CONFLICT and RETURNING read what they insert.
GRANT SELECT, INSERT ON ledger.files TO ledger_lister;
GRANT INSERT ON ledger.queue TO ledger_lister;

GRANT SELECT ON ledger.files TO ledger_batch;
-- FOR UPDATE asks for UPDATE of some column.
GRANT SELECT, DELETE, UPDATE (available_at) ON ledger.queue TO ledger_batch;
GRANT SELECT, INSERT ON ledger.outcomes TO ledger_batch;
GRANT SELECT, INSERT, UPDATE ON ledger.batches, ledger.file_errors TO ledger_batch;
GRANT SELECT, UPDATE (began_at) ON ledger.whole_scan TO ledger_batch;

GRANT SELECT ON ALL TABLES IN SCHEMA ledger TO ledger_operator;
