import { PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { eventsClient } from "./clients";
import type { EndState, JobRun } from "./run";

const SEVERITIES: Record<EndState, string> = {
  SUCCEEDED: "INFO",
  STOPPED: "INFO",
  EXPIRED: "INFO",
  TIMEOUT: "WARN",
  FAILED: "ERROR",
};

/** Publishes the end of a run on the default bus, in Glue's form. */
export async function emitStateChange(endpoint: string, run: JobRun, state: EndState): Promise<void> {
  const client = eventsClient(endpoint);
  const detail = {
    jobName: run.JobName,
    severity: SEVERITIES[state],
    state,
    jobRunId: run.Id,
    message: run.ErrorMessage ?? `Job run ${state.toLowerCase()}`,
  };
  try {
    const { FailedEntryCount, Entries } = await client.send(
      new PutEventsCommand({
        Entries: [
          { Source: "aws.glue", DetailType: "Glue Job State Change", Detail: JSON.stringify(detail) },
        ],
      }),
    );
    if (FailedEntryCount) throw new Error(`the bus refused the event: ${Entries?.[0]?.ErrorMessage}`);
  } finally {
    client.destroy();
  }
}
