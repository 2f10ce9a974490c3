import type { Alert } from "../../runtime/aws/alerts";
import type { JobEnd } from "./state-change";

/** Builds the alert that reports a failed run. */
export function alertOf(environment: string, { jobName, jobRunId, state, message }: JobEnd): Alert {
  const summary = `job ${jobName} of ${environment} ended ${state} (run ${jobRunId})`;
  return { environment, severity: "error", summary, jobName, jobRunId, reason: message };
}
