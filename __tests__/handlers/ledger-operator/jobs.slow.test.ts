import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { ROOT } from "../../../setup/paths";
import { ensurePython } from "../../../setup/python";
import { type Books, keyOf, startBooks } from "./books";

let books: Books;
let python: string;
beforeAll(async () => {
  ({ python } = await ensurePython("run", () => {}));
  books = await startBooks();
});
afterAll(() => books.stop());
beforeEach(async () => {
  await books.empty();
  await books.register(6);
});

/** Lets the batch job's own code work on what is due. */
function work(version: string, name: string) {
  const env = { ...process.env, ...books.server.variables, PYTHONPATH: join(ROOT, "glue") };
  const script = join(__dirname, "work_once.py");
  return JSON.parse(execFileSync(python, [script, version, name], { env, encoding: "utf8" }));
}

const DONE = [true, true, true];
const HOUR_AGO = new Date(Date.now() - 3_600_000).toISOString();

describe("what an operator gives back, the batch job takes:", () => {
  test("a replayed batch, with its files, under the job's version, and with the objects that it replaces", async () => {
    expect(work("v1", "old.parquet")).toMatchObject({ id: 1, token: 1, dataset_version: "v1", steps: DONE });
    const { rows } = await books.owner.query("SELECT clock_timestamp() AS now");
    await new Promise((resolve) => setTimeout(resolve, 5));
    const time = { from: HOUR_AGO, to: rows[0].now.toISOString(), limit: 10 };
    await books.owner.query("UPDATE ledger.batches SET committed_at = committed_at - interval '1 second'");
    expect(await books.ask("replay", time)).toMatchObject({ batches: 1 });
    expect(work("v2", "new.parquet")).toMatchObject({
      id: 1,
      state: "CLAIMED",
      token: 3,
      dataset_version: "v2",
      attempts: 1,
      objects: null,
      earlier_objects: [{ name: "old.parquet" }],
      file_ids: [1, 2, 3, 4, 5, 6],
      steps: DONE,
    });
    expect(await books.ask("replay", time)).toMatchObject({ batches: 0, unarchived: { count: 0 } });
    expect(await books.ask("batch", { batch: 1 })).toMatchObject({
      state: "SUCCEEDED",
      replays: 1,
      objects: [{ name: "new.parquet" }],
      earlierObjects: [],
    });
    expect(work("v2", "none")).toBeNull();
    expect(await books.places()).toEqual([1]);
  });

  test("a batch that was out of attempts, under its own version", async () => {
    const id = await books.claim(4);
    await books.fail(id);
    await books.ask("release", { batch: id });
    expect(work("v2", "a")).toMatchObject({
      id,
      dataset_version: "v1",
      attempts: 1,
      lapsed_leases: 1,
      steps: DONE,
    });
    expect(await books.places()).toEqual([1]);
  });

  test("a file from quarantine, in a new batch", async () => {
    const id = await books.claim(6);
    await books.quarantine(id, 2);
    await books.commit(id);
    await books.ask("retry-quarantined", { names: [keyOf(2)] });
    expect(work("v2", "a")).toMatchObject({ id: id + 1, file_ids: [2], steps: DONE });
    expect(await books.places()).toEqual([1]);
  });
});
