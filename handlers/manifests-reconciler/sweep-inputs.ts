import { type CurrentVersion, listVersions } from "../../runtime/aws/list-versions";
import { announcement, isFolderMarker } from "../../runtime/aws/s3-record";
import { Duties } from "../../runtime/duties";
import { inParallel } from "../../runtime/in-parallel";
import { log } from "../../runtime/log";
import { readCursor, saveCursor } from "../../runtime/manifests/control";
import { datasetOf, type ManifestsDataset } from "../../runtime/manifests/datasets";
import { isDue, YOUNGEST_FORGOTTEN_MS } from "./due";
import { sendAll, waitingMessages } from "./messages";
import { type ManifestsReconciler, RESERVE_MS, type Repairs } from "./reconciler";
import { dueUnits, type Unit, type UnitCursor, unitsOf } from "./sweep-plan";
import { untracked } from "./untracked";

/** Number of units that are listed concurrently: a page is mostly waiting. */
const UNITS_AT_ONCE = 3;
const PAGES_A_TURN = 8;
/** Number of messages from which the queue is behind: then missing files are likely among them. */
const BACKED_UP = 1_000;
const SAVE_EVERY_MS = 10_000;

type Cursors = Record<string, UnitCursor>;

/** Sweep of one dataset, and its state to save. */
interface Sweep {
  reconciler: ManifestsReconciler;
  repairs: Repairs;
  dataset: ManifestsDataset;
  cursors: Cursors;
  savedAt: number;
  /** Units that still have pages for this invocation. */
  units: Unit[];
  errors: Error[];
}

/**
 * Announces the input objects that are not in the table, as S3 should have, from where the last invocation
 * stopped: one page of each unit that is due at least, whatever the time, then a few pages of each in turn as
 * long as there is time. So neither a date nor a dataset of millions of objects keeps another one waiting.
 * Nothing is announced while the queue is behind.
 *
 * @throws DutiesFailedError at the end, naming the datasets that failed
 */
export async function sweepInputs(reconciler: ManifestsReconciler, repairs: Repairs): Promise<void> {
  const waiting = await waitingMessages(reconciler.inputsQueue);
  if (waiting > BACKED_UP) {
    log("warn", "left the inputs alone, for their queue is behind", { waiting });
    return;
  }
  const duties = new Duties();
  const sweeps: Sweep[] = [];
  for (const dataset of reconciler.datasets) {
    const sweep = await duties.attempt(dataset.name, () => begin(reconciler, repairs, dataset));
    if (sweep) sweeps.push(sweep);
  }
  const hasTime = () => reconciler.remainingMs() > RESERVE_MS;
  await takeTurns(sweeps, (pages) => pages < 1);
  while (sweeps.some(({ units }) => units.length > 0) && hasTime()) {
    await takeTurns(sweeps, (pages) => pages < PAGES_A_TURN && hasTime());
  }
  for (const sweep of sweeps) await duties.attempt(sweep.dataset.name, () => finish(sweep));
  duties.finish();
}

async function begin(
  reconciler: ManifestsReconciler,
  repairs: Repairs,
  dataset: ManifestsDataset,
): Promise<Sweep> {
  const { control, clock } = reconciler;
  const now = clock.now();
  const all = unitsOf(dataset, now);
  const known = (await readCursor<Cursors>(control, partOf(dataset))) ?? {};
  const cursors = Object.fromEntries(all.map(({ name }) => [name, known[name] ?? { pages: 0 }]));
  const units = dueUnits(all, known, now);
  return { reconciler, repairs, dataset, cursors, savedAt: now.getTime(), units, errors: [] };
}

/** Tells whether a turn may take another page after so many. */
type MayTake = (pages: number) => boolean;

/** Gives each unit its turn; those that end or fail are left out of the next ones. */
async function takeTurns(sweeps: readonly Sweep[], mayTake: MayTake): Promise<void> {
  const turns = sweeps.flatMap((sweep) => sweep.units.map((unit) => ({ sweep, unit })));
  for (const sweep of sweeps) sweep.units = [];
  await inParallel(turns, UNITS_AT_ONCE, async ({ sweep, unit }) => {
    try {
      if (await takeTurn(sweep, unit, mayTake)) sweep.units.push(unit);
    } catch (error) {
      sweep.errors.push(error as Error);
    }
  });
}

/** Continues a unit's round, or begins one; returns whether there is more of it. */
async function takeTurn(sweep: Sweep, unit: Unit, mayTake: MayTake): Promise<boolean> {
  for (let pages = 0; mayTake(pages); pages++) {
    if (!(await takePage(sweep, unit))) return false;
  }
  return true;
}

/** Lists one page of a unit; returns whether there is another. */
async function takePage(sweep: Sweep, unit: Unit): Promise<boolean> {
  const { reconciler, cursors, repairs } = sweep;
  const { clock, raw } = reconciler;
  const cursor = cursors[unit.name] ?? { pages: 0 };
  const began = cursor.began ?? clock.now().toISOString();
  repairs.pages += 1;
  const { current, next } = await listVersions(raw, unit.prefix, cursor.marker);
  await announceUnknown(sweep, unit, current, cursor.last);
  const pages = (cursor.began ? cursor.pages : 0) + 1;
  const last = next ? cursor.last : began;
  cursors[unit.name] = { pages, ...(next ? { began, marker: next } : {}), ...(last ? { last } : {}) };
  if (next && clock.now().getTime() - sweep.savedAt > SAVE_EVERY_MS) await save(sweep);
  return next !== undefined;
}

async function finish(sweep: Sweep): Promise<void> {
  await save(sweep);
  if (sweep.errors[0]) throw sweep.errors[0];
}

async function announceUnknown(
  { reconciler, repairs, dataset }: Sweep,
  unit: Unit,
  current: readonly CurrentVersion[],
  last: string | undefined,
): Promise<void> {
  const { tracking, clock, raw, inputsQueue, datasets, graceMs } = reconciler;
  const now = clock.now();
  const due = current.filter(
    ({ key, lastModified }) =>
      !isFolderMarker(key) &&
      datasetOf(datasets, key) === dataset &&
      now.getTime() - lastModified.getTime() < YOUNGEST_FORGOTTEN_MS &&
      isDue(lastModified, last === undefined ? undefined : new Date(last), now, graceMs),
  );
  const unknown = await untracked(tracking, clock, due);
  repairs.compared += due.length;
  if (unknown.length === 0) return;
  log("warn", "announced files that no event did", {
    unit: unit.name,
    files: unknown.length,
    key: unknown[0]?.key,
  });
  const messages = unknown.map(({ key, version, size, lastModified }) =>
    announcement(
      { bucket: raw.name, key, version, size, uploadedAt: lastModified.toISOString() },
      "Reconciled",
    ),
  );
  await sendAll(inputsQueue, clock, messages);
  repairs.announced += unknown.length;
}

async function save(sweep: Sweep): Promise<void> {
  const { control, clock } = sweep.reconciler;
  sweep.savedAt = clock.now().getTime();
  await saveCursor(control, partOf(sweep.dataset), sweep.cursors, clock.now());
}

function partOf({ name }: ManifestsDataset): string {
  return `inputs#${name}`;
}
