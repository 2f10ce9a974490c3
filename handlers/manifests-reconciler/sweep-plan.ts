/** Schedule by which the parts of a dataset's inputs are listed. */
import type { VersionMarker } from "../../runtime/aws/list-versions";
import { DAY_MS, MINUTE_MS } from "../../runtime/clock";
import type { ManifestsDataset } from "../../runtime/manifests/datasets";

/** A part of a dataset's keys that is listed as one: those of a date, or all, for what the dates leave out. */
export interface Unit {
  /** Name: `yyyy-mm-dd` or `rest`. */
  name: string;
  prefix: string;
  pace: Pace;
}

/** Pause between the starts of two rounds: so long for each page of the earlier one, up to the longest. */
interface Pace {
  pageMs: number;
  longestMs: number;
}

/** Pace where files arrive: a round is completed within an hour. */
const HOT: Pace = { pageMs: 500, longestMs: 45 * MINUTE_MS };
/** Pace of the other dates of 14 days: daily. */
const WARM: Pace = { pageMs: 15_000, longestMs: DAY_MS };
/** Pace of everything, for late files with older dates and for other names: twice within 14 days. */
const REST: Pace = { pageMs: 60_000, longestMs: 6 * DAY_MS };

/** Saved state of a unit. Times are ISO 8601. */
export interface UnitCursor {
  /** Start of the round in progress; absent: none. */
  began?: string;
  marker?: VersionMarker;
  /** Number of pages of the round in progress so far, else of the last one. */
  pages: number;
  /** Start of the last round that was completed. */
  last?: string;
}

/**
 * Units of a dataset: the dates from two weeks ago to tomorrow, newest first, each by its prefix, and all the
 * rest.
 */
export function unitsOf({ prefix, from }: ManifestsDataset, now: Date): Unit[] {
  const dates = Array.from({ length: 16 }, (_, index) => ({
    date: new Date(now.getTime() + (1 - index) * DAY_MS).toISOString().slice(0, 10),
    pace: index < 3 ? HOT : WARM,
  }));
  return [
    ...dates
      .filter(({ date }) => date >= from)
      .map(({ date, pace }) => ({ name: date, prefix: `${prefix}${date}-`, pace })),
    { name: "rest", prefix, pace: REST },
  ];
}

/**
 * Units to work on, in their order: the hot ones, then the others by the start of their last round. A round
 * in progress continues; a new one begins when its pace allows it.
 */
export function dueUnits(
  units: readonly Unit[],
  cursors: Readonly<Record<string, UnitCursor>>,
  now: Date,
): Unit[] {
  const due = units.filter((unit) => isDue(unit, cursors[unit.name], now));
  const rank = ({ name, pace }: Unit) => (pace === HOT ? "" : (cursors[name]?.last ?? "0"));
  return due.sort((one, other) => (rank(one) < rank(other) ? -1 : rank(one) > rank(other) ? 1 : 0));
}

function isDue({ pace }: Unit, cursor: UnitCursor | undefined, now: Date): boolean {
  if (!cursor?.last || cursor.began) return true;
  const wait = Math.min(pace.longestMs, cursor.pages * pace.pageMs);
  return now.getTime() - Date.parse(cursor.last) >= wait;
}
