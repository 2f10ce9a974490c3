import { setTimeout as sleep } from "node:timers/promises";

/**
 * Limit that only stops a hang, before jest's own does: a wait ends immediately when its event comes, however
 * slow the machine.
 */
const LIMIT_MINUTES = 10;
const LOOK_MILLISECONDS = 100;

/** Waits until `ask` resolves to something, and returns that; fails with `what` where it never does. */
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
