/** Shows every pipeline in one form. */
import type { Pipeline } from "../../../environments/schema";
import type { RunState } from "../command/runs";

/** Files of a pipeline by what they wait for, and its newest run. */
export interface PipelineState {
  /** Files that wait for a run; `atLeast` where counting ended before all. */
  readonly waiting: Count;
  /** Files that a run holds; absent where the pipeline's tables do not tell without reading all of it. */
  readonly inWork?: Count;
  readonly failed?: Count;
  readonly quarantined?: Count;
  /** Seconds for which the oldest waits; absent where nothing does. */
  readonly oldestSeconds?: number;
  readonly run?: RunState;
}

export interface Count {
  readonly files: number;
  readonly atLeast?: true;
}

/** State of one, or why it could not be read. */
export type Read = { readonly pipeline: Pipeline } & (PipelineState | { readonly error: string });
