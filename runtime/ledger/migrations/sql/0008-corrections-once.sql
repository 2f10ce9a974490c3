-- A file of corrected lines counts once: what is uploaded again under its key, after it was moved away, has the same bytes.
SET LOCAL ROLE ledger_migrator;

CREATE UNIQUE INDEX files_of_corrections ON ledger.files (s3_key, bucket) WHERE s3_key LIKE '%/tributary-corrections/%';

-- As before, whichever of the two indexes knows the file.
CREATE OR REPLACE FUNCTION ledger.register(
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
    ON CONFLICT DO NOTHING
    RETURNING id, size, dataset
  ), queued AS (
    INSERT INTO ledger.queue (id, available_at, size, dataset) SELECT id, now(), size, dataset FROM added ORDER BY id
  )
  SELECT count(*) FROM added;
END;
