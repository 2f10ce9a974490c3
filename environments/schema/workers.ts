/** Sizes of the jobs: profiles, and what an environment and a job of it say otherwise. */
import { z } from "zod";
import { FEWEST_WORKERS, MOST_WORKERS } from "../../runtime/glue-runs";
import {
  type ExecutionClass,
  type JobCommand,
  WORKERS,
  type WorkerType,
  workerTypesOf,
} from "../../runtime/glue-workers";
import { choice, whole } from "./kinds";
import type { Lookup } from "./rule";

/** Size of a run. */
export interface RunSize {
  readonly type: WorkerType;
  /** Workers at the start, the driver's included. */
  readonly number: number;
  /** Workers at most; above `number`, Glue's auto scaling adds them. */
  readonly maximum: number;
  readonly executionClass: ExecutionClass;
  /** Cores that each task has, and so the memory of as many. */
  readonly coresOfTask: number;
}

export interface WorkerProfile extends RunSize {
  /** When to take it, for docs/jobs.md. */
  readonly when: string;
}

const PLAIN = { executionClass: "STANDARD", coresOfTask: 1 } as const;

/** Sizes by name, as they are where an environment says nothing else. */
export const WORKER_PROFILES = {
  small: {
    ...PLAIN,
    type: "G.1X",
    number: 2,
    maximum: 2,
    when: "the least that Glue gives: up to some GB a run, or a job that mostly waits",
  },
  medium: {
    ...PLAIN,
    type: "G.1X",
    number: 5,
    maximum: 10,
    when: "tens of GB a run, in many files that workers can share",
  },
  large: {
    ...PLAIN,
    type: "G.2X",
    number: 10,
    maximum: 20,
    when: "hundreds of GB a run, or a backfill",
  },
  "memory-intensive": {
    type: "G.4X",
    number: 2,
    maximum: 5,
    executionClass: "STANDARD",
    coresOfTask: 2,
    when: "tasks that are killed for want of memory: each has two cores, and so twice the memory",
  },
  flexible: {
    type: "G.1X",
    number: 5,
    maximum: 10,
    executionClass: "FLEX",
    coresOfTask: 1,
    when: "work that may begin late and be done again: spare capacity, for a third less; no stream",
  },
  streaming: {
    ...PLAIN,
    type: "G.1X",
    number: 2,
    maximum: 2,
    when: "a stream; a light one takes G.025X, which has a quarter of the DPU",
  },
} as const satisfies Readonly<Record<string, WorkerProfile>>;

export type ProfileName = keyof typeof WORKER_PROFILES;
export const PROFILES = Object.keys(WORKER_PROFILES) as ProfileName[];

/** What an environment says otherwise of a profile. */
const override = z.strictObject({
  type: choice(Object.keys(WORKERS) as WorkerType[], { description: "" }).optional(),
  number: whole(FEWEST_WORKERS, MOST_WORKERS, "workers", { description: "" }).optional(),
  maximum: whole(FEWEST_WORKERS, MOST_WORKERS, "workers", { description: "" }).optional(),
});

export const profiles = z.partialRecord(z.enum(PROFILES), override).meta({
  description: "What this environment says otherwise of the worker profiles, which docs/jobs.md lists.",
});

/** Words for one job in the descriptions of its settings. */
interface Words {
  readonly job: string;
  readonly number: string;
}

/** Settings of a job's workers but their maximum. */
export function workerSettings(command: JobCommand, words: Words, most = MOST_WORKERS) {
  return z.strictObject({
    profile: choice(PROFILES, {
      description: `Size of ${words.job}, by a worker profile; what \`type\` and the numbers say comes before it.`,
    }).default(command === "glueetl" ? "small" : "streaming"),
    type: choice(workerTypesOf(command), {
      description: `Kind of Glue worker of ${words.job}; G.1X is 1 DPU: 4 cores and 16 GB. Absent: the profile's.`,
    }).optional(),
    number: whole(FEWEST_WORKERS, most, "workers", {
      description: `${words.number} Absent: the profile's.`,
    }).optional(),
  });
}

/** Maximum of a job's workers. */
export function maximumWorkers(description: string) {
  return whole(FEWEST_WORKERS, MOST_WORKERS, "workers", {
    description: `${description} Absent: the profile's.`,
  }).optional();
}

/** Workers of a job as its settings and its profile have them. */
export interface Workers extends RunSize {
  readonly profile: ProfileName;
}

/** Looks up the workers of a job at `path`, as `ledger.batch.workers`, by its settings, the environment's and the profile. */
export function workersAt(value: Lookup, path: string): Workers {
  const profile = value(`${path}.profile`) as ProfileName;
  const base: RunSize = WORKER_PROFILES[profile];
  const said = (field: keyof RunSize) =>
    value(`${path}.${field}`) ?? value(`glue.profiles.${profile}.${field}`);
  return {
    profile,
    type: (said("type") as WorkerType | undefined) ?? base.type,
    number: (said("number") as number | undefined) ?? base.number,
    maximum: (said("maximum") as number | undefined) ?? base.maximum,
    executionClass: base.executionClass,
    coresOfTask: base.coresOfTask,
  };
}

/** Groups of settings with the workers of a job. */
export const WORKER_GROUPS = ["uploads.workers", "manifests.workers", "ledger.batch.workers"] as const;

/** Workers of the lister: the driver alone lists, and Glue gives no fewer. */
export const LISTER_WORKERS: RunSize = WORKER_PROFILES.small;
