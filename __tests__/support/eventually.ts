import { setTimeout as sleep } from "node:timers/promises";

/** Stops a hang only, before jest's own limit does: a wait ends at once when its event comes, however slow the machine. */
const LIMIT_MINUTES = 15;
const LOOK_MILLISECONDS = 100;

/** Waits for `ask` to answer with something, and returns that; fails with `what` where it never comes. */
export async function eventually<Result>(
  what: string,
  ask: () => Promise<Result | undefined | false> | Result | undefined | false,
): Promise<Result> {
  const until = performance.now() + LIMIT_MINUTES * 60_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > until) throw new Error(`${what} did not happen within ${LIMIT_MINUTES} minutes`);
    await sleep(LOOK_MILLISECONDS);
  }
}
