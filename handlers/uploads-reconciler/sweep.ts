import type { Clock } from "../../runtime/clock";
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
 * long as there is time, one page of each at least: a prefix of millions of objects keeps no other waiting.
 * The next invocation continues at the cursors.
 *
 * @returns how many were registered
 * @throws UnreadKeysError when the table leaves keys unread six times in a row
 */
export async function sweep(context: Sweep): Promise<number> {
  const { raw, uploads, clock } = context;
  const olderThan = new Date(clock.now().getTime() - context.graceMs);
  const turns: Turn[] = [];
  for (const prefix of raw.prefixes) {
    const from = await readCursor(uploads, prefix);
    turns.push({ prefix, from, cursor: from, registered: 0 });
  }
  for (const turn of turns) await sweepPage(context, turn, olderThan);
  for (let left = goingOn(turns); left.length > 0; left = goingOn(left)) {
    for (const turn of left) {
      if (context.remainingMs() <= RESERVE_MS) return report(turns);
      await sweepPage(context, turn, olderThan);
    }
  }
  return report(turns);
}

function goingOn(turns: readonly Turn[]): Turn[] {
  return turns.filter(({ cursor }) => cursor !== undefined);
}

async function sweepPage(context: Sweep, turn: Turn, olderThan: Date): Promise<void> {
  const { raw, uploads, clock } = context;
  const { prefix, cursor } = turn;
  const page = await listUploads(raw, prefix, cursor, olderThan);
  turn.registered += await registerUnknown(context, page.uploads);
  if (page.next || cursor) await saveCursor(uploads, prefix, page.next, clock.now());
  turn.cursor = page.next;
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
