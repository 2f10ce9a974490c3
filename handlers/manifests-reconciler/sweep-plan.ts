/** Which part of a dataset's inputs is listed when. */
import type { VersionMarker } from "../../runtime/aws/list-versions";
import { DAY_MS, MINUTE_MS } from "../../runtime/clock";
import type { TextDataset } from "../../runtime/manifests/text-datasets";

/** A part of a dataset's keys that is listed as one: those of a date, or all, for what the dates leave out. */
export interface Unit {
  /** `yyyy-mm-dd` or `rest`. */
  name: string;
  prefix: string;
  pace: Pace;
}

/** A round begins so long after the one before: for each page that one had, up to the longest. */
interface Pace {
  pageMs: number;
  longestMs: number;
}

/** Where files arrive: a round is through within an hour. */
const HOT: Pace = { pageMs: 500, longestMs: 45 * MINUTE_MS };
/** The other dates of 14 days: daily. */
const WARM: Pace = { pageMs: 15_000, longestMs: DAY_MS };
/** Everything, for late files with older dates and for other names: twice within 14 days. */
const REST: Pace = { pageMs: 60_000, longestMs: 6 * DAY_MS };

/** What is remembered of a unit. Times are ISO-8601. */
export interface UnitCursor {
  /** Of the round that is under way; absent: none is. */
  began?: string;
  marker?: VersionMarker;
  /** Pages so far in the round under way, else in the last one. */
  pages: number;
  /** Begin of the last round that came to its end. */
  last?: string;
}

/** The dates from two weeks ago to tomorrow, each by its prefix, and all the rest. The dates come newest first. */
export function unitsOf({ prefix, from }: TextDataset, now: Date): Unit[] {
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
 * Units to work on, in the order in which they are: the hot ones, then the others by how long ago their last round
 * began. A round under way goes on; a new one begins when its pace says so.
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
