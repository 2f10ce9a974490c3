import { hasEnded, type JobRun } from "./run";
import type { Condition, Trigger } from "./trigger-store";

/**
 * Chain of runs from one firing of a starting trigger: the runs that it starts, and those that follow from
 * their ends. Only runs of one chain are the conditions of its triggers, each of which fires at most once.
 */
export class Chain {
  /** Newest attempt, by the id of the first one. */
  private readonly newest = new Map<string, JobRun>();
  private readonly fired = new Set<string>();
  /** Actions that could not be started. */
  errored = 0;

  /**
   * Begins a chain.
   *
   * @param workflow whose triggers it follows; none: those of no workflow
   */
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

  /** Returns whether a trigger is due after the end of `run`; it is due once. */
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
