-- Files of smoke tests belong to a dataset of the platform's own: they are claimed apart from all others, a file a batch, and
-- what is measured for alarms leaves them out.
SET LOCAL ROLE ledger_migrator;

ALTER TABLE ledger.queue ADD COLUMN is_smoke boolean NOT NULL DEFAULT false;
CREATE INDEX queue_smoke ON ledger.queue (available_at, id) WHERE is_smoke;
ALTER TABLE ledger.batches ADD COLUMN is_smoke boolean NOT NULL DEFAULT false;
CREATE INDEX batches_smoke ON ledger.batches (id) WHERE is_smoke;

-- As before, and the queue knows a smoke test's file by the prefix of its dataset.
CREATE OR REPLACE FUNCTION ledger.register(
  buckets text[], keys text[], version_ids text[], sizes bigint[], modified timestamptz[]
) RETURNS bigint
LANGUAGE sql
SECURITY DEFINER SET search_path = ''
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
    RETURNING id, size, s3_key
  ), queued AS (
    INSERT INTO ledger.queue (id, available_at, size, is_smoke)
    SELECT id, now(), size, starts_with(s3_key, 'raw-json-data/all_historical_files/smoke_ledger/')
    FROM added ORDER BY id
  )
  SELECT count(*) FROM added;
END;

-- Removes all that the ledger keeps of a smoke test's file, with its batch; answers how many versions of it there were. One
-- that a run works on stays.
CREATE FUNCTION ledger.forget_smoke_test(key text) RETURNS bigint
LANGUAGE sql
SECURITY DEFINER SET search_path = ''
SET enable_seqscan = off
BEGIN ATOMIC
  DELETE FROM ledger.queue WHERE is_smoke AND id IN (SELECT id FROM ledger.files WHERE s3_key = key);
  DELETE FROM ledger.batches batch WHERE is_smoke AND NOT (is_held AND available_at > now()) AND EXISTS (
    SELECT FROM ledger.files LEFT JOIN ledger.outcomes ON file_id = files.id
    WHERE s3_key = key AND (batch.file_ids @> ARRAY[files.id] OR batch.id = batch_id)
  );
  WITH forgotten AS (
    DELETE FROM ledger.files WHERE s3_key = key
      AND starts_with(s3_key, 'raw-json-data/all_historical_files/smoke_ledger/')
      AND NOT EXISTS (SELECT FROM ledger.queue WHERE queue.id = files.id)
      AND NOT EXISTS (SELECT FROM ledger.batches WHERE is_smoke AND file_ids @> ARRAY[files.id])
    RETURNING id
  ), without_outcome AS (
    DELETE FROM ledger.outcomes WHERE file_id IN (SELECT id FROM forgotten)
  ), without_error AS (
    DELETE FROM ledger.file_errors WHERE file_id IN (SELECT id FROM forgotten)
  )
  SELECT count(*) FROM forgotten;
END;
REVOKE EXECUTE ON FUNCTION ledger.forget_smoke_test FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.forget_smoke_test TO ledger_maintainer;
