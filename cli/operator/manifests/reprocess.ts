import { SendMessageBatchCommand, type SendMessageBatchRequestEntry } from "@aws-sdk/client-sqs";
import { type PipelineQueue, queueName } from "../../../environments/schema";
import { announcement } from "../../../runtime/aws/s3-record";
import { CommandError } from "../../../setup/errors";
import { EXIT, type ExitCode } from "../command/exit-codes";
import type { Operator } from "../command/operator";
import { type Column, table } from "../command/tables";
import { manifestsBucket } from "./outputs";
import { queueUrl } from "./queues";
import { forgetRejected } from "./rejected";
import { type Left, type Order, planOf, type Selection } from "./reprocess-plan";

export interface ReprocessOptions extends Selection {
  readonly yes?: boolean;
}

/** Number of a plan's orders that are shown; the others are counted. */
const SHOWN = 20;
/** Maximum number of messages in one call of SQS. */
const BATCH = 10;

type Work = Exclude<Order, Left>;

/** Outcome of the orders. */
interface Outcome {
  /** True when messages were sent. */
  readonly applied: boolean;
  manifests: number;
  announced: number;
  /** Left alone because nothing can or need be done, or the tracking table changed meanwhile. */
  left: number;
  /** The first ones. */
  readonly orders: Order[];
}

const COLUMNS: readonly Column<Order>[] = [
  {
    head: "what",
    cell: (order) => {
      if (order.kind === "manifest") return order.manifest;
      return order.kind === "announce" ? order.key : order.what;
    },
  },
  {
    head: "how",
    cell: (order) => {
      if (order.kind === "manifest") return `to the streaming job, generation ${order.generation}`;
      return order.kind === "announce" ? "to the manifest builder" : "not at all";
    },
  },
  { head: "why", cell: ({ why }) => why },
];

/** Sends work through the pipeline again; without `yes`, only reports it. */
export async function reprocess(operator: Operator, options: ReprocessOptions): Promise<ExitCode> {
  const outcome: Outcome = { applied: options.yes ?? false, manifests: 0, announced: 0, left: 0, orders: [] };
  const batch: Work[] = [];
  for await (const order of planOf(operator, options)) {
    if (operator.signal.aborted) break;
    if (outcome.orders.length < SHOWN) outcome.orders.push(order);
    if (order.kind === "left") outcome.left += 1;
    else batch.push(order);
    if (batch.length === BATCH) await carryOut(operator, batch.splice(0), outcome);
    const { manifests, announced } = outcome;
    operator.terminal.progress(`${manifests} manifests, ${announced} files`);
  }
  if (!operator.signal.aborted) await carryOut(operator, batch, outcome);
  return show(operator, outcome);
}

async function carryOut(operator: Operator, batch: readonly Work[], outcome: Outcome): Promise<void> {
  const manifests = batch.filter((order) => order.kind === "manifest");
  const announcements = batch.filter((order) => order.kind === "announce");
  if (!outcome.applied) {
    outcome.manifests += manifests.length;
    outcome.announced += announcements.length;
    return;
  }
  const { name: bucket } = manifestsBucket(operator);
  outcome.manifests += await send(
    operator,
    "manifests-ready",
    manifests.map(({ manifest: key, generation }) => ({ manifest: { bucket, key }, generation })),
  );
  const forgotten = await Promise.all(
    announcements.map(async (order) => !order.forget || forgetRejected(operator, order)),
  );
  const ready = announcements.filter((_, index) => forgotten[index]);
  outcome.left += announcements.length - ready.length;
  outcome.announced += await send(
    operator,
    "manifests-inputs",
    ready.map((order) => announcement(order, "Reprocessed")),
  );
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
): Promise<number> {
  if (bodies.length === 0) return 0;
  const Entries: SendMessageBatchRequestEntry[] = bodies.map((body, index) => ({
    Id: String(index),
    MessageBody: JSON.stringify(body),
  }));
  const QueueUrl = await queueUrl(aws.sqs, queueName(environment, queue));
  const { Failed = [] } = await aws.sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  const [first] = Failed;
  if (first === undefined) return bodies.length;
  throw new CommandError(
    `queue ${queue} refused ${Failed.length} of ${bodies.length} messages (${first.Code}: ${first.Message}); ` +
      "repeat the command: outputs are replaced, so what is done twice adds nothing",
  );
}

function show({ terminal, signal }: Operator, outcome: Outcome): ExitCode {
  const { applied, manifests, announced, left, orders } = outcome;
  const all = manifests + announced + left;
  const rows = orders.length > 0 ? [table(COLUMNS, orders)] : [];
  const more = all > orders.length ? [`… and ${all - orders.length} more`] : [];
  const did = applied ? "sent" : "would be sent";
  const sums = `${did}: ${manifests} manifests to the streaming job, ${announced} files to the manifest builder; left alone: ${left}`;
  const hint = applied || all === left ? [] : ["nothing was sent: repeat with --yes to send"];
  terminal.show(outcome, [...rows, ...more, sums, ...hint].join("\n"));
  if (signal.aborted) return EXIT.interrupted;
  return manifests + announced > 0 ? EXIT.ok : EXIT.nothing;
}
