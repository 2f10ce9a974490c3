import { DAY_MS } from "../../runtime/clock";

/**
 * Objects older than this are left alone. A message lives 14 days: what is older was settled or is the operator's,
 * and rows of finished files are kept 30 days.
 */
export const YOUNGEST_FORGOTTEN_MS = 14 * DAY_MS;

/**
 * Whether something that waits since `since` is to be said again in a round at `now`: at the age of the grace time and
 * each time the age has doubled since. What is said every round although nobody can act on it, a file that the builder
 * fails on for one, would only fill a dead-letter queue.
 *
 * @param last begin of the last round that could say it; undefined: none could
 */
export function isDue(since: Date, last: Date | undefined, now: Date, graceMs: number): boolean {
  const steps = stepsOf(since, now, graceMs);
  return steps > 0 && (last === undefined || steps > stepsOf(since, last, graceMs));
}

/** How many of grace, 2 × grace, 4 × grace … have passed. */
function stepsOf(since: Date, now: Date, graceMs: number): number {
  const ratio = (now.getTime() - since.getTime()) / Math.max(graceMs, 1_000);
  return ratio < 1 ? 0 : Math.floor(Math.log2(ratio)) + 1;
}
