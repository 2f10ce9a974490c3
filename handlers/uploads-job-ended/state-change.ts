import { UnexpectedEventError } from "../../runtime/errors";

/**
 * States in which a run of a Glue job ends; other states, such as "STOPPING", reach this function by mistake
 * only.
 */
const END_STATES = ["SUCCEEDED", "FAILED", "ERROR", "TIMEOUT", "STOPPED"] as const;

export type EndState = (typeof END_STATES)[number];

export interface JobEnd {
  jobName: string;
  jobRunId: string;
  state: EndState;
  /** Message of Glue. */
  message: string;
}

/**
 * Parses a "Glue Job State Change" event of EventBridge.
 *
 * @throws UnexpectedEventError when it is none, or not of the end of a run
 */
export function readJobEnd(event: unknown): JobEnd {
  const { detail } = (event ?? {}) as { detail?: Partial<Record<keyof JobEnd, unknown>> };
  const state = END_STATES.find((one) => one === detail?.state);
  if (!state || typeof detail?.jobName !== "string" || typeof detail.jobRunId !== "string") {
    throw new UnexpectedEventError(`a Glue Job State Change event of state ${END_STATES.join(", ")}`, event);
  }
  return { jobName: detail.jobName, jobRunId: detail.jobRunId, state, message: String(detail.message ?? "") };
}
