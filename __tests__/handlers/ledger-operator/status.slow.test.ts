import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { LEDGER_METRICS } from "../../../runtime/ledger/operator-protocol";
import { SMOKE_PREFIXES } from "../../../runtime/smoke";
import { type Books, keyOf, startBooks } from "./books";

let books: Books;
beforeAll(async () => {
  books = await startBooks();
});
afterAll(() => books.stop());
beforeEach(() => books.empty());

const NO_FILES = {
  pending: 0,
  processing: 0,
  failed: 0,
  committed: 0,
  succeeded: 0,
  partial: 0,
  quarantined: 0,
};

/** A ledger with files in every state: 100 in all. */
async function fill(): Promise<void> {
  await books.register(100);
  const archived = await books.claim(10);
  await books.commit(archived, [2, 3]);
  await books.finish(archived);
  await books.archive(archived);
  const finished = await books.claim(9);
  await books.quarantine(finished, 11);
  await books.commit(finished);
  await books.finish(finished);
  await books.commit(await books.claim(8));
  await books.claim(7);
  await books.fail(await books.claim(6));
  await books.fail(await books.claim(5), "WAITING");
  const lost = await books.commit(await books.claim(4)).then(() => 7);
  await books.change(lost, "is_held = false, available_at = now() - interval '1 minute', lapsed_at = now()");
  const back = await books.claim(3);
  await books.change(back, "state = 'WAITING', is_held = false, available_at = now() - interval '2 minutes'");
  await books.owner.query(
    "UPDATE ledger.queue SET available_at = now() - interval '10 minutes' WHERE id = 99",
  );
}

describe("status", () => {
  test("is all zeros of an empty ledger", async () => {
    expect(await books.ask("status")).toMatchObject({
      files: NO_FILES,
      estimated: [],
      queued: [],
      batches: [],
      unarchived: 0,
      unpublishedCommits: 0,
      oldestClaimableSeconds: null,
    });
  });

  test("counts every file once, cheaply as exactly", async () => {
    await fill();
    const found = await books.ask("status");
    expect(found).toMatchObject({
      files: {
        pending: 48 + 3,
        processing: 7,
        failed: 6 + 5,
        committed: 8 + 4,
        succeeded: 8 + 8,
        partial: 2,
        quarantined: 1,
      },
      estimated: [],
      queued: [{ dataset: "ml_events", files: 48 }],
      batches: [
        { state: "CLAIMED", batches: 1, files: 7 },
        { state: "WAITING", batches: 2, files: 8 },
        { state: "COMMITTED", batches: 2, files: 12 },
        { state: "SUCCEEDED", batches: 1, files: 8 },
        { state: "PARTIAL", batches: 1, files: 10 },
        { state: "FAILED", batches: 1, files: 6 },
      ].map((each) => ({ dataset: "ml_events", untried: expect.any(Number), ...each })),
      unarchived: 1,
      unpublishedCommits: 1,
      lastHour: {
        batches: 4,
        files: 30,
        rows: 28,
        deadLetters: 4,
        inputBytes: 3000,
        outputBytes: 280,
        takeOvers: 1,
      },
    });
    expect(Object.values(found.files).reduce((sum, count) => sum + count)).toBe(100);
    expect(found.oldestClaimableSeconds).toBeCloseTo(600, -1);
    const { files, queued } = await books.ask("status", { exact: true });
    expect({ files, queued }).toEqual({ files: found.files, queued: found.queued });
  });

  test("counts what waits, and batches, by dataset", async () => {
    await books.register(9);
    await books.owner.query("UPDATE ledger.queue SET dataset = 'orders' WHERE id > 3");
    await books.fail(await books.claim(2));
    expect(await books.ask("status")).toMatchObject({
      queued: [
        { dataset: "ml_events", files: 1 },
        { dataset: "orders", files: 6 },
      ],
      batches: [{ dataset: "ml_events", state: "FAILED", batches: 1, files: 2 }],
    });
  });
});

describe("measure", () => {
  test("gives every metric, and zeros of an empty ledger", async () => {
    const measures = Object.entries(await books.ask("measure"));
    expect(measures.map(([name]) => name)).toEqual(LEDGER_METRICS);
    expect(measures.filter(([, value]) => value !== 0)).toEqual([]);
  });

  test("tells what needs an operator", async () => {
    await fill();
    await books.owner.query(
      "INSERT INTO ledger.listings (bucket, folder, refused) VALUES ('raw', 'a/', 1), ('raw', 'b/', 2)",
    );
    const session = books.server.client();
    await session.connect();
    await session.query("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT now()");
    const measures = await books.ask("measure");
    await session.end();
    expect(measures).toMatchObject({
      LedgerQueuedFiles: 48,
      LedgerFailedFiles: 6,
      LedgerQuarantinedFiles: 1,
      LedgerRefusedKeys: 3,
      LedgerOldestClaimableSeconds: expect.closeTo(600, -1),
      LedgerLeaseTakeovers: 1,
      LedgerUnpublishedCommits: 1,
    });
    expect(measures.LedgerOldestTransactionSeconds).toBeGreaterThan(0);
  });

  test("measures the file that waits the longest, of whatever dataset", async () => {
    await books.register(9);
    const seconds = async () => (await books.ask("measure")).LedgerOldestClaimableSeconds;
    await books.owner.query("UPDATE ledger.queue SET dataset = 'orders' WHERE id > 5");
    await books.owner.query("UPDATE ledger.queue SET dataset = 'smoke_ledger' WHERE id = 9");
    await books.owner.query(
      "UPDATE ledger.queue SET available_at = now() - make_interval(secs => id * 1000)",
    );
    expect(await seconds()).toBeCloseTo(8000, -2);
    await books.owner.query("DELETE FROM ledger.queue WHERE dataset = 'orders'");
    expect(await seconds()).toBeCloseTo(5000, -2);
  });

  test("leaves smoke tests out of what alarms go by, and of what is done in an hour", async () => {
    await fill();
    await books.owner.query(
      "UPDATE ledger.queue SET dataset = 'smoke_ledger'; UPDATE ledger.batches SET dataset = 'smoke_ledger'",
    );
    expect(await books.ask("measure")).toMatchObject({
      LedgerFailedFiles: 0,
      LedgerQuarantinedFiles: 0,
      LedgerOldestClaimableSeconds: 0,
      LedgerLeaseTakeovers: 0,
      LedgerUnpublishedCommits: 0,
    });
    const { lastHour } = await books.ask("status", {});
    expect(Object.entries(lastHour).filter(([, value]) => value !== 0)).toEqual([]);
  });

  test("lets all expire that smoke tests of two weeks ago left, and nothing else", async () => {
    const names = ["quarantined", "read", "waiting", "new"].map(
      (name) => `${SMOKE_PREFIXES.ledger}${name}.ndjson`,
    );
    for (const name of names) {
      const register =
        "SELECT ledger.register('{raw}', ARRAY[$1], '{v}', '{100}', '{now}', '{smoke_ledger}')";
      await books.owner.query(register, [name]);
    }
    await books.register(1);
    await books.owner.query(
      "UPDATE ledger.files SET created_at = now() - make_interval(days => CASE WHEN id = 4 THEN 13 ELSE 15 END)",
    );
    const [gone, read] = [await books.claim(1), await books.claim(1)];
    await books.quarantine(gone, 1);
    for (const batch of [gone, read]) {
      await books.commit(batch);
      await books.finish(batch);
      await books.archive(batch);
    }
    await books.ask("measure");
    const rows = async (query: string) => (await books.owner.query(query)).rows;
    expect(await rows("SELECT s3_key FROM ledger.files JOIN ledger.queue USING (id) ORDER BY id")).toEqual(
      [names[3], keyOf(1)].map((s3_key) => ({ s3_key })),
    );
    for (const [table, count] of [
      ["files", 2],
      ["queue", 2],
      ["batches", 0],
      ["outcomes", 0],
      ["file_errors", 0],
    ])
      expect([table, (await rows(`SELECT FROM ledger.${table}`)).length]).toEqual([table, count]);
  });
});
