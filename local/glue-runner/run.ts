import { randomBytes } from "node:crypto";
import type { Job } from "./job-store";
import { type JsonObject, now } from "./protocol";

/** `EXPIRED`: a streaming run that Glue ended in its maintenance window. */
export type EndState = "SUCCEEDED" | "FAILED" | "STOPPED" | "TIMEOUT" | "EXPIRED";

export type RunState = "STARTING" | "RUNNING" | "STOPPING" | EndState;

/** Attempt to run a job, with the field names of Glue's API. Times are seconds since 1970. */
export interface JobRun extends JsonObject {
  readonly Id: string;
  readonly Attempt: number;
  readonly PreviousRunId?: string;
  readonly JobName: string;
  /** The trigger that started it, if one did. */
  readonly TriggerName?: string;
  /** The job's default arguments, overlaid by the run's own. */
  readonly Arguments: Readonly<Record<string, string>>;
  readonly StartedOn: number;
  /** Minutes. */
  readonly Timeout: number;
  readonly LogGroupName: string;
  JobRunState: RunState;
  LastModifiedOn: number;
  CompletedOn?: number;
  /** Seconds. */
  ExecutionTime: number;
  ErrorMessage?: string;
}

/** The fields of a StartJobRun that override the job's own. */
const OVERRIDES = [
  "ExecutionClass",
  "GlueVersion",
  "MaintenanceWindow",
  "MaxCapacity",
  "NotificationProperty",
  "NumberOfWorkers",
  "SecurityConfiguration",
  "Timeout",
  "WorkerType",
];
const LOG_GROUP_PREFIX = "/aws-glue/jobs";

/** The first attempt that a StartJobRun asks for. */
export function firstRun(job: Job, request: JsonObject): JobRun {
  return newRun(job, request, `jr_${randomBytes(32).toString("hex")}`, { Attempt: 0 });
}

/** The attempt after a failed one. */
export function retryOf(job: Job, request: JsonObject, failed: JobRun): JobRun {
  const attempt = failed.Attempt + 1;
  const id = `${failed.Id.replace(/_attempt_\d+$/, "")}_attempt_${attempt}`;
  return newRun(job, request, id, { Attempt: attempt, PreviousRunId: failed.Id });
}

function newRun(job: Job, request: JsonObject, id: string, attempt: JsonObject): JobRun {
  const chosen = Object.fromEntries(
    OVERRIDES.map((name) => [name, request[name] ?? job[name]]).filter(([, value]) => value !== undefined),
  );
  const runArguments = {
    ...job.DefaultArguments,
    ...(request["Arguments"] as Record<string, string> | undefined),
    ...job.NonOverridableArguments,
  };
  return {
    Id: id,
    ...attempt,
    ...(request["TriggerName"] === undefined ? {} : { TriggerName: request["TriggerName"] }),
    JobName: job.Name,
    JobRunState: "STARTING",
    Arguments: runArguments,
    StartedOn: now(),
    LastModifiedOn: now(),
    ExecutionTime: 0,
    PredecessorRuns: [],
    LogGroupName: runArguments["--custom-logGroup-prefix"] ?? LOG_GROUP_PREFIX,
    ...chosen,
  } as unknown as JobRun;
}

export function hasEnded(run: JobRun): boolean {
  return run.CompletedOn !== undefined;
}

export function changeState(run: JobRun, state: RunState): void {
  run.JobRunState = state;
  run.LastModifiedOn = now();
}

/** Ends a run for good. `seconds` is the duration of its script. */
export function endRun(run: JobRun, state: EndState, seconds: number, message?: string): void {
  changeState(run, state);
  run.CompletedOn = run.LastModifiedOn;
  run.ExecutionTime = Math.round(seconds);
  if (message !== undefined) run.ErrorMessage = message;
}
