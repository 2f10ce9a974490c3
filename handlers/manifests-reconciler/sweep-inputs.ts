import { type CurrentVersion, listVersions } from "../../runtime/aws/list-versions";
import { announcement } from "../../runtime/aws/s3-record";
import { Duties } from "../../runtime/duties";
import { inParallel } from "../../runtime/in-parallel";
import { log } from "../../runtime/log";
import { readCursor, saveCursor } from "../../runtime/manifests/control";
import { datasetOf, type TextDataset } from "../../runtime/manifests/text-datasets";
import { isDue, YOUNGEST_FORGOTTEN_MS } from "./due";
import { sendAll, waitingMessages } from "./messages";
import { type ManifestsReconciler, RESERVE_MS, type Repairs } from "./reconciler";
import { dueUnits, type Unit, type UnitCursor, unitsOf } from "./sweep-plan";
import { untracked } from "./untracked";

/** Number of units that are listed concurrently: a page is mostly waiting. */
const UNITS_AT_ONCE = 3;
/** Number of messages from which the queue is behind: then missing files are likely among them. */
const BACKED_UP = 1_000;
const SAVE_EVERY_MS = 10_000;
const SUFFIX = /\.ndjson(\.gz)?$/;

type Cursors = Record<string, UnitCursor>;

/** Sweep of one dataset, and its state to save. */
interface Sweep {
  reconciler: ManifestsReconciler;
  repairs: Repairs;
  dataset: TextDataset;
  cursors: Cursors;
  savedAt: number;
}

/**
 * Announces the input objects that are not in the table, as S3 should have, from where the last invocation
 * stopped and as long as there is time, one page at least. Nothing is announced while the queue is behind.
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
  for (const dataset of reconciler.datasets) {
    await duties.attempt(dataset.name, () => sweepDataset(reconciler, repairs, dataset));
  }
  duties.finish();
}

async function sweepDataset(
  reconciler: ManifestsReconciler,
  repairs: Repairs,
  dataset: TextDataset,
): Promise<void> {
  const { control, clock } = reconciler;
  const now = clock.now();
  const units = unitsOf(dataset, now);
  const known = (await readCursor<Cursors>(control, partOf(dataset))) ?? {};
  const cursors = Object.fromEntries(units.map(({ name }) => [name, known[name] ?? { pages: 0 }]));
  const sweep: Sweep = { reconciler, repairs, dataset, cursors, savedAt: now.getTime() };
  const errors = await inParallel(dueUnits(units, known, now), UNITS_AT_ONCE, (unit) =>
    sweepUnit(sweep, unit),
  );
  await save(sweep);
  if (errors[0]) throw errors[0];
}

/** Continues a unit's round, or begins one, until it ends or the time is short. */
async function sweepUnit(sweep: Sweep, unit: Unit): Promise<void> {
  const { reconciler, cursors, repairs } = sweep;
  const { clock, raw } = reconciler;
  let cursor = cursors[unit.name] ?? { pages: 0 };
  const began = cursor.began ?? clock.now().toISOString();
  let pages = cursor.began ? cursor.pages : 0;
  while (repairs.pages === 0 || reconciler.remainingMs() > RESERVE_MS) {
    repairs.pages += 1;
    const { current, next } = await listVersions(raw, unit.prefix, cursor.marker);
    await announceUnknown(sweep, unit, current, cursor.last);
    pages += 1;
    const last = next ? cursor.last : began;
    cursor = { pages, ...(next ? { began, marker: next } : {}), ...(last ? { last } : {}) };
    cursors[unit.name] = cursor;
    if (!next) return;
    if (clock.now().getTime() - sweep.savedAt > SAVE_EVERY_MS) await save(sweep);
  }
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
      SUFFIX.test(key) &&
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

function partOf({ name }: TextDataset): string {
  return `inputs#${name}`;
}
