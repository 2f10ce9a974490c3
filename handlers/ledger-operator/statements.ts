/** Every statement that looks at the ledger for an operator. None reads all of files, outcomes or the queue unless it says so. */

/** $1: most rows to count. */
export const COUNT_QUEUE = `SELECT count(*) AS counted FROM (SELECT FROM ledger.queue LIMIT $1) AS first`;

/** What the server's running counts say; after a crash, which empties them, what the planner would assume. */
export const ESTIMATE_QUEUE = `
SELECT coalesce(
  nullif(pg_stat_get_live_tuples(oid), 0),
  round(greatest(reltuples, 0) / greatest(relpages, 1) * pg_relation_size(oid) / current_setting('block_size')::integer)
) AS estimated
FROM pg_class WHERE oid = 'ledger.queue'::regclass`;

/** Through the small partial index. */
export const COUNT_QUARANTINED = `SELECT count(*) AS counted FROM ledger.outcomes WHERE outcome = 'QUARANTINED'`;

/** Files of batches that did not fail are those of their counts once committed: unfolding the ids would read them all. */
export const COUNT_BATCHES = `
SELECT state, count(*) AS batches,
  sum(CASE WHEN committed_at IS NULL THEN cardinality(file_ids) ELSE (counts->>'files')::bigint END) AS files,
  sum(cardinality(partial_ids)) AS partial,
  sum(CASE WHEN state = 'WAITING' AND last_error IS NULL THEN cardinality(file_ids) ELSE 0 END) AS untried
FROM ledger.batches GROUP BY state ORDER BY state`;

/** Everything is counted. */
export const COUNT_EXACTLY = `
SELECT (SELECT count(*) FROM ledger.queue) AS queued,
  count(*) FILTER (WHERE outcome = 'SUCCEEDED') AS succeeded,
  count(*) FILTER (WHERE outcome = 'PARTIAL') AS partial,
  count(*) FILTER (WHERE outcome = 'QUARANTINED') AS quarantined
FROM ledger.outcomes`;

export const OLDEST_CLAIMABLE = `
SELECT extract(epoch FROM now() - min(due)) AS seconds FROM (
  (SELECT available_at AS due FROM ledger.queue WHERE available_at <= now() ORDER BY available_at, id LIMIT 1)
  UNION ALL
  (SELECT available_at FROM ledger.batches
    WHERE state IN ('CLAIMED', 'WAITING', 'COMMITTED') AND available_at <= now() ORDER BY available_at, id LIMIT 1)
) AS waiting`;

/** Won, and not in anybody's hands: given back, or its lease ran out. */
export const COUNT_UNPUBLISHED = `
SELECT count(*) AS counted FROM ledger.batches
WHERE state = 'COMMITTED' AND (NOT is_held OR available_at <= now())`;

export const LAST_HOUR = `
SELECT count(*) AS batches,
  coalesce(sum((counts->>'files')::bigint), 0) AS files,
  coalesce(sum((counts->>'rows')::bigint), 0) AS rows,
  coalesce(sum((counts->>'dead_letters')::bigint), 0) AS "deadLetters",
  coalesce(sum((counts->>'input_bytes')::bigint), 0) AS "inputBytes",
  coalesce(sum((counts->>'output_bytes')::bigint), 0) AS "outputBytes"
FROM ledger.batches WHERE committed_at > now() - interval '1 hour'`;

export const TAKE_OVERS = `
SELECT coalesce(sum(lapsed_leases), 0) AS counted FROM ledger.batches
WHERE lapsed_leases > 0 AND updated_at > now() - interval '1 hour'`;

/** Out of attempts. */
export const COUNT_FAILED_FILES = `
SELECT coalesce(sum(cardinality(file_ids)), 0) AS counted FROM ledger.batches WHERE state = 'FAILED'`;

export const QUARANTINED_TODAY = `
SELECT count(*) AS counted FROM ledger.file_errors JOIN ledger.outcomes USING (file_id)
WHERE last_error_at > now() - interval '1 day' AND outcome = 'QUARANTINED'`;

/** What keeps the server from cleaning: of any database, for a snapshot holds back the catalogs of all. */
export const OLDEST_TRANSACTION = `
SELECT coalesce(extract(epoch FROM clock_timestamp() - min(xact_start)), 0) AS seconds
FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)`;
