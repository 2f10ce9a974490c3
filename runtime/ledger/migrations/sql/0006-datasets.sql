-- Each file belongs to a dataset from its registration on, and a batch has files of one dataset. What was there before is the
-- one dataset's that there was, or that of smoke tests. A run of a job that began before this registers and claims nothing more.
SET LOCAL ROLE ledger_migrator;

-- A default of the moment gives rows that are there the name without writing them.
DO $$
DECLARE
  before text := coalesce(
    (SELECT dataset FROM ledger.dataset_versions WHERE dataset <> 'smoke_ledger' ORDER BY created_at DESC LIMIT 1),
    'ml_events'
  );
BEGIN
  EXECUTE format('ALTER TABLE ledger.files ADD COLUMN dataset text COLLATE "C" NOT NULL DEFAULT %L', before);
  EXECUTE format('ALTER TABLE ledger.queue ADD COLUMN dataset text COLLATE "C" NOT NULL DEFAULT %L', before);
  EXECUTE format('ALTER TABLE ledger.batches ADD COLUMN dataset text COLLATE "C" NOT NULL DEFAULT %L', before);
END
$$;
ALTER TABLE ledger.files ALTER COLUMN dataset DROP DEFAULT;
ALTER TABLE ledger.queue ALTER COLUMN dataset DROP DEFAULT;
ALTER TABLE ledger.batches ALTER COLUMN dataset DROP DEFAULT;
-- by the range of its names, for which the unique index is; a slash is followed by a zero
UPDATE ledger.files SET dataset = 'smoke_ledger'
WHERE s3_key >= 'raw-json-data/all_historical_files/smoke_ledger/'
  AND s3_key < 'raw-json-data/all_historical_files/smoke_ledger0';
UPDATE ledger.queue SET dataset = 'smoke_ledger' WHERE is_smoke;
UPDATE ledger.batches SET dataset = 'smoke_ledger' WHERE is_smoke;

DROP FUNCTION ledger.forget_smoke_test(text);
DROP FUNCTION ledger.register(text[], text[], text[], bigint[], timestamptz[]);
-- their indexes go with them
ALTER TABLE ledger.queue DROP COLUMN is_smoke;
ALTER TABLE ledger.batches DROP COLUMN is_smoke;
DROP INDEX ledger.queue_order;
CREATE INDEX queue_order ON ledger.queue (dataset, available_at, id);
CREATE INDEX batches_of_dataset ON ledger.batches (dataset, id);

-- As before, and each file comes with its dataset.
CREATE FUNCTION ledger.register(
  buckets text[], keys text[], version_ids text[], sizes bigint[], modified timestamptz[], datasets text[]
) RETURNS bigint
LANGUAGE sql
SECURITY DEFINER SET search_path = ''
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
BEGIN ATOMIC
  WITH added AS (
    INSERT INTO ledger.files (bucket, s3_key, version_id, size, last_modified, dataset)
    SELECT given.* FROM unnest(buckets, keys, version_ids, sizes, modified, datasets)
      AS given (bucket, s3_key, version_id, size, last_modified, dataset)
    WHERE NOT EXISTS (
      SELECT FROM ledger.files known
      WHERE (known.s3_key, known.version_id, known.bucket) = (given.s3_key, given.version_id, given.bucket)
    )
    ORDER BY s3_key COLLATE "C", version_id COLLATE "C", bucket COLLATE "C"
    ON CONFLICT (s3_key, version_id, bucket) DO NOTHING
    RETURNING id, size, dataset
  ), queued AS (
    INSERT INTO ledger.queue (id, available_at, size, dataset) SELECT id, now(), size, dataset FROM added ORDER BY id
  )
  SELECT count(*) FROM added;
END;
REVOKE EXECUTE ON FUNCTION ledger.register FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.register TO ledger_lister, ledger_registrar;

-- As before, by the dataset.
CREATE FUNCTION ledger.forget_smoke_test(key text) RETURNS bigint
LANGUAGE sql
SECURITY DEFINER SET search_path = ''
SET enable_seqscan = off
BEGIN ATOMIC
  DELETE FROM ledger.queue
  WHERE dataset = 'smoke_ledger' AND id IN (SELECT id FROM ledger.files WHERE s3_key = key);
  DELETE FROM ledger.batches batch
  WHERE dataset = 'smoke_ledger' AND NOT (is_held AND available_at > now()) AND EXISTS (
    SELECT FROM ledger.files LEFT JOIN ledger.outcomes ON file_id = files.id
    WHERE s3_key = key AND (batch.file_ids @> ARRAY[files.id] OR batch.id = batch_id)
  );
  WITH forgotten AS (
    DELETE FROM ledger.files WHERE s3_key = key AND dataset = 'smoke_ledger'
      AND NOT EXISTS (SELECT FROM ledger.queue WHERE queue.id = files.id)
      AND NOT EXISTS (
        SELECT FROM ledger.batches WHERE batches.dataset = 'smoke_ledger' AND file_ids @> ARRAY[files.id]
      )
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
