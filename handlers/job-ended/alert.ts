import { type EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { AlertRefusedError } from "../shared/errors";
import type { JobEnd } from "./state-change";

export interface AlertBus {
  client: EventBridgeClient;
  /** Source of the events, by which they are routed. */
  source: string;
  environment: string;
}

/** The detail of an alert event. Whoever routes alerts matches its source and type, and shows these. */
export interface Alert {
  environment: string;
  severity: "error" | "warning";
  /** One line that says what happened. */
  summary: string;
  jobName: string;
  jobRunId: string;
  reason: string;
}

/** What a failed run is reported as. */
export function alertOf(environment: string, { jobName, jobRunId, state, message }: JobEnd): Alert {
  const summary = `job ${jobName} of ${environment} ended ${state} (run ${jobRunId})`;
  return { environment, severity: "error", summary, jobName, jobRunId, reason: message };
}

/**
 * Puts the alert on the default bus.
 *
 * @throws AlertRefusedError when the bus answers but does not take it
 */
export async function emitAlert(bus: AlertBus, alert: Alert): Promise<void> {
  const entry = {
    Source: bus.source,
    DetailType: "Tributary Alert",
    Detail: JSON.stringify(alert),
  };
  const { FailedEntryCount, Entries } = await bus.client.send(new PutEventsCommand({ Entries: [entry] }));
  if (!FailedEntryCount) return;
  throw new AlertRefusedError(alert.summary, Entries?.[0]?.ErrorCode, Entries?.[0]?.ErrorMessage);
}
