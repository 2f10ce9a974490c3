import { afterAll, beforeAll, expect, test } from "@jest/globals";
import * as ofTheLedger from "../../../handlers/ledger-operator/statements";
import * as ofTheServer from "../../../handlers/ledger-operator/vacuum-statements";
import { type Books, startBooks } from "./books";

/** Enough that reading everything costs more than looking up what is asked for. */
const FILES = 100_000;
const FINISHED = 90_000;
const ONE_BATCH = 100;

let books: Books;
beforeAll(async () => {
  books = await startBooks();
  await fill();
});
afterAll(() => books.stop());

/** Finished batches, some in work and failed ones, and a queue. */
async function fill(): Promise<void> {
  const { owner } = books;
  await owner.query(`
    INSERT INTO ledger.files (bucket, s3_key, version_id, size, last_modified, dataset)
    SELECT 'raw', lpad(n::text, 10, '0'), 'v', 100, now(), 'ml_events' FROM generate_series(1, ${FILES}) AS n`);
  await owner.query(`
    INSERT INTO ledger.batches (state, dataset, dataset_version, owner, available_at, file_ids, partial_ids, bytes, committed_at,
      finished_at, archived_at, objects, counts, position_available_at, position_id)
    SELECT CASE WHEN batch % 3 = 0 THEN 'PARTIAL' ELSE 'SUCCEEDED' END::ledger.batch_state, 'ml_events', 'v1', 'run', 'infinity',
      array_agg(id ORDER BY id), coalesce(array_agg(id ORDER BY id) FILTER (WHERE batch % 3 = 0 AND id % 50 = 0), '{}'),
      sum(size), now() - make_interval(mins => batch::integer), now(), now(), '[]', '{}', now(), max(id)
    FROM (SELECT *, (id - 1) / ${ONE_BATCH} AS batch FROM ledger.files WHERE id <= ${FINISHED}) AS f
    GROUP BY batch ORDER BY batch`);
  await owner.query(`
    INSERT INTO ledger.outcomes SELECT held, id,
      CASE WHEN held % 5003 = 0 THEN 'QUARANTINED' WHEN held = ANY (partial_ids) THEN 'PARTIAL' ELSE 'SUCCEEDED' END::ledger.outcome
    FROM ledger.batches, unnest(file_ids) AS held`);
  await owner.query(`
    INSERT INTO ledger.file_errors (file_id, first_error, last_error)
    SELECT file_id, 'x', 'x' FROM ledger.outcomes WHERE outcome = 'QUARANTINED'`);
  await owner.query(
    `INSERT INTO ledger.queue SELECT id, now() - interval '1 hour', size, dataset FROM ledger.files WHERE id > ${FINISHED}`,
  );
  for (let batch = 0; batch < 3; batch++) await books.claim(ONE_BATCH);
  await books.fail(await books.claim(ONE_BATCH));
  // else what this session counted so far would be added to what ANALYZE finds
  await owner.query("SELECT pg_stat_force_next_flush()");
  await owner.query("ANALYZE");
}

const TIME = ["2000-01-01", "2100-01-01", null, null];
const LIMIT = 50;
const SOME_IDS = [100, 20_000, 80_000];
const PAGES = ["pending", "processing", "failed", "committed", "succeeded", "partial"] as const;

const { COUNT_EXACTLY, COUNT_QUEUE, pageOfBatches, ...others } = { ...ofTheLedger, ...ofTheServer };
const VALUES: Partial<Record<keyof typeof others, readonly unknown[]>> = {
  QUEUED_PAGE: [1000, LIMIT],
  QUARANTINED_PAGE: [0, LIMIT],
  PAGE_OF_BATCH: [0, 0, LIMIT, 7],
  FIND_BY_ID: [SOME_IDS],
  FIND_BY_KEY: [SOME_IDS.map((id) => String(id).padStart(10, "0"))],
  DESCRIBE_BATCH: [7],
  QUARANTINED_OF_BATCH: [7, LIMIT],
  SUMMARIES: [[7]],
  UNCOMMITTED: [[904]],
  AT_REST: [[904]],
  FAILED_SINCE: [600, 0, LIMIT],
  REOPEN: [[904]],
  FORGET_VERSION: [[904]],
  REPLAYED_NOW: [[7]],
  REQUEUE_QUARANTINED: [[5003, 10_006]],
  REPLAYABLE: TIME,
  UNARCHIVED_BETWEEN: [...TIME, LIMIT],
  REPLAY_NEXT: TIME,
  HOLDERS: [LIMIT],
  FORGET_SMOKE_TEST: ["0000000100"],
  EXPIRE_SMOKE_TESTS: [14],
};
const STATEMENTS: readonly (readonly [string, string, readonly unknown[]])[] = [
  ...(Object.entries(others) as [keyof typeof others, string][]).map(
    ([name, sql]) => [name, sql, VALUES[name] ?? []] as const,
  ),
  ...PAGES.map((status) => [`the page of ${status}`, pageOfBatches(status), [5, 0, LIMIT]] as const),
];

interface Node {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly Plans?: readonly Node[];
}

function readWhole(node: Node): string[] {
  const own = node["Node Type"] === "Seq Scan" ? [node["Relation Name"] ?? ""] : [];
  return [...own, ...(node.Plans ?? []).flatMap(readWhole)];
}

test.each(STATEMENTS)("%s reads no large table as a whole", async (_, sql, values) => {
  const { rows } = await books.owner.query(`EXPLAIN (FORMAT JSON) ${sql}`, [...values]);
  const [{ Plan }] = rows[0]["QUERY PLAN"];
  expect(readWhole(Plan).filter((table) => ["files", "outcomes", "queue"].includes(table))).toEqual([]);
});

test.each([
  ["COUNT_EXACTLY", COUNT_EXACTLY, []],
  ["COUNT_QUEUE", COUNT_QUEUE, [1_000_000]],
])("%s does, as it says", async (_, sql, values) => {
  const { rows } = await books.owner.query(`EXPLAIN (FORMAT JSON) ${sql}`, values);
  expect(JSON.stringify(rows)).toContain("Scan");
});

test("a queue that is too long to be counted is estimated", async () => {
  const { rows } = await books.owner.query(ofTheLedger.ESTIMATE_QUEUE);
  expect(Number(rows[0].estimated)).toBeGreaterThan(9000);
  expect(Number(rows[0].estimated)).toBeLessThan(11_000);
});
