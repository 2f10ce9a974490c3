/** Values that arguments of commands may have. It loads neither clients nor settings: help comes at once. */
import {
  ALERT_FORWARDER,
  type DeployedFunction,
  FUNCTIONS,
  PIPELINE_QUEUES,
  type PipelineQueue,
  SYNCHRONOUS_FUNCTIONS,
} from "../../../environments/schema/pipelines";
import type { FileStatus, OpenStatus } from "../../../runtime/manifests/tracking";

/** Statuses in which a file still needs something: the sparse index has these. */
export const OPEN_STATUSES: readonly OpenStatus[] = ["manifested", "failed", "quarantined"];
export const STATUSES: readonly FileStatus[] = [...OPEN_STATUSES, "completed", "superseded", "unchanged"];

/** Sources of logs: jobs and functions. */
export const JOB_SOURCES = ["uploads-job", "manifests-stream", "ledger-lister", "ledger-batch"] as const;
export type JobSource = (typeof JOB_SOURCES)[number];
/** Jobs that tell the use of their slots: all but the lister, whose driver alone lists. */
export const ADVISED_JOBS = ["uploads-job", "manifests-stream", "ledger-batch"] as const;
export type AdvisedJob = (typeof ADVISED_JOBS)[number];
export const LOG_SOURCES = [...JOB_SOURCES, ...FUNCTIONS, ALERT_FORWARDER] as const;
export type LogSource = (typeof LOG_SOURCES)[number];

/** Functions whose failed events are kept in queues of their own. */
export const KEPT_FUNCTIONS: readonly DeployedFunction[] = [
  ...FUNCTIONS.filter((name) => !SYNCHRONOUS_FUNCTIONS.includes(name)),
  ALERT_FORWARDER,
];

/** Events that no target took. */
export const UNDELIVERED = "undelivered-events";

/** Sources of failed messages: a queue, for those of its reader, a function, for its events, or all rules. */
export type Redriven = PipelineQueue | DeployedFunction | typeof UNDELIVERED;
export const REDRIVEN: readonly Redriven[] = [...PIPELINE_QUEUES, ...KEPT_FUNCTIONS, UNDELIVERED];
