import { GetSecretValueCommand, type SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { Duties } from "../../runtime/duties";
import { UnexpectedEventError } from "../../runtime/errors";
import { PagerError, PagerSecretError } from "./errors";

export interface Forwarder {
  secrets: SecretsManagerClient;
  /** Names of the secrets that hold the addresses. */
  names: readonly string[];
}

/** A notification as SNS hands it to a function: text fields, and the message's attributes. */
type Notification = Readonly<Record<string, unknown>> & { readonly MessageId: string };

const POST_MS = 10_000;

/**
 * Posts each notification to each pager service, as SNS itself posts to a subscribed address. Where one fails, all get
 * the notification again with the next attempt, under the same id.
 *
 * @throws UnexpectedEventError for an event that is none of SNS
 * @throws DutiesFailedError naming each service that did not take it, by the name of its secret
 */
export async function forwardAlerts({ secrets, names }: Forwarder, event: unknown): Promise<void> {
  const duties = new Duties();
  for (const notification of notificationsOf(event)) {
    await Promise.all(
      names.map((name) =>
        duties.attempt(name, async () => post(name, await addressOf(secrets, name), notification)),
      ),
    );
  }
  duties.finish();
}

function notificationsOf(event: unknown): Notification[] {
  const { Records } = (event ?? {}) as { Records?: { Sns?: Notification }[] };
  const found = (Array.isArray(Records) ? Records : []).flatMap(({ Sns }) => (Sns?.MessageId ? [Sns] : []));
  if (found.length === 0) throw new UnexpectedEventError("notifications of SNS", event);
  return found;
}

/** Reads the address anew for each notification, for a secret may change. */
async function addressOf(secrets: SecretsManagerClient, SecretId: string): Promise<string> {
  const { SecretString = "" } = await secrets.send(new GetSecretValueCommand({ SecretId }));
  const address = SecretString.trim();
  if (!/^https:\/\/\S+$/.test(address)) throw new PagerSecretError(SecretId);
  return address;
}

/**
 * Posts a notification in the form of SNS, whose signature stays valid. Two of its fields are written otherwise for
 * functions.
 *
 * @see https://docs.aws.amazon.com/sns/latest/dg/http-notification-json.html (2026-11-30)
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html (2026-11-30)
 */
async function post(secret: string, address: string, notification: Notification): Promise<void> {
  const { SigningCertUrl, UnsubscribeUrl, ...same } = notification;
  const response = await fetch(address, {
    method: "POST",
    headers: {
      "content-type": "text/plain; charset=UTF-8",
      "x-amz-sns-message-type": String(notification["Type"]),
      "x-amz-sns-message-id": notification.MessageId,
      "x-amz-sns-topic-arn": String(notification["TopicArn"]),
    },
    body: JSON.stringify({ ...same, SigningCertURL: SigningCertUrl, UnsubscribeURL: UnsubscribeUrl }),
    redirect: "error",
    signal: AbortSignal.timeout(POST_MS),
  }).catch((error: Error) => {
    // the error of a request may quote its address
    throw new PagerError(secret, error.name === "TimeoutError" ? "no answer in time" : "not reached");
  });
  await response.body?.cancel();
  if (!response.ok) throw new PagerError(secret, `status ${response.status}`);
}
