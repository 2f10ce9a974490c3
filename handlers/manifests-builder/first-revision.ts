import { finishedTtl } from "../../runtime/manifests/tracking";

/** Milliseconds that the table remembers a finished file for, at least. */
const REMEMBERED_MS = finishedTtl(new Date(0)) * 1_000;

/** More versions than a file gets in that time. */
const STEP = 1_000_000;

/**
 * Revision of a version whose key the table does not know: 1, as long as it cannot have forgotten the key since the
 * file's date; else above all that the key had then.
 */
export function firstRevision(date: string, now: Date): number {
  const age = Math.max(0, now.getTime() - Date.parse(date));
  return 1 + STEP * Math.floor(age / REMEMBERED_MS);
}
