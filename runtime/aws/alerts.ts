import { type EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { AlertRefusedError } from "../errors";

export interface AlertBus {
  client: EventBridgeClient;
  /** EventBridge source of the events, which rules route by. */
  source: string;
  environment: string;
}

/**
 * Detail of an alert event. Rules that route alerts match its source and type, and targets show these fields.
 */
export interface Alert {
  environment: string;
  severity: "error" | "warning";
  /** One line that says what happened. */
  summary: string;
  /** Reason, as the service reports it. */
  reason: string;
  /** First step for whoever handles the alert. */
  nextStep?: string;
  /** Job of the run that the alert is about, where it is about one. */
  jobName?: string;
  jobRunId?: string;
}

/**
 * Publishes an alert event.
 *
 * @throws AlertRefusedError when EventBridge answers but refuses the event
 */
export async function emitAlert(bus: AlertBus, alert: Alert): Promise<void> {
  await emitEvent(bus, "Tributary Alert", alert, alert.summary);
}

/**
 * Publishes an event of the platform on the default bus.
 *
 * @throws AlertRefusedError when EventBridge answers but refuses the event
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html (2026-11-29)
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
