import { InvokeCommand } from "@aws-sdk/client-lambda";
import { GetQueueAttributesCommand, SendMessageBatchCommand } from "@aws-sdk/client-sqs";
import type { Clock } from "../../runtime/clock";
import { inParallel, withBackoff } from "../../runtime/in-parallel";
import { manifestKey, type Receipt, receiptKey } from "../../runtime/manifests/manifests";
import { MessagesRefusedError } from "./errors";
import type { ManifestsReconciler, Queue } from "./reconciler";

/**
 * Maximum number of entries of one SendMessageBatch.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html (2026-11-29)
 */
const BATCH = 10;
const SENDS_AT_ONCE = 8;
/** Maximum number of manifests of one event, as in the streaming job. */
const MANIFESTS_AN_EVENT = 20;

/**
 * Sends the messages, ten a call.
 *
 * @throws MessagesRefusedError when some were refused; the others are sent
 */
export async function sendAll(queue: Queue, clock: Clock, messages: readonly object[]): Promise<void> {
  const batches = chunks(messages, BATCH);
  const errors = await inParallel(batches, SENDS_AT_ONCE, (batch) =>
    withBackoff(clock, async () => {
      const Entries = batch.map((message, index) => ({
        Id: String(index),
        MessageBody: JSON.stringify(message),
      }));
      const send = new SendMessageBatchCommand({ QueueUrl: queue.url, Entries });
      const { Failed = [] } = await queue.client.send(send);
      if (Failed[0]) throw new MessagesRefusedError(Failed.length, Failed[0].Code, Failed[0].Message);
    }),
  );
  if (errors[0]) throw errors[0];
}

/** Approximate number of messages that wait in a queue; those in flight do not count. */
export async function waitingMessages({ client, url }: Queue): Promise<number> {
  const get = new GetQueueAttributesCommand({
    QueueUrl: url,
    AttributeNames: ["ApproximateNumberOfMessages"],
  });
  const { Attributes } = await client.send(get);
  return Number(Attributes?.["ApproximateNumberOfMessages"] ?? 0);
}

/** Invokes the control plane with receipts in the event that the streaming job would have sent. */
export async function tellControlPlane(
  { controlPlane, emf }: ManifestsReconciler,
  receipts: readonly Receipt[],
): Promise<void> {
  for (const some of chunks(receipts, MANIFESTS_AN_EVENT)) {
    const detail = { environment: emf.environment, manifests: some.map(processed) };
    const Payload = JSON.stringify({ "detail-type": "ManifestProcessed", detail });
    const invoke = { FunctionName: controlPlane.name, InvocationType: "Event", Payload } as const;
    await controlPlane.client.send(new InvokeCommand(invoke));
  }
}

function processed(receipt: Receipt): object {
  const { id, dataset, date, generation, rows, dead_letters, input_bytes, output_bytes, files } = receipt;
  return {
    id,
    dataset,
    date,
    generation,
    manifest: manifestKey(receipt),
    receipt: receiptKey(receipt),
    rows,
    dead_letters,
    input_bytes,
    output_bytes,
    files,
    quarantined: receipt.quarantined.length,
    gone: receipt.gone.length,
    seconds: receipt.seconds,
  };
}

function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
