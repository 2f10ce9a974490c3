-- Forgets the files of smoke tests that were registered before a time: those that a test could not remove, and those whose
-- event came once more after it had. A hundred at a time, so that nothing waits for it; answers how many versions there were.
SET LOCAL ROLE ledger_migrator;

CREATE FUNCTION ledger.expire_smoke_tests(before timestamptz) RETURNS bigint
LANGUAGE sql
SECURITY DEFINER SET search_path = ''
SET enable_seqscan = off
BEGIN ATOMIC
  -- by the range of its names, for which the unique index is; a slash is followed by a zero
  SELECT coalesce(sum(ledger.forget_smoke_test(s3_key)), 0)::bigint
  FROM (
    SELECT DISTINCT s3_key FROM ledger.files
    WHERE s3_key >= 'raw-json-data/all_historical_files/smoke_ledger/'
      AND s3_key < 'raw-json-data/all_historical_files/smoke_ledger0'
      AND created_at < before
    LIMIT 100
  ) AS expired;
END;
REVOKE EXECUTE ON FUNCTION ledger.expire_smoke_tests FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.expire_smoke_tests TO ledger_maintainer;
