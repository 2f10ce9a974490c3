import type { Clock } from "../../runtime/clock";
import type { Duties } from "../../runtime/duties";
import { log } from "../../runtime/log";
import { registerUpload, type Upload, type UploadsTable } from "../../runtime/uploads/uploads";
import { type Cursor, readCursor, saveCursor } from "./cursor";
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

/** Sweep of one prefix. */
interface Turn {
  readonly prefix: string;
  readonly from: Cursor | undefined;
  /** Where it goes on; undefined at its beginning and its end. */
  cursor: Cursor | undefined;
  registered: number;
}

/**
 * Registers the current versions in the raw bucket that are not in the table, a page of each prefix in turn, as
 * long as there is time, one page of each at least: neither a prefix of millions of objects nor one that fails
 * keeps another waiting. Each prefix is a duty. The next invocation continues at the cursors.
 *
 * @returns how many were registered
 */
export async function sweep(context: Sweep, duties: Duties): Promise<number> {
  const { raw, uploads, clock } = context;
  const olderThan = new Date(clock.now().getTime() - context.graceMs);
  const attempt = <T>(prefix: string, run: () => Promise<T>) => duties.attempt(`sweep ${prefix}`, run);
  const turns: Turn[] = [];
  for (const prefix of raw.prefixes) {
    const turn = await attempt(prefix, async () => {
      const from = await readCursor(uploads, prefix);
      return { prefix, from, cursor: from, registered: 0 };
    });
    if (turn) turns.push(turn);
  }
  let left = turns;
  for (let isFirst = true; left.length > 0; isFirst = false) {
    const goingOn: Turn[] = [];
    for (const turn of left) {
      if (!isFirst && context.remainingMs() <= RESERVE_MS) return report(turns);
      if (await attempt(turn.prefix, () => sweepPage(context, turn, olderThan))) goingOn.push(turn);
    }
    left = goingOn;
  }
  return report(turns);
}

/**
 * Sweeps one page; returns whether there is another.
 *
 * @throws UnreadKeysError when the table leaves keys unread six times in a row
 */
async function sweepPage(context: Sweep, turn: Turn, olderThan: Date): Promise<boolean> {
  const { raw, uploads, clock } = context;
  const { prefix, cursor } = turn;
  const page = await listUploads(raw, prefix, cursor, olderThan);
  turn.registered += await registerUnknown(context, page.uploads);
  if (page.next || cursor) await saveCursor(uploads, prefix, page.next, clock.now());
  turn.cursor = page.next;
  return page.next !== undefined;
}

function report(turns: readonly Turn[]): number {
  for (const { prefix, from, cursor, registered } of turns) {
    log("info", "swept a prefix", { prefix, from: from?.keyMarker, to: cursor?.keyMarker, registered });
  }
  return turns.reduce((sum, { registered }) => sum + registered, 0);
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
