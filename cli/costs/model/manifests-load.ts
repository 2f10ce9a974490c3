import { type Environment, MONTH_HOURS } from "../../../environments/schema";
import { workOf } from "./cost";
import { PAGE_SECONDS, POLLERS } from "./measured";

const MONTH_SECONDS = MONTH_HOURS * 3600;
const DAY_SECONDS = 86_400;
/** Objects that S3 lists in a page. */
export const PAGE_OBJECTS = 1000;

/**
 * Files of a manifest on average: until the batch is full, or as many as a poller gathers in its window, for Lambda begins
 * with five of them.
 */
export function filesPerManifest(environment: Environment): number {
  const { eventSource, maximumFiles, maximumMegabytes } = environment.manifests;
  const { filesPerHour, megabytesPerFile } = workOf(environment, "manifests");
  const gathered = ((filesPerHour / 3600) * eventSource.windowSeconds) / POLLERS;
  const most = Math.min(eventSource.batchSize, maximumFiles, maximumMegabytes / (megabytesPerFile || 1));
  return Math.max(1, Math.floor(Math.min(most, gathered)));
}

/** Manifests of a month. */
export function manifestsOf(environment: Environment): number {
  return workOf(environment, "manifests").files / filesPerManifest(environment);
}

/** Part of the keys that `manifests-reconciler` lists as one. */
interface Part {
  readonly objects: number;
  /** Seconds from the start of a round to that of the next for each page of it, up to the longest. */
  readonly pace: { readonly page: number; readonly longest: number };
  /** Share of its rows that are compared. */
  readonly compared: number;
}

/** What is listed and compared a month. */
export interface Sweep {
  readonly pages: number;
  readonly objects: number;
  /** Rows. */
  readonly compared: number;
}

/** What `manifests-reconciler` does a month. */
export interface Sweeps {
  readonly hot: Sweep;
  readonly warm: Sweep;
  readonly rest: Sweep;
  readonly together: Sweep;
  readonly seconds: number;
  /** Whether there is more to list than one invocation at a time can. */
  readonly isBusy: boolean;
}

/** As in handlers/manifests-reconciler/sweep-plan.ts. */
const PACES = {
  hot: { page: 0.5, longest: 45 * 60 },
  warm: { page: 15, longest: DAY_SECONDS },
  rest: { page: 60, longest: 6 * DAY_SECONDS },
} as const;
const WARM_DATES = 13;
const COMPARED_DAYS = 14;

/**
 * Counts what is listed by the pace of each part: today and yesterday, the other dates of two weeks, and all that is kept,
 * for one month of input. It is no more than the function can when it never rests; then the hot dates take longer.
 */
export function sweepsOf(environment: Environment): Sweeps {
  const { files } = workOf(environment, "manifests");
  const pause = environment.manifests.reconcile.rateMinutes * 60;
  const days = MONTH_HOURS / 24;
  const date = { objects: files / days, compared: 1 };
  const sweep = (part: Part) => sweepOf(part, pause);
  const wanted = [date, { ...date, objects: date.objects / 2 }].map((part) =>
    sweep({ ...part, pace: PACES.hot }),
  );
  const warm = times(sweep({ ...date, pace: PACES.warm }), WARM_DATES);
  const rest = sweep({ objects: files, pace: PACES.rest, compared: Math.min(1, COMPARED_DAYS / days) });
  const most = MONTH_SECONDS / PAGE_SECONDS - warm.pages - rest.pages;
  const all = together(wanted);
  const hot = times(all, Math.min(1, most / all.pages));
  const sum = together([hot, warm, rest]);
  return { hot, warm, rest, together: sum, seconds: sum.pages * PAGE_SECONDS, isBusy: all.pages > most };
}

function sweepOf({ objects, pace, compared }: Part, pause: number): Sweep {
  const pages = Math.max(1, Math.ceil(objects / PAGE_OBJECTS));
  const rounds = MONTH_SECONDS / Math.max(pause, Math.min(pace.longest, pages * pace.page));
  return { pages: pages * rounds, objects: objects * rounds, compared: objects * rounds * compared };
}

function times({ pages, objects, compared }: Sweep, factor: number): Sweep {
  return { pages: pages * factor, objects: objects * factor, compared: compared * factor };
}

function together(sweeps: readonly Sweep[]): Sweep {
  const sum = (name: keyof Sweep) => sweeps.reduce((total, sweep) => total + sweep[name], 0);
  return { pages: sum("pages"), objects: sum("objects"), compared: sum("compared") };
}
