import { UnexpectedEventError } from "../../runtime/errors";
import { BATCH_END_STATES } from "../../runtime/glue-states";

/** Final states of a Glue job run; other states ("STOPPING" for one) reach this function by mistake only. */
export type EndState = (typeof BATCH_END_STATES)[number];

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
  const state = BATCH_END_STATES.find((one) => one === detail?.state);
  if (!state || typeof detail?.jobName !== "string" || typeof detail.jobRunId !== "string") {
    throw new UnexpectedEventError(
      `a Glue Job State Change event of state ${BATCH_END_STATES.join(", ")}`,
      event,
    );
  }
  return { jobName: detail.jobName, jobRunId: detail.jobRunId, state, message: String(detail.message ?? "") };
}
