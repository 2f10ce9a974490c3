import { finishedTtl } from "../../runtime/manifests/tracking";

/** Minimum time, in milliseconds, that the table remembers a finished file. */
const REMEMBERED_MS = finishedTtl(new Date(0)) * 1_000;

/** Upper bound of the versions that a file gets in that time. */
const STEP = 1_000_000;

/**
 * First revision of a version whose key is not in the table: 1, as long as the table cannot have forgotten
 * the key since the file's date; else above all that the key had then.
 */
export function firstRevision(date: string, now: Date): number {
  const age = Math.max(0, now.getTime() - Date.parse(date));
  return 1 + STEP * Math.floor(age / REMEMBERED_MS);
}
