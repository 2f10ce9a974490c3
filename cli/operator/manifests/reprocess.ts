import { SendMessageBatchCommand, type SendMessageBatchRequestEntry } from "@aws-sdk/client-sqs";
import { type PipelineQueue, queueName } from "../../../environments/schema";
import { announcement } from "../../../runtime/aws/s3-record";
import { CommandError } from "../../../setup/errors";
import type { YesOption } from "../command/applying";
import type { ExitCode } from "../command/exit-codes";
import type { Operator } from "../command/operator";
import { inGroups } from "../command/together";
import { type Again, left, showAgain } from "../pipelines/again";
import { manifestsBucket } from "./outputs";
import { queueUrl } from "./queues";
import { forgetRejected } from "./rejected";
import { type Order, planOf, type Selection } from "./reprocess-plan";

export interface ReprocessOptions extends Selection, YesOption {}

/** Maximum number of messages in one call of SQS. */
const BATCH = 10;

/** Sends manifests and files of a selection through the pipeline again; without `yes`, only reports it. */
export function reprocessManifests(operator: Operator, options: ReprocessOptions): Promise<ExitCode> {
  const { yes = false } = options;
  return showAgain(operator, carriedOut(operator, planOf(operator, options), yes), yes);
}

/** Carries orders out as they come, where `apply`; what the tracking table has otherwise meanwhile is left alone. */
export async function* carriedOut(
  operator: Operator,
  orders: AsyncIterable<Order>,
  apply: boolean,
): AsyncGenerator<Again> {
  for await (const group of inGroups(orders, BATCH)) {
    const changed = apply ? await carryOut(operator, group) : new Set<Order>();
    for (const order of group) yield changed.has(order) ? leftAlone(order) : againOf(order);
  }
}

function againOf(order: Order): Again {
  if (order.kind === "left") return left("manifests", order.what, order.why).again;
  const { why } = order;
  return order.kind === "manifest"
    ? {
        pipeline: "manifests",
        what: order.manifest,
        how: `to the streaming job, generation ${order.generation}`,
        why,
      }
    : { pipeline: "manifests", what: order.key, how: "to the manifest builder", why };
}

function leftAlone(order: Order): Again {
  return left("manifests", againOf(order).what, "the tracking table changed meanwhile: repeat").again;
}

/** Sends a group of orders, and gives those that were left alone. */
async function carryOut(operator: Operator, group: readonly Order[]): Promise<ReadonlySet<Order>> {
  const manifests = group.filter((order) => order.kind === "manifest");
  const announcements = group.filter((order) => order.kind === "announce");
  const { name: bucket } = manifestsBucket(operator);
  await send(
    operator,
    "manifests-ready",
    manifests.map(({ manifest: key, generation }) => ({ manifest: { bucket, key }, generation })),
  );
  const forgotten = await Promise.all(
    announcements.map(async (order) => !order.forget || forgetRejected(operator, order)),
  );
  await send(
    operator,
    "manifests-inputs",
    announcements.filter((_, index) => forgotten[index]).map((order) => announcement(order, "Reprocessed")),
  );
  return new Set(announcements.filter((_, index) => !forgotten[index]));
}

/**
 * Sends messages.
 *
 * @throws CommandError when SQS refuses some: what was sent before is done, and sending it again does no harm
 */
async function send(
  { aws, environment }: Operator,
  queue: PipelineQueue,
  bodies: readonly object[],
): Promise<void> {
  if (bodies.length === 0) return;
  const Entries: SendMessageBatchRequestEntry[] = bodies.map((body, index) => ({
    Id: String(index),
    MessageBody: JSON.stringify(body),
  }));
  const QueueUrl = await queueUrl(aws.sqs, queueName(environment, queue));
  const { Failed = [] } = await aws.sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  const [first] = Failed;
  if (first === undefined) return;
  throw new CommandError(
    `queue ${queue} refused ${Failed.length} of ${bodies.length} messages (${first.Code}: ${first.Message}); ` +
      "repeat the command: outputs are replaced, so what is done twice adds nothing",
  );
}
