import { type EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { AlertRefusedError } from "../errors";

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
  /** Why, in the words of the service that knows. */
  reason: string;
  /** What to do first. */
  nextStep?: string;
  /** Of the run that the alert is about, where it is about one. */
  jobName?: string;
  jobRunId?: string;
}

/** @throws AlertRefusedError when the bus answers but does not take it */
export async function emitAlert(bus: AlertBus, alert: Alert): Promise<void> {
  await emitEvent(bus, "Tributary Alert", alert, alert.summary);
}

/**
 * Puts an event of the platform on the default bus.
 *
 * @throws AlertRefusedError when the bus answers but does not take it
 */
export async function emitEvent(
  bus: AlertBus,
  detailType: string,
  detail: object,
  summary: string,
): Promise<void> {
  const entry = { Source: bus.source, DetailType: detailType, Detail: JSON.stringify(detail) };
  const { FailedEntryCount, Entries } = await bus.client.send(new PutEventsCommand({ Entries: [entry] }));
  if (!FailedEntryCount) return;
  throw new AlertRefusedError(summary, Entries?.[0]?.ErrorCode, Entries?.[0]?.ErrorMessage);
}
