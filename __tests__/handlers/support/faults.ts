import { awsError } from "./doubles";
import type { Fault } from "./memory-aws";
import { s3Error } from "./memory-objects";
import { cancelled } from "./memory-table";

/** A process that dies at a call, counted from 0: neither that call nor any later one comes back. */
export function dieAt(number: number, when: "before" | "after"): { fault: Fault; died: Promise<"died"> } {
  let die: (value: "died") => void = () => {};
  const died = new Promise<"died">((resolve) => {
    die = resolve;
  });
  let dead = false;
  const fault: Fault = async (call, work) => {
    if (call.number === number) {
      dead = true;
      if (when === "after") await work().catch(() => {});
      die("died");
    }
    return dead ? new Promise(() => {}) : work();
  };
  return { fault, died };
}

/** A process that stands still before a call until it is told to go on. */
export function pauseAt(number: number): { fault: Fault; paused: Promise<"paused">; goOn: () => void } {
  let goOn = () => {};
  const gate = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  let stop: (value: "paused") => void = () => {};
  const paused = new Promise<"paused">((resolve) => {
    stop = resolve;
  });
  const fault: Fault = async (call, work) => {
    if (call.number >= number) {
      stop("paused");
      await gate;
    }
    return work();
  };
  return { fault, paused, goOn };
}

/** Loses the answer to one call: the work is done, and the caller is told `error`. */
export function loseAnswer(number: number, error: Error): Fault {
  return async (call, work) => {
    const answer = await work();
    if (call.number === number) throw error;
    return answer;
  };
}

/** A call of unknown outcome, as the SDK tells it. */
export const TIMEOUT = awsError("TimeoutError");

/** Refuses that share of calls as the services do when they throttle. */
export function throttle(share: number, random: () => number): Fault {
  return async ({ name }, work) => {
    if (random() >= share) return work();
    if (name === "TransactWriteItemsCommand") throw cancelled([{ Code: "TransactionConflict" }]);
    if (name.includes("Item")) throw awsError("ProvisionedThroughputExceededException");
    throw s3Error("SlowDown", 503);
  };
}

/** Numbers in [0, 1) that are the same in every run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, rank: random() }))
    .sort((one, other) => one.rank - other.rank)
    .map(({ item }) => item);
}
