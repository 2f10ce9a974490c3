/**
 * Statements of `ledger_operator` about the server's cleaning. Results have the names of
 * operator-protocol.ts.
 */

/**
 * Condition of sessions that hold cleaning back; cleaning itself holds nothing back, however long it takes.
 */
const HOLDS_BACK = `pid <> pg_backend_pid() AND backend_type IS DISTINCT FROM 'autovacuum worker'
  AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)`;

/**
 * Oldest transaction that keeps the server from cleaning, in any database: a snapshot holds back the catalogs
 * of all.
 */
export const OLDEST_TRANSACTION = `
SELECT coalesce(extract(epoch FROM clock_timestamp() - min(xact_start)), 0) AS seconds
FROM pg_stat_activity WHERE ${HOLDS_BACK}`;

/**
 * Holders of old snapshots in all databases: a snapshot holds back the catalogs of all. $1: maximum number of
 * them.
 */
export const HOLDERS = `
SELECT * FROM (
  SELECT 'session' AS kind, pid::text AS name, usename AS user, application_name AS application, state,
    extract(epoch FROM clock_timestamp() - xact_start) AS seconds,
    greatest(age(backend_xmin), age(backend_xid)) AS "xminAge"
  FROM pg_stat_activity
  WHERE ${HOLDS_BACK}
  UNION ALL
  SELECT 'slot', slot_name, NULL, NULL, CASE WHEN active THEN 'active' ELSE 'inactive' END, NULL,
    greatest(age(xmin), age(catalog_xmin))
  FROM pg_replication_slots WHERE xmin IS NOT NULL OR catalog_xmin IS NOT NULL
  UNION ALL
  SELECT 'prepared', gid, owner, NULL, NULL, extract(epoch FROM clock_timestamp() - prepared), age(transaction)
  FROM pg_prepared_xacts
) AS held ORDER BY "xminAge" DESC NULLS LAST, seconds DESC NULLS LAST LIMIT $1`;

export const SEES_ALL_SESSIONS = `SELECT pg_has_role('pg_read_all_stats', 'USAGE') AS sees`;

/**
 * Dead rows, and the number that autovacuum waits for: a table's own options take precedence over the
 * server's.
 */
export const TABLES = `
SELECT s.relname AS table, s.n_live_tup AS "liveRows", s.n_dead_tup AS "deadRows",
  round(option('autovacuum_vacuum_threshold') + option('autovacuum_vacuum_scale_factor') * greatest(c.reltuples, 0))
    AS "cleanedFrom",
  pg_total_relation_size(c.oid) AS bytes,
  greatest(s.last_vacuum, s.last_autovacuum) AS "lastVacuum",
  extract(epoch FROM now() - greatest(s.last_vacuum, s.last_autovacuum)) AS "secondsSinceVacuum",
  greatest(age(c.relfrozenxid), age(t.relfrozenxid)) AS "xidAge"
FROM pg_stat_user_tables s
JOIN pg_class c ON c.oid = s.relid
LEFT JOIN pg_class t ON t.oid = c.reltoastrelid
WHERE s.schemaname = 'ledger' ORDER BY s.relname`.replaceAll(
  /option\('(\w+)'\)/g,
  `coalesce(
    (SELECT option_value FROM pg_options_to_table(c.reloptions) WHERE option_name = '$1'), current_setting('$1')
  )::float8`,
);

export const WRAPAROUND = `
SELECT age(datfrozenxid) AS "xidAge", mxid_age(datminmxid) AS "multixactAge",
  current_setting('autovacuum_freeze_max_age')::bigint AS "freezesFrom", 2147483647 - 3000000 AS "stopsAt"
FROM pg_database WHERE datname = current_database()`;
