import { SMOKE_DATASETS } from "../../runtime/smoke";

/**
 * Statements by which an operator reads or changes the ledger. `ledger_operator` runs those that read,
 * `ledger_maintainer` those that write. Their results have the names of operator-protocol.ts. None reads all
 * of files, outcomes or the queue unless it says so: a test checks their plans. Those that alarms go by, and rates, leave
 * smoke tests out. Those about the server itself are in vacuum-statements.ts.
 */

/** Columns of LedgerFile, from a row `f` of files; `s` has its status. */
const FILE = `f.id, f.bucket, f.s3_key AS key, f.version_id AS version, f.size, f.last_modified AS "lastModified",
  f.created_at AS "registeredAt", f.dataset`;

/** Columns of BatchSummary. */
const SUMMARY = `id, state, files, bytes, owner, attempts, left(last_error, 500) AS "lastError"`;

const NOT_COMMITTED = `state IN ('CLAIMED', 'WAITING', 'FAILED')`;

const IN_REPLAY = "replays > 0 AND finished_at IS NULL";

const NO_SMOKE = `dataset <> '${SMOKE_DATASETS.ledger}'`;

/** Recursive query of the first row of each dataset in the queue, of which the index gives one after the other. */
const HEADS = `heads AS (
  (SELECT dataset, available_at FROM ledger.queue ORDER BY dataset, available_at, id LIMIT 1)
  UNION ALL
  SELECT following.* FROM heads CROSS JOIN LATERAL (
    SELECT dataset, available_at FROM ledger.queue
    WHERE dataset > heads.dataset ORDER BY dataset, available_at, id LIMIT 1
  ) AS following
)`;

export const NOW = `SELECT now() AS at`;

/** Counts the queue by dataset, up to a limit. $1: maximum number of rows to count; null: all. */
export const COUNT_QUEUE = `
SELECT dataset, count(*) AS files FROM (SELECT dataset FROM ledger.queue LIMIT $1) AS first
GROUP BY dataset ORDER BY dataset`;

/**
 * Estimates the queue from the server's running counts; after a crash, which empties them, as the planner
 * would.
 */
export const ESTIMATE_QUEUE = `
SELECT coalesce(
  nullif(pg_stat_get_live_tuples(oid), 0),
  round(greatest(reltuples, 0) / greatest(relpages, 1) * pg_relation_size(oid) / current_setting('block_size')::integer)
) AS estimated
FROM pg_class WHERE oid = 'ledger.queue'::regclass`;

/** Counts quarantined files through the small partial index. */
export const COUNT_QUARANTINED = `SELECT count(*) AS counted FROM ledger.outcomes WHERE outcome = 'QUARANTINED'`;

/**
 * Counts files in batches: reads all batches, and no id of a file. `untried`: files of batches that were
 * given back and have not failed.
 */
export const COUNT_BATCHES = `
SELECT dataset, state, count(*) AS batches, sum(files) AS files, sum(partial_files) AS partial,
  coalesce(sum(files) FILTER (WHERE state = 'WAITING' AND last_error IS NULL), 0) AS untried,
  count(*) FILTER (WHERE finished_at IS NOT NULL AND archived_at IS NULL) AS unarchived
FROM ledger.batches GROUP BY dataset, state ORDER BY dataset, state`;

/** Counts all files that are done. */
export const COUNT_EXACTLY = `
SELECT count(*) FILTER (WHERE outcome = 'SUCCEEDED') AS succeeded,
  count(*) FILTER (WHERE outcome = 'PARTIAL') AS partial,
  count(*) FILTER (WHERE outcome = 'QUARANTINED') AS quarantined
FROM ledger.outcomes`;

export const OLDEST_CLAIMABLE = `
WITH RECURSIVE ${HEADS}
SELECT extract(epoch FROM now() - min(due)) AS seconds FROM (
  SELECT available_at AS due FROM heads WHERE available_at <= now() AND ${NO_SMOKE}
  UNION ALL
  (SELECT available_at FROM ledger.batches
    WHERE archived_at IS NULL AND available_at <= now() AND ${NO_SMOKE} ORDER BY available_at, id LIMIT 1)
) AS waiting`;

/** Committed batches that nobody publishes: given back, or with an expired lease. */
export const COUNT_UNPUBLISHED = `
SELECT count(*) AS counted FROM ledger.batches
WHERE state = 'COMMITTED' AND (NOT is_held OR available_at <= now()) AND ${NO_SMOKE}`;

export const LAST_HOUR = `
SELECT count(*) AS batches,
  coalesce(sum(files), 0) AS files,
  coalesce(sum((counts->>'rows')::bigint), 0) AS rows,
  coalesce(sum((counts->>'dead_letters')::bigint), 0) AS "deadLetters",
  coalesce(sum((counts->>'input_bytes')::bigint), 0) AS "inputBytes",
  coalesce(sum((counts->>'output_bytes')::bigint), 0) AS "outputBytes"
FROM ledger.batches WHERE committed_at > now() - interval '1 hour' AND ${NO_SMOKE}`;

export const TAKE_OVERS = `
SELECT count(*) AS counted FROM ledger.batches WHERE lapsed_at > now() - interval '1 hour' AND ${NO_SMOKE}`;

/** Files of batches that are out of attempts. */
export const COUNT_FAILED_FILES = `
SELECT coalesce(sum(files), 0) AS counted FROM ledger.batches WHERE state = 'FAILED' AND ${NO_SMOKE}`;

export const QUARANTINED_TODAY = `
SELECT count(*) AS counted FROM ledger.file_errors JOIN ledger.outcomes USING (file_id)
JOIN ledger.batches ON batches.id = batch_id
WHERE last_error_at > now() - interval '1 day' AND outcome = 'QUARANTINED' AND ${NO_SMOKE}`;

/** Counts the keys that no row can hold, as of the last round through each listed folder. */
export const COUNT_REFUSED = `
SELECT coalesce(sum(refused), 0)::bigint AS counted FROM ledger.listings`;

/** Page of queued files. $1: the id before the page, $2: number of files. */
export const QUEUED_PAGE = `
SELECT ${FILE}, 'pending' AS status, NULL AS batch, 0 AS attempts, left(e.last_error, 500) AS error
FROM (SELECT id FROM ledger.queue WHERE id > $1 ORDER BY id LIMIT $2) AS page
JOIN ledger.files f USING (id)
LEFT JOIN ledger.file_errors e ON e.file_id = f.id
ORDER BY f.id`;

/** Page of files that ended in quarantine. $1: the id before the page, $2: number of files. */
export const QUARANTINED_PAGE = `
SELECT ${FILE}, 'quarantined' AS status, page.batch_id AS batch, b.attempts, left(e.last_error, 500) AS error
FROM (
  SELECT file_id, batch_id FROM ledger.outcomes
  WHERE outcome = 'QUARANTINED' AND file_id > $1 ORDER BY file_id LIMIT $2
) AS page
JOIN ledger.files f ON f.id = page.file_id
JOIN ledger.batches b ON b.id = page.batch_id
LEFT JOIN ledger.file_errors e ON e.file_id = page.file_id
ORDER BY f.id`;

const ALL_IDS = "SELECT unnest(b.file_ids) AS file_id";
const PARTIAL_IDS = "SELECT unnest(b.partial_ids) AS file_id";

/** Batches that have files of a status, and the ids of those files. */
const OF_BATCHES = {
  pending: ["b.state = 'WAITING' AND b.last_error IS NULL", ALL_IDS],
  processing: ["b.state = 'CLAIMED'", ALL_IDS],
  failed: ["b.state = 'FAILED' OR b.state = 'WAITING' AND b.last_error IS NOT NULL", ALL_IDS],
  committed: ["b.state = 'COMMITTED'", ALL_IDS],
  succeeded: ["b.state IN ('SUCCEEDED', 'PARTIAL')", `${ALL_IDS} EXCEPT ALL ${PARTIAL_IDS}`],
  partial: ["b.state = 'PARTIAL'", PARTIAL_IDS],
} as const;
export type StatusOfBatches = keyof typeof OF_BATCHES;

/**
 * Builds a page of files that are in batches. $1, $2: batch and file before the page, $3: number of files.
 */
export function pageOfBatches(status: StatusOfBatches): string {
  const [wanted, ids] = OF_BATCHES[status];
  return pageWhere(wanted, ids, `'${status}'`);
}

/** Page of the files of one batch, $4, its quarantined files left out. $1, $2, $3: as above. */
export const PAGE_OF_BATCH = pageWhere(
  "b.id = $4",
  ALL_IDS,
  `CASE WHEN b.finished_at IS NOT NULL AND f.id = ANY (b.partial_ids) THEN 'partial'
    WHEN b.finished_at IS NOT NULL THEN 'succeeded'
    WHEN b.state = 'CLAIMED' THEN 'processing'
    WHEN b.state = 'COMMITTED' THEN 'committed'
    WHEN b.state = 'WAITING' AND b.last_error IS NULL THEN 'pending'
    ELSE 'failed' END`,
);

function pageWhere(wanted: string, ids: string, status: string): string {
  return `
SELECT ${FILE}, ${status} AS status, b.id AS batch, b.attempts,
  left(CASE WHEN b.finished_at IS NULL THEN coalesce(e.last_error, b.last_error) END, 500) AS error
FROM (
  SELECT b.id AS batch_id, held.file_id FROM ledger.batches b CROSS JOIN LATERAL (${ids}) AS held
  WHERE (${wanted}) AND b.id >= $1 AND (b.id, held.file_id) > ($1, $2)
  ORDER BY b.id, held.file_id LIMIT $3
) AS page
JOIN ledger.batches b ON b.id = page.batch_id
JOIN ledger.files f ON f.id = page.file_id
LEFT JOIN ledger.file_errors e ON e.file_id = page.file_id
ORDER BY b.id, f.id`;
}

const FOUND = `
SELECT id, bucket, s3_key AS key, version_id AS version, size, last_modified AS "lastModified",
  created_at AS "registeredAt", (SELECT dataset FROM ledger.files WHERE files.id = found.id) AS dataset, lower(processing_status) AS status, batch_id AS batch, attempts,
  left(error_message, 500) AS error
FROM ledger.file_processing_status AS found`;

/** Finds files by id. $1: ids. */
export const FIND_BY_ID = `${FOUND} WHERE id = ANY ($1::bigint[]) ORDER BY id`;

/** Finds all versions in all buckets by key. $1: keys. */
export const FIND_BY_KEY = `${FOUND} WHERE s3_key = ANY ($1::text[]) ORDER BY id`;

/**
 * Truncates the list of a batch's objects: an answer of a function holds 6 MB, and a batch may have an object
 * in each partition.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/API_Invoke.html (2026-11-29)
 */
const someObjects = (column: string) => `jsonb_path_query_array(${column}, '$[0 to 999]')`;

/** Describes a batch. $1: id. */
export const DESCRIBE_BATCH = `
SELECT b.id, b.state, b.files, b.bytes, b.owner, b.attempts, b.last_error AS "lastError", b.partial_files AS "partialFiles",
  b.token, b.is_held AND b.available_at > now() AS "isHeld",
  nullif(b.available_at, 'infinity') AS "availableAt", b.lapsed_leases AS "lapsedLeases", b.replays,
  b.dataset_version AS "datasetVersion", b.dataset, b.created_at AS "createdAt", b.updated_at AS "updatedAt",
  b.committed_at AS "committedAt", b.finished_at AS "finishedAt", b.archived_at AS "archivedAt",
  b.first_error AS "firstError", b.counts,
  coalesce(jsonb_array_length(b.objects), 0) AS "objectCount",
  coalesce(${someObjects("b.objects")}, '[]') AS objects,
  jsonb_array_length(b.earlier_objects) AS "earlierObjectCount",
  ${someObjects("b.earlier_objects")} AS "earlierObjects"
FROM ledger.batches b WHERE b.id = $1`;

/** Quarantined files of a batch, through their small index. $1: batch, $2: maximum number of files. */
export const QUARANTINED_OF_BATCH = `
SELECT f.id, f.s3_key AS key, e.last_error AS error
FROM (
  SELECT file_id FROM ledger.outcomes WHERE outcome = 'QUARANTINED' AND batch_id = $1 ORDER BY file_id LIMIT $2
) AS lost
JOIN ledger.files f ON f.id = lost.file_id
JOIN ledger.file_errors e ON e.file_id = lost.file_id
ORDER BY f.id`;

/** Summaries of batches. $1: ids. */
export const SUMMARIES = `SELECT ${SUMMARY} FROM ledger.batches WHERE id = ANY ($1::bigint[]) ORDER BY id`;

/** Batches that can be given back. $1: ids. */
export const UNCOMMITTED = `
SELECT ${SUMMARY} FROM ledger.batches WHERE id = ANY ($1::bigint[]) AND ${NOT_COMMITTED} ORDER BY id`;

/** Batches that can be given back and that no run works on. $1: ids. */
export const AT_REST = `
SELECT ${SUMMARY} FROM ledger.batches
WHERE id = ANY ($1::bigint[]) AND state IN ('WAITING', 'FAILED') ORDER BY id`;

/**
 * Batches whose last attempt failed, or all. $1: minutes, since when; $2: the id before them; $3: maximum
 * number of batches.
 */
export const FAILED_SINCE = `
SELECT ${SUMMARY} FROM ledger.batches
WHERE (state = 'FAILED' OR state = 'WAITING' AND last_error IS NOT NULL)
  AND updated_at >= now() - make_interval(mins => $1) AND id > $2 ORDER BY id LIMIT $3`;

/**
 * Gives batches back as new ones: available immediately, with all their attempts. Expired leases stay
 * counted, for the file that killed their holders may still be there. The current holder is fenced off by the
 * next token. $1: ids, whose rows the transaction has locked.
 */
export const REOPEN = `
UPDATE ledger.batches SET state = 'WAITING', token = token + 1, is_held = false, attempts = 0,
  available_at = clock_timestamp(), updated_at = clock_timestamp(),
  first_error = coalesce(first_error, last_error), last_error = NULL
WHERE id = ANY ($1::bigint[]) AND ${NOT_COMMITTED}`;

/** Lets batches that were given back take the version of their next claimer, as a replay does. $1: ids. */
export const FORGET_VERSION = `
UPDATE ledger.batches SET dataset_version = NULL WHERE id = ANY ($1::bigint[]) AND state = 'WAITING'`;

/** Batches whose published rows still come from the commit before their replay. $1: ids. */
export const REPLAYED_NOW = `SELECT id FROM ledger.batches WHERE id = ANY ($1::bigint[]) AND ${IN_REPLAY}`;

/**
 * Puts quarantined files back and returns their ids. It leaves out files whose rows remain until the replay
 * that lost them is published. $1: ids, in their order.
 */
export const REQUEUE_QUARANTINED = `
WITH freed AS (
  DELETE FROM ledger.outcomes USING ledger.batches
  WHERE file_id = ANY ($1::bigint[]) AND outcome = 'QUARANTINED' AND batches.id = batch_id AND NOT (${IN_REPLAY})
  RETURNING file_id
), queued AS (
  INSERT INTO ledger.queue (id, available_at, size, dataset)
  SELECT id, now(), size, dataset FROM ledger.files JOIN freed ON file_id = id ORDER BY id
)
SELECT file_id AS id FROM freed ORDER BY file_id`;

/** Commits of a period, but for those of smoke tests. $1, $2: start and end, $3, $4: dataset, batch, or null for all. */
const COMMITTED_BETWEEN = `
committed_at >= $1 AND committed_at < $2 AND ${NO_SMOKE}
  AND ($3::text IS NULL OR dataset = $3) AND ($4::bigint IS NULL OR id = $4)`;

export const REPLAYABLE = `
SELECT count(*) AS batches, coalesce(sum(files), 0) AS files,
  coalesce(sum((counts->>'rows')::bigint), 0) AS rows,
  coalesce(sum((counts->>'input_bytes')::bigint), 0) AS "inputBytes", min(created_at) AS "claimedSince"
FROM ledger.batches WHERE ${COMMITTED_BETWEEN} AND archived_at IS NOT NULL`;

/** Commits of a period that are not archived, and therefore not replayed. $5: maximum number of ids. */
export const UNARCHIVED_BETWEEN = `
SELECT (count(*) OVER ())::bigint AS count, id FROM ledger.batches
WHERE ${COMMITTED_BETWEEN} AND archived_at IS NULL ORDER BY id LIMIT $5`;

/**
 * Reopens the next batch of a period, under whatever version its claimer runs: its outcomes go, its objects
 * become earlier ones, which the next publication replaces. Objects of still earlier commits were replaced by
 * the last one. A batch that another operator has locked is left to that one.
 */
export const REPLAY_NEXT = `
WITH next AS MATERIALIZED (
  SELECT id, file_ids, files, (counts->>'rows')::bigint AS rows, (counts->>'input_bytes')::bigint AS input_bytes
  FROM ledger.batches WHERE ${COMMITTED_BETWEEN} AND archived_at IS NOT NULL
  ORDER BY committed_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
), forgotten AS (
  DELETE FROM ledger.outcomes USING (SELECT unnest(file_ids) AS file_id FROM next) AS held
  WHERE outcomes.file_id = held.file_id
), opened AS (
  UPDATE ledger.batches SET state = 'WAITING', dataset_version = NULL, token = token + 1, is_held = false, attempts = 0,
    lapsed_leases = 0, available_at = clock_timestamp(), updated_at = clock_timestamp(), first_error = NULL,
    last_error = NULL, earlier_objects = objects, objects = NULL, counts = NULL, partial_ids = '{}',
    committed_at = NULL, finished_at = NULL, archived_at = NULL, replays = replays + 1
  FROM next WHERE batches.id = next.id
)
SELECT id, files, rows, input_bytes AS "inputBytes" FROM next`;

/** Forgets a smoke test's file. $1: its key. */
export const FORGET_SMOKE_TEST = `SELECT ledger.forget_smoke_test($1) AS files`;

/** Forgets files of smoke tests that were registered long ago. $1: days. */
export const EXPIRE_SMOKE_TESTS = `SELECT ledger.expire_smoke_tests(now() - make_interval(days => $1)) AS files`;
