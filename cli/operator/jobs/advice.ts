/** What the use of a job's slots and memory says about its size. */
import type { RunSize } from "../../../environments/schema/workers";
import { FEWEST_WORKERS, MOST_WORKERS } from "../../../runtime/glue-runs";
import { type JobCommand, WORKERS, workerTypesOf } from "../../../runtime/glue-workers";
import { costOf, DPUS } from "../../../runtime/prices/glue";

/** Share of the slots' time in which tasks are to be at work, and of a slot's memory that one may take. */
export const TARGET_UTILIZATION = 0.8;
/** Share from which on slots count as always busy: tasks wait for them. */
const FULL = 0.95;
/** Time that a run of the class FLEX may wait for its workers. */
const FLEX_WAIT_SECONDS = 1200;
/** Size for tasks that want memory, whose number follows. */
const MEMORY_INTENSIVE = { type: "G.4X", coresOfTask: 2, executionClass: "STANDARD" } as const;

/** What some runs of a job took, all of one size. */
export interface JobUse {
  readonly command: JobCommand;
  readonly size: RunSize;
  /** Workers on average, the driver's included. */
  readonly workers: number;
  /** Data processing units times seconds, as Glue bills them. */
  readonly dpuSeconds: number;
  /** Seconds of all slots, and those in which a task was at work. */
  readonly slotSeconds: number;
  readonly busySeconds: number;
  /** Tasks whose worker died. */
  readonly killed: number;
  /** Most memory that the process of a slot took. */
  readonly peakMebibytes: number;
  /** Shortest time between the end of a run and the start of the next; absent with fewer than two runs. */
  readonly pauseSeconds?: number;
}

export interface Advice {
  readonly finding: "too many workers" | "too few workers" | "memory pressure" | "FLEX would do";
  readonly size: RunSize;
  /** Dollars that the same work would have cost less; negative where it would have cost more. */
  readonly savedDollars: number;
}

/** Share of the slots' time in which a task was at work. */
export function utilizationOf({ busySeconds, slotSeconds }: JobUse): number {
  return slotSeconds === 0 ? 0 : busySeconds / slotSeconds;
}

/** Memory of a slot in MiB: that of its cores. */
export function slotMebibytes({ type, coresOfTask }: RunSize): number {
  return (WORKERS[type].memoryGigabytes / WORKERS[type].cores) * coresOfTask * 1024;
}

/** Cost of the runs in dollars, at list price. */
export function dollarsOf({ dpuSeconds, size }: JobUse): number {
  return costOf(dpuSeconds, size.executionClass);
}

/** Advises about memory, for workers that lack it say nothing else, or about the number of workers and their class. */
export function adviceOn(use: JobUse): Advice[] {
  if (use.killed > 0 || use.peakMebibytes > TARGET_UTILIZATION * slotMebibytes(use.size))
    return onMemory(use);
  return [...onWorkers(use), ...onClass(use)];
}

function onMemory(use: JobUse): Advice[] {
  if (slotMebibytes(use.size) >= slotMebibytes({ ...use.size, ...MEMORY_INTENSIVE })) return [];
  const slots = busySlots(use) / TARGET_UTILIZATION;
  const { cores } = WORKERS[MEMORY_INTENSIVE.type];
  const number = within(1 + Math.ceil((slots * MEMORY_INTENSIVE.coresOfTask) / cores));
  const size = { ...use.size, ...MEMORY_INTENSIVE, number, maximum: number };
  return [{ finding: "memory pressure", size, savedDollars: saved(use, size, number) }];
}

function onWorkers(use: JobUse): Advice[] {
  const { size, workers } = use;
  const utilization = utilizationOf(use);
  const wanted = within(1 + Math.ceil(((workers - 1) * utilization) / TARGET_UTILIZATION));
  const isScaled = size.maximum > size.number;
  if (utilization >= FULL && wanted > size.maximum) {
    const more = { ...size, number: isScaled ? size.number : wanted, maximum: wanted };
    return [{ finding: "too few workers", size: more, savedDollars: saved(use, more, wanted) }];
  }
  if (utilization < TARGET_UTILIZATION && wanted < size.number) {
    const fewer = { ...size, number: wanted, maximum: isScaled ? size.maximum : wanted };
    return [{ finding: "too many workers", size: fewer, savedDollars: saved(use, fewer, wanted) }];
  }
  return [];
}

/** Runs that are far enough from the next one may wait for spare capacity. */
function onClass(use: JobUse): Advice[] {
  const { size, command, workers, pauseSeconds = 0 } = use;
  const hasFlex = size.executionClass !== "FLEX" && workerTypesOf(command, "FLEX").includes(size.type);
  if (command !== "glueetl" || !hasFlex || pauseSeconds < FLEX_WAIT_SECONDS) return [];
  const flex: RunSize = { ...size, executionClass: "FLEX" };
  return [{ finding: "FLEX would do", size: flex, savedDollars: saved(use, flex, workers) }];
}

/** Slots that are at work on average. */
function busySlots({ size, workers, ...use }: JobUse): number {
  const slots = ((workers - 1) * WORKERS[size.type].cores) / size.coresOfTask;
  return slots * utilizationOf({ size, workers, ...use });
}

function within(workers: number): number {
  return Math.min(Math.max(workers, FEWEST_WORKERS), MOST_WORKERS);
}

/**
 * Dollars that the same work costs less on so many workers. Fewer take the time that there was; more, where none was
 * free, end a batch run sooner, and a stream never.
 */
function saved(use: JobUse, size: RunSize, number: number): number {
  const { workers, command, dpuSeconds } = use;
  const [before, after] = [use.size, size].map(({ type }) => DPUS[type] ?? 0) as [number, number];
  const isSooner = command === "glueetl" && size.type === use.size.type && number > workers;
  const time = isSooner ? (workers - 1) / (number - 1) : 1;
  const then = ((dpuSeconds * number * after) / (workers * before)) * time;
  return dollarsOf(use) - costOf(then, size.executionClass);
}
