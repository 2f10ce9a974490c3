import { DAY_MS } from "../../runtime/clock";

/**
 * Maximum age of an object that is repaired. A message lives 14 days: anything older was finished or is the
 * operator's, and rows of finished files are kept 30 days.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html (2026-11-29)
 */
export const YOUNGEST_FORGOTTEN_MS = 14 * DAY_MS;

/**
 * Returns whether something that waits since `since` is to be announced again in a round at `now`: at the age
 * of the grace time and each time the age has doubled since. A file announced every round although nobody can
 * process it, one that the builder fails on for example, would only fill a dead-letter queue.
 *
 * @param last start of the last round that could announce it; undefined: none could
 */
export function isDue(since: Date, last: Date | undefined, now: Date, graceMs: number): boolean {
  const steps = stepsOf(since, now, graceMs);
  return steps > 0 && (last === undefined || steps > stepsOf(since, last, graceMs));
}

/** Number of the steps grace, 2 × grace, 4 × grace … that have passed. */
function stepsOf(since: Date, now: Date, graceMs: number): number {
  const ratio = (now.getTime() - since.getTime()) / Math.max(graceMs, 1_000);
  return ratio < 1 ? 0 : Math.floor(Math.log2(ratio)) + 1;
}
