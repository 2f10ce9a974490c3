import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { Client } from "pg";
import { LedgerConnection, type LedgerWork } from "../../../runtime/ledger/connection";
import { LedgerUnreachableError } from "../../../runtime/ledger/errors";
import { eventually } from "../../support/eventually";
import { type Books, keyOf, startBooks } from "./books";

let books: Books;
beforeAll(async () => {
  books = await startBooks();
});
afterAll(() => books.stop());
beforeEach(async () => {
  await books.empty();
  await books.register(20);
});

const HOUR_AGO = () => new Date(Date.now() - 3_600_000).toISOString();
/** A time after all that was committed so far, in whole milliseconds, which has passed. */
async function now(): Promise<string> {
  await sleep(2);
  const time = new Date().toISOString();
  await sleep(2);
  return time;
}

/** A job's transaction that is open, its change not committed yet. */
async function inTransaction(statement: string, values: readonly unknown[]): Promise<Client> {
  const job = books.server.client();
  await job.connect();
  await job.query("BEGIN");
  await job.query(statement, [...values]);
  return job;
}

const COMMIT = `UPDATE ledger.batches SET state = 'COMMITTED', objects = '[]', counts = '{}', committed_at = clock_timestamp()
  WHERE id = $1 AND token = 1 AND state = 'CLAIMED'`;

describe("release", () => {
  test.each(["CLAIMED", "FAILED", "WAITING"] as const)("gives a batch back that is %s", async (state) => {
    const id = await books.claim(5);
    if (state !== "CLAIMED") await books.fail(id, state);
    const before = await books.batch(id);
    const dry = await books.ask("release", { batch: id, dryRun: true });
    expect(await books.batch(id)).toEqual(before);
    const { batches, refused } = await books.ask("release", { batch: id });
    expect({ batches, refused }).toEqual(dry);
    expect(batches).toMatchObject([{ id, state, files: 5, bytes: 500 }]);
    expect(refused).toEqual([]);
    expect(await books.batch(id)).toMatchObject({
      state: "WAITING",
      token: String(Number(before["token"]) + 1),
      is_held: false,
      attempts: 0,
      lapsed_leases: before["lapsed_leases"],
      last_error: null,
      first_error: before["first_error"],
    });
    expect(await books.places()).toEqual([1]);
  });

  test.each(["COMMITTED", "SUCCEEDED", "PARTIAL"] as const)("refuses a batch that is %s", async (state) => {
    const id = await books.claim(5);
    await books.commit(id, state === "PARTIAL" ? [1] : []);
    if (state !== "COMMITTED") await books.finish(id);
    const before = await books.batch(id);
    const answer = await books.ask("release", { batch: id });
    expect(answer).toEqual({
      batches: [],
      refused: [
        { what: `batch ${id}`, why: expect.stringContaining("tributary ledger replay"), isUnknown: false },
      ],
    });
    expect(await books.batch(id)).toEqual(before);
  });

  test("says that there is no such batch", async () => {
    expect((await books.ask("release", { batch: 7 })).refused).toMatchObject([{ isUnknown: true }]);
  });

  test("waits for a holder who commits at this moment, and then refuses", async () => {
    const id = await books.claim(5);
    const job = await inTransaction(COMMIT, [id]);
    const release = books.ask("release", { batch: id });
    const waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    const waits = eventually("a wait", async () => (await books.owner.query(waiting)).rowCount === 1);
    expect(await Promise.race([release, waits])).toBe(true);
    await job.query("COMMIT");
    await job.end();
    expect((await release).refused).toMatchObject([{ why: expect.stringContaining("it is committed") }]);
    expect(await books.batch(id)).toMatchObject({ state: "COMMITTED", token: "1" });
  });

  test("fences off a holder who commits later", async () => {
    const id = await books.claim(5);
    await books.ask("release", { batch: id });
    const { rowCount } = await books.owner.query(COMMIT, [id]);
    expect(rowCount).toBe(0);
  });
});

describe("retry", () => {
  test("gives the batches of files back, and says why others are left", async () => {
    const failed = await books.claim(5);
    await books.fail(failed);
    const atWork = await books.claim(2);
    const done = await books.claim(3);
    await books.quarantine(done, 8);
    await books.commit(done, [9]);
    await books.finish(done);
    const names = [1, 2, 6, 8, 9, 10, 11].map(keyOf).concat("nowhere.json");
    const dry = await books.ask("retry", { names, dryRun: true });
    expect((await books.batch(failed))["state"]).toBe("FAILED");
    const answer = await books.ask("retry", { names });
    expect(answer).toEqual(dry);
    expect(answer.batches).toMatchObject([{ id: failed, state: "FAILED", lastError: "no memory" }]);
    expect(answer.refused.map(({ what, why, isUnknown }) => [what, why.split(/[:;]/)[0], isUnknown])).toEqual(
      [
        ["nowhere.json", "the ledger has no such file", true],
        [`${keyOf(6)} version v6`, `a run is at work on batch ${atWork}`, false],
        [`${keyOf(8)} version v8`, "it is in quarantine", false],
        [`${keyOf(9)} version v9`, `batch ${done} is finished`, false],
        [`${keyOf(10)} version v10`, `batch ${done} is finished`, false],
        [`${keyOf(11)} version v11`, "it is in the queue", false],
      ],
    );
    expect(await books.batch(failed)).toMatchObject({ state: "WAITING", token: "3" });
    expect(await books.batch(atWork)).toMatchObject({ state: "CLAIMED", token: "1" });
    expect(await books.places()).toEqual([1]);
  });
});

describe("requeue", () => {
  test("gives back what failed within the time, and nothing else", async () => {
    const [old, failed, waiting, back, atWork] = [
      await books.claim(2),
      await books.claim(2),
      await books.claim(2),
      await books.claim(2),
      await books.claim(2),
    ];
    for (const id of [old, failed]) await books.fail(id);
    await books.fail(waiting, "WAITING");
    await books.change(back, "state = 'WAITING', is_held = false");
    await books.owner.query(
      "UPDATE ledger.batches SET updated_at = now() - interval '3 hours' WHERE id = $1",
      [old],
    );
    const dry = await books.ask("requeue", { sinceMinutes: 120, dryRun: true });
    const answer = await books.ask("requeue", { sinceMinutes: 120 });
    expect(answer).toEqual(dry);
    expect(answer.batches.map(({ id }) => id)).toEqual([failed, waiting]);
    expect(await books.batch(atWork)).toMatchObject({ state: "CLAIMED", token: "1" });
    expect((await books.ask("requeue", { sinceMinutes: 120 })).batches).toEqual([]);
    expect((await books.ask("requeue", { sinceMinutes: 300 })).batches.map(({ id }) => id)).toEqual([old]);
  });
});

describe("the version of a batch that is given back", () => {
  const asks = {
    release: (id: number, how: object) => books.ask("release", { batch: id, ...how }),
    retry: (_: number, how: object) => books.ask("retry", { names: ["1"], ...how }),
    requeue: (_: number, how: object) => books.ask("requeue", { sinceMinutes: 5, ...how }),
  };

  test.each(Object.entries(asks))("%s leaves it, unless the next run's is asked for", async (_, ask) => {
    const id = await books.claim(5);
    const version = async () => (await books.batch(id))["dataset_version"];
    await books.fail(id);
    await ask(id, {});
    expect(await version()).toBe("v1");
    await books.fail(id);
    await ask(id, { currentVersion: true, dryRun: true });
    expect(await version()).toBe("v1");
    await ask(id, { currentVersion: true });
    expect(await version()).toBeNull();
  });

  test("never changes where the batch is committed", async () => {
    const id = await books.claim(5);
    await books.commit(id);
    await books.ask("release", { batch: id, currentVersion: true });
    expect((await books.batch(id))["dataset_version"]).toBe("v1");
  });
});

describe("retry-quarantined", () => {
  test("puts files back into the queue, each once however often it is asked", async () => {
    const batch = await books.claim(5);
    await books.quarantine(batch, 2);
    await books.quarantine(batch, 4);
    const names = [keyOf(2), "4", keyOf(1), keyOf(17), "nowhere"];
    const dry = await books.ask("retry-quarantined", { names, dryRun: true });
    expect(await books.ask("files", { status: "quarantined", limit: 9 })).toMatchObject({
      files: [{ id: 2 }, { id: 4 }],
    });
    const others = [books.another(), books.another()];
    const answers = await Promise.all(
      [books, ...others].map((each) => each.ask("retry-quarantined", { names })),
    );
    for (const other of others) await other.stop();
    expect(answers.flatMap(({ files }) => files.map(({ id }) => id))).toEqual([2, 4]);
    expect(dry.refused.map(({ why }) => why.split(/[;:]/)[0])).toEqual([
      "the ledger has no such file",
      "it is processing, not in quarantine",
      "it is pending, not in quarantine",
    ]);
    const { rows } = await books.owner.query(
      "SELECT id, size FROM ledger.queue WHERE id IN (2, 4) ORDER BY id",
    );
    expect(rows).toEqual([
      { id: "2", size: "100" },
      { id: "4", size: "100" },
    ]);
    expect(await books.places()).toEqual([1]);
  });

  test("leaves a file whose rows stand until the replay of its batch is published", async () => {
    const batch = await books.claim(3);
    await books.commit(batch);
    await books.finish(batch);
    await books.archive(batch);
    await books.ask("replay", { from: HOUR_AGO(), to: await now(), limit: 1 });
    await books.change(batch, "state = 'CLAIMED', is_held = true, dataset_version = 'v2'");
    await books.quarantine(batch, 2);
    await books.fail(batch);
    const why = `batch ${batch} is in a replay, and its published rows are still those of before: repeat once it is published`;
    const left = { files: [], refused: [{ what: `${keyOf(2)} version v2`, why, isUnknown: false }] };
    expect(await books.ask("retry-quarantined", { names: ["2"], dryRun: true })).toEqual(left);
    expect(await books.ask("retry-quarantined", { names: ["2"] })).toEqual(left);
    await books.commit(batch);
    await books.finish(batch);
    expect(await books.ask("retry-quarantined", { names: ["2"] })).toMatchObject({ files: [{ id: 2 }] });
    expect(await books.places()).toEqual([1]);
  });
});

describe("replay", () => {
  async function finished(files: number, partial: readonly number[] = []): Promise<number> {
    const id = await books.claim(files);
    await books.commit(id, partial);
    await books.finish(id);
    await books.archive(id);
    return id;
  }

  test("makes archived batches of a time work again, whose objects are to be replaced", async () => {
    const before = await finished(2);
    const from = await now();
    const one = await finished(3, [3]);
    const other = await finished(4);
    const to = await now();
    const after = await finished(2);
    const dry = await books.ask("replay", { from, to, limit: 1, dryRun: true });
    expect(dry).toEqual({
      batches: 2,
      files: 7,
      rows: 14,
      inputBytes: 700,
      isMore: true,
      claimedSince: expect.any(String),
      unarchived: { count: 0, first: [] },
    });
    expect(new Date(dry.claimedSince ?? "")).toEqual((await books.batch(one))["created_at"]);
    expect(await books.ask("replay", { from, to, limit: 1 })).toMatchObject({
      batches: 1,
      files: 3,
      isMore: true,
    });
    expect(await books.ask("replay", { from, to, limit: 9 })).toMatchObject({
      batches: 1,
      files: 4,
      isMore: false,
    });
    expect(await books.ask("replay", { from, to, limit: 9 })).toMatchObject({ batches: 0, isMore: false });
    expect(await books.batch(one)).toMatchObject({
      state: "WAITING",
      dataset_version: null,
      token: "2",
      is_held: false,
      attempts: 0,
      replays: 1,
      objects: null,
      counts: null,
      partial_ids: [],
      committed_at: null,
      finished_at: null,
      archived_at: null,
      earlier_objects: [{ name: `tables/part-${one}-1.parquet` }],
    });
    expect(await books.places()).toEqual([1]);
    for (const id of [before, after])
      expect(await books.batch(id)).toMatchObject({ state: "SUCCEEDED", token: "1" });
    expect((await books.batch(other))["state"]).toBe("WAITING");
  });

  test("says so where the answer of a change is lost, and changes nothing else in its stead", async () => {
    class Cut extends LedgerConnection {
      override async once<Result>(work: LedgerWork<Result>, limitMs: number): Promise<Result> {
        await super.once(work, limitMs);
        throw new LedgerUnreachableError("cut");
      }
      override async repeatedly<Result>(work: LedgerWork<Result>, limitMs: number): Promise<Result> {
        await super.repeatedly(work, limitMs);
        return super.repeatedly(work, limitMs);
      }
    }
    const ids = [await finished(2), await finished(3)];
    const cut = books.another(Cut);
    const asked = cut.ask("replay", { from: HOUR_AGO(), to: await now(), limit: 1 });
    await expect(asked).rejects.toThrow(LedgerUnreachableError);
    await cut.stop();
    const states = await Promise.all(ids.map(async (id) => (await books.batch(id))["state"]));
    expect(states).toEqual(["WAITING", "SUCCEEDED"]);
  });

  test("takes one dataset alone", async () => {
    await finished(2);
    const time = { from: HOUR_AGO(), to: await now(), limit: 9 };
    expect(await books.ask("replay", { ...time, dataset: "others" })).toMatchObject({ batches: 0 });
    expect(await books.ask("replay", { ...time, dataset: "ml_events" })).toMatchObject({ batches: 1 });
  });

  test("leaves what is not archived, and names it", async () => {
    const finishing = await books.claim(2);
    await books.commit(finishing);
    await books.finish(finishing);
    const committed = await books.claim(2);
    await books.commit(committed);
    const answer = await books.ask("replay", { from: HOUR_AGO(), to: await now(), limit: 9 });
    expect(answer).toMatchObject({ batches: 0, unarchived: { count: 2, first: [finishing, committed] } });
  });

  test("leaves a batch that another operator has in hand, and releases none of it", async () => {
    const id = await finished(2);
    const other = await inTransaction("SELECT FROM ledger.batches WHERE id = $1 FOR UPDATE", [id]);
    expect(await books.ask("replay", { from: HOUR_AGO(), to: await now(), limit: 9 })).toMatchObject({
      batches: 0,
      isMore: true,
    });
    await other.query("ROLLBACK");
    await other.end();
    expect(await books.batch(id)).toMatchObject({ state: "SUCCEEDED", token: "1" });
  });

  test("does each batch once when two replay at once", async () => {
    for (let batch = 0; batch < 8; batch++) await finished(2);
    const request = { from: HOUR_AGO(), to: await now(), limit: 100 };
    const second = books.another();
    const answers = await Promise.all([books.ask("replay", request), second.ask("replay", request)]);
    await second.stop();
    expect(answers[0].batches + answers[1].batches).toBe(8);
    const { rows } = await books.owner.query("SELECT DISTINCT replays, token FROM ledger.batches");
    expect(rows).toEqual([{ replays: 1, token: "2" }]);
    expect(await books.places()).toEqual([1]);
  });

  test.each([
    [
      "a time that has not passed",
      () => ({ from: HOUR_AGO(), to: "2999-01-01T00:00:00Z" }),
      /^to: expected a time that has passed.*, got "2999-01-01T00:00:00Z"$/,
    ],
    [
      "a time that ends before it begins",
      () => ({ from: "2026-01-02T00:00:00Z", to: "2026-01-01T00:00:00Z" }),
      /^from: expected a time before to.*, got "2026-01-02T00:00:00Z"$/,
    ],
    [
      "no time",
      () => ({ from: "yesterday", to: "2026-01-01T00:00:00Z" }),
      /^from: expected .*, got "yesterday"$/,
    ],
  ])("refuses %s", async (_, time, message) => {
    await expect(books.ask("replay", { ...time(), limit: 9 })).rejects.toThrow(message);
  });
});
