import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { FILE_STATUSES, type FilesPlace, type FilesRequest } from "../../../runtime/ledger/operator-protocol";
import { type Books, BUCKET, keyOf, startBooks } from "./books";

let books: Books;
beforeAll(async () => {
  books = await startBooks();
});
afterAll(() => books.stop());
beforeEach(() => books.empty());

/** Ids of all pages. */
async function idsOf(request: Omit<FilesRequest, "after">): Promise<number[]> {
  const ids: number[] = [];
  let after: FilesPlace | undefined;
  do {
    const page = await books.ask("files", { ...request, ...(after && { after }) });
    expect(page.files.length).toBeLessThanOrEqual(request.limit);
    ids.push(...page.files.map(({ id }) => id));
    after = page.next;
  } while (after);
  return ids;
}

describe("files", () => {
  test("gives each file on one page of one status, whatever the size of the pages", async () => {
    await books.register(40);
    for (const partial of [[1, 2, 3], [], [9, 11]]) {
      const batch = await books.claim(4);
      await books.commit(batch, partial);
      await books.finish(batch);
    }
    await books.quarantine(await books.claim(4), 14);
    await books.commit(await books.claim(4));
    await books.fail(await books.claim(4));
    await books.fail(await books.claim(4), "WAITING");
    await books.change(await books.claim(4), "state = 'WAITING', is_held = false");
    for (const limit of [1, 3, 4, 1000]) {
      const found: Record<string, number[]> = {};
      for (const status of FILE_STATUSES) found[status] = await idsOf({ status, limit });
      expect(found).toEqual({
        pending: [33, 34, 35, 36, 37, 38, 39, 40, 29, 30, 31, 32],
        processing: [13, 15, 16],
        failed: [21, 22, 23, 24, 25, 26, 27, 28],
        committed: [17, 18, 19, 20],
        succeeded: [4, 5, 6, 7, 8, 10, 12],
        partial: [1, 2, 3, 9, 11],
        quarantined: [14],
      });
    }
  });

  test("lists a batch, each file as it stands", async () => {
    await books.register(5);
    const batch = await books.claim(4);
    await books.fail(batch);
    expect((await books.ask("files", { batch, limit: 10 })).files[0]).toEqual({
      id: 1,
      bucket: BUCKET,
      key: keyOf(1),
      version: "v1",
      size: 100,
      lastModified: expect.stringMatching(/^20.*\+00:00$/),
      registeredAt: expect.stringMatching(/^20.*\+00:00$/),
      dataset: "ml_events",
      status: "failed",
      batch,
      attempts: 3,
      error: "no memory",
    });
    await books.change(batch, "state = 'CLAIMED'");
    await books.commit(batch, [2]);
    await books.finish(batch);
    const { files } = await books.ask("files", { batch, limit: 10 });
    expect(files.map(({ status, error }) => [status, error])).toEqual([
      ["succeeded", null],
      ["partial", null],
      ["succeeded", null],
      ["succeeded", null],
    ]);
    expect(await idsOf({ batch, limit: 1 })).toEqual([1, 2, 3, 4]);
    expect(await idsOf({ batch: 99, limit: 1 })).toEqual([]);
  });

  test.each([
    [{ status: "failed", limit: 0 }, "limit: expected a whole number from 1 to 1000, got 0"],
    [{ limit: 1 }, "status is required: expected one of pending, "],
  ])("rejects %j", async (request, message) => {
    await expect(async () => books.ask("files", request as FilesRequest)).rejects.toThrow(message);
  });
});

describe("find", () => {
  test("takes ids, keys and addresses, and says which it does not know", async () => {
    await books.register(5);
    await books.quarantine(await books.claim(2), 2);
    await books.owner.query("UPDATE ledger.files SET dataset = 'orders' WHERE id > 2");
    const names = [
      "3",
      keyOf(2),
      `s3://${BUCKET}/${keyOf(4)}`,
      keyOf(4),
      "17",
      "s3://other/x",
      `s3://x/${keyOf(1)}`,
    ];
    const found = await books.ask("find", { names });
    expect(
      found.files.map(({ id, dataset, status, batch, error }) => [id, dataset, status, batch, error]),
    ).toEqual([
      [3, "orders", "pending", null, null],
      [2, "ml_events", "quarantined", 1, "broken-gzip: no end"],
      [4, "orders", "pending", null, null],
    ]);
    expect(found.unknown).toEqual(["17", "s3://other/x", `s3://x/${keyOf(1)}`]);
    await expect(async () => books.ask("find", { names: [] })).rejects.toThrow(
      "names: expected 1 to 100 names, got []",
    );
  });
});

describe("batch", () => {
  test("tells all that is known of it", async () => {
    await books.register(5);
    const id = await books.claim(4);
    expect(await books.ask("batch", { batch: id })).toMatchObject({
      state: "CLAIMED",
      isHeld: true,
      counts: null,
      objects: [],
    });
    await books.quarantine(id, 3);
    await books.commit(id, [1]);
    await books.finish(id);
    await books.archive(id);
    expect(await books.ask("batch", { batch: id })).toMatchObject({
      id,
      state: "PARTIAL",
      files: 3,
      bytes: 300,
      partialFiles: 1,
      owner: "run",
      token: 1,
      isHeld: false,
      availableAt: null,
      dataset: "ml_events",
      counts: { files: 3, rows: 7 },
      objects: [{ bucket: "curated", name: "tables/part-1-1.parquet", rows: 7, bytes: 70 }],
      objectCount: 1,
      earlierObjects: [],
      earlierObjectCount: 0,
      quarantined: [{ id: 3, key: keyOf(3), error: "broken-gzip: no end" }],
    });
    expect(await books.ask("batch", { batch: 2 })).toBeNull();
  });

  test("has an answer that a function may give, also of a batch with an object in every partition", async () => {
    await books.register(1);
    const id = await books.claim(1);
    await books.commit(id);
    const objects = `(SELECT jsonb_agg(jsonb_build_object('bucket', 'curated', 'staged', repeat('s', 120), 'rows', 1,
      'bytes', 1, 'name', 'part-' || lpad(n::text, 80, '0')) ORDER BY n) FROM generate_series(1, 15000) AS n)`;
    await books.change(id, `objects = ${objects}, earlier_objects = ${objects}`);
    const batch = await books.ask("batch", { batch: id });
    expect(JSON.stringify(batch).length).toBeLessThan(6_000_000);
    expect(batch).toMatchObject({ objectCount: 15_000, earlierObjectCount: 15_000 });
    expect([batch?.objects.length, batch?.earlierObjects.length]).toEqual([1000, 1000]);
    expect(batch?.objects[0]?.name).toMatch(/^part-0+1$/);
  });
});

test("a word that is no command is rejected", async () => {
  await expect(async () => books.ask("drop" as "status")).rejects.toThrow(
    /^command: expected one of measure, status, files.*, got "drop"$/,
  );
});
