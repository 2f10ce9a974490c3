/** States of a Glue job's run, in the words of Glue's API: stacks make rules of them, the others judge runs by them. */

/** A run that may still do something, and takes one of those that the job allows at a time. */
export const ACTIVE_STATES: readonly string[] = ["STARTING", "RUNNING", "STOPPING", "WAITING"];

/** Ends of a batch run. */
export const BATCH_END_STATES = ["SUCCEEDED", "FAILED", "TIMEOUT", "STOPPED", "ERROR"] as const;

/** Ends of a streaming run, which Glue may end as EXPIRED to maintain it. */
export const STREAMING_END_STATES = [...BATCH_END_STATES, "EXPIRED"] as const;

/** Ends of a run that did not do its work, and that nobody asked for. */
export const FAILED_STATES: readonly string[] = ["FAILED", "TIMEOUT", "ERROR"];
