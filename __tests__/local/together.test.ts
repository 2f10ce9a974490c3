import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { together } from "../../local/together";

test("gives what all of the work comes to, in its order", async () => {
  const failure = new AbortController();
  const late = sleep(10, "late");
  expect(await together(failure, late, Promise.resolve(1))).toEqual(["late", 1]);
  expect(failure.signal.aborted).toBe(false);
});

test("gives the rest up where one fails, waits for its end, and throws the first failure", async () => {
  const failure = new AbortController();
  let ended = false;
  const rest = sleep(60_000, undefined, { signal: failure.signal }).catch(async (error: Error) => {
    await sleep(10);
    ended = true;
    throw error;
  });
  const first = new Error("first");
  await expect(together(failure, rest, Promise.reject(first))).rejects.toBe(first);
  expect(ended).toBe(true);
});
