import { hasEnded, type JobRun } from "./run";
import type { Condition, Trigger } from "./trigger-store";

/**
 * What one firing of a starting trigger brings: the runs that it starts, and those that follow from their ends. Only runs
 * of one chain are the conditions of its triggers, each of which fires once at most.
 */
export class Chain {
  /** By the id of the first attempt: the newest attempt. */
  private readonly newest = new Map<string, JobRun>();
  private readonly fired = new Set<string>();
  /** Actions that could not be started. */
  errored = 0;

  /** @param workflow whose triggers it follows; none: those of no workflow */
  constructor(readonly workflow?: string) {}

  get runs(): JobRun[] {
    return [...this.newest.values()];
  }

  get isOver(): boolean {
    return this.runs.every(hasEnded);
  }

  add(run: JobRun): void {
    this.newest.set(firstAttemptOf(run), run);
  }

  /** Whether a trigger's turn has come by the end of `run`; it comes once. */
  takes(trigger: Trigger, run: JobRun): boolean {
    const { Conditions = [], Logical = "AND" } = trigger.Predicate ?? {};
    if (trigger.State !== "ACTIVATED" || this.fired.has(trigger.Name)) return false;
    const holds =
      Logical === "ANY"
        ? Conditions.some((condition) => isMet(condition, run))
        : Conditions.some((condition) => isMet(condition, run)) &&
          Conditions.every((condition) => this.runs.some((each) => isMet(condition, each)));
    if (holds) this.fired.add(trigger.Name);
    return holds;
  }
}

/** The id that all attempts of one run share. */
export function firstAttemptOf({ Id }: JobRun): string {
  return Id.replace(/_attempt_\d+$/, "");
}

function isMet({ JobName, State }: Condition, run: JobRun): boolean {
  return run.JobName === JobName && run.JobRunState === State;
}
