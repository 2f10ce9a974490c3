import type { Clock } from "../../runtime/clock";
import { log } from "../../runtime/log";
import { registerUpload, type Upload, type UploadsTable } from "../../runtime/uploads/uploads";
import { readCursor, saveCursor } from "./cursor";
import { listUploads, type RawBucket } from "./list-uploads";
import { unknownUploads } from "./unknown-uploads";

/** Time kept to start a run: a page takes a few seconds at worst, throttled calls included. */
const RESERVE_MS = 30_000;
const WRITES_AT_ONCE = 20;

export interface Sweep {
  uploads: UploadsTable;
  raw: RawBucket;
  clock: Clock;
  /** Age in milliseconds from which an object counts as announced by no event. */
  graceMs: number;
  /** Milliseconds left of the invocation. */
  remainingMs(): number;
}

/**
 * Registers the current versions in the raw bucket that are not in the table, page by page, as long as there
 * is time, one page at least. The next invocation continues at the cursor.
 *
 * @returns how many were registered
 * @throws UnreadKeysError when the table leaves keys unread six times in a row
 */
export async function sweep(context: Sweep): Promise<number> {
  const olderThan = new Date(context.clock.now().getTime() - context.graceMs);
  const start = await readCursor(context.uploads);
  let cursor = start;
  let registered = 0;
  do {
    const page = await listUploads(context.raw, cursor, olderThan);
    registered += await registerUnknown(context, page.uploads);
    if (page.next || cursor) await saveCursor(context.uploads, page.next, context.clock.now());
    cursor = page.next;
  } while (cursor && context.remainingMs() > RESERVE_MS);
  log("info", "swept the raw bucket", { from: start?.keyMarker, to: cursor?.keyMarker, registered });
  return registered;
}

/** Registers unknown uploads; returns how many were new. */
async function registerUnknown({ uploads, clock }: Sweep, found: readonly Upload[]): Promise<number> {
  const unknown = await unknownUploads(uploads, found, clock);
  let registered = 0;
  for (let start = 0; start < unknown.length; start += WRITES_AT_ONCE) {
    const some = unknown.slice(start, start + WRITES_AT_ONCE);
    const registrations = await Promise.all(
      some.map((upload) => registerUpload(uploads, upload, "uploads-reconciler", clock.now())),
    );
    registrations.forEach((registration, index) => {
      if (registration !== "registered") return;
      registered += 1;
      log("warn", "found an upload that no event announced", {
        key: some[index]?.key,
        version: some[index]?.version,
      });
    });
  }
  return registered;
}
