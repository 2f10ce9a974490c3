import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { LEDGER_METRICS } from "../../../handlers/shared/ledger/operator-protocol";
import { type Books, startBooks } from "./books";

let books: Books;
beforeAll(async () => {
  books = await startBooks();
}, 60_000);
afterAll(() => books.stop());
beforeEach(() => books.empty());

describe("status", () => {
  test("is all zeros of an empty ledger", async () => {
    const none = {
      committed: 0,
      failed: 0,
      partial: 0,
      pending: 0,
      processing: 0,
      quarantined: 0,
      succeeded: 0,
    };
    expect(await books.ask({ command: "status" })).toMatchObject({
      files: none,
      estimated: [],
      batches: [],
      oldestClaimableSeconds: null,
      unpublishedCommits: 0,
    });
  });
});
describe("measure", () => {
  test("is all zeros of an empty ledger", async () => {
    const measures = Object.entries(await books.ask({ command: "measure" }));
    expect(measures.map(([name]) => name)).toEqual(LEDGER_METRICS);
    expect(measures.filter(([, value]) => value !== 0)).toEqual([]);
  });
});
