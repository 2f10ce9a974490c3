import { GetQueueAttributesCommand, type Message, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import {
  type DeployedFunction,
  deadLetterQueueName,
  failureQueueName,
  PIPELINE_QUEUES,
  pipelinesOf,
  queueName,
  queuesOf,
  undeliveredEventsName,
} from "../../../environments/schema";
import { decodeKey } from "../../../runtime/aws/s3-record";
import { EXIT, type ExitCode } from "../command/exit-codes";
import { checkOn } from "../command/needed";
import type { Operator } from "../command/operator";
import { indented, list } from "../command/tables";
import { type Redriven, UNDELIVERED } from "./choices";
import { deliverAgain, invokeAgain, type Move, type Moved, moveBySqs } from "./moves";
import { keptFunctions, queueUrl } from "./queues";

export interface RedriveOptions {
  /** Only source whose messages are sent back. */
  readonly queue?: Redriven;
  readonly yes?: boolean;
}

/** Sends what failed for good back to where it failed; without `yes`, only reports it. */
export async function redrive(operator: Operator, options: RedriveOptions): Promise<ExitCode> {
  const { queue } = options;
  if (queue !== undefined) checkOn(operator.environment, ...pipelinesOf(queue));
  const all = queue === undefined ? await lookAtAll(operator) : [await look(operator, queue)];
  const full = all.filter(({ waiting }) => waiting > 0);
  if (full.length === 0) {
    operator.terminal.show({ applied: false, queues: [] }, "there are no dead letters");
    return EXIT.nothing;
  }
  return options.yes ? move(operator, full) : showPlan(operator, full);
}

function lookAtAll(operator: Operator): Promise<Move[]> {
  const { environment } = operator;
  const wanted = [...queuesOf(environment), ...keptFunctions(environment), UNDELIVERED] as const;
  return Promise.all(wanted.map((name) => look(operator, name)));
}

async function look(operator: Operator, name: Redriven): Promise<Move> {
  const { aws } = operator;
  const { source, to } = await placesOf(operator, name);
  const from = await queueUrl(aws.sqs, source);
  const { Attributes = {} } = await aws.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: from, AttributeNames: ["ApproximateNumberOfMessages"] }),
  );
  return { name, to, from, waiting: Number(Attributes["ApproximateNumberOfMessages"]) };
}

/** Queue that holds the messages, and where they go. */
async function placesOf(
  { aws, environment }: Operator,
  name: Redriven,
): Promise<Pick<Move, "to"> & { readonly source: string }> {
  if (name === UNDELIVERED) return { source: undeliveredEventsName(environment), to: "targets" };
  const queue = PIPELINE_QUEUES.find((each) => each === name);
  if (queue === undefined) {
    const kept = name as DeployedFunction;
    return { source: failureQueueName(environment, kept), to: { function: kept } };
  }
  const to = { queueUrl: await queueUrl(aws.sqs, queueName(environment, queue)) };
  return { source: deadLetterQueueName(environment, queue), to };
}

async function showPlan({ aws, terminal }: Operator, full: readonly Move[]): Promise<ExitCode> {
  const plans = [];
  for (const each of full) {
    // These queues have no dead-letter queue of their own, so looking costs a message nothing.
    const { Messages = [] } = await aws.sqs.send(
      new ReceiveMessageCommand({ QueueUrl: each.from, MaxNumberOfMessages: 10, VisibilityTimeout: 0 }),
    );
    plans.push({ queue: each.name, messages: each.waiting, examples: Messages.map(subjectOf) });
  }
  const text = plans.map(
    ({ queue, messages, examples }) =>
      `${messages} to ${queue}, among them:\n${indented(examples.join("\n"))}`,
  );
  terminal.show(
    { applied: false, queues: plans },
    `${text.join("\n")}\nnothing was moved: repeat with --yes to move them`,
  );
  return EXIT.ok;
}

/**
 * Subject of a message: keys of S3's event, the manifest of an order, or the first characters of anything
 * else.
 */
function subjectOf({ Body = "" }: Message): string {
  try {
    const { Records, manifest, generation, requestPayload } = JSON.parse(Body);
    if (requestPayload !== undefined) return JSON.stringify(requestPayload).slice(0, SHOWN_CHARACTERS);
    if (manifest !== undefined) return `${manifest.key}, generation ${generation}`;
    return Records.map((record: { s3: { object: { key: string } } }) => decodeKey(record.s3.object.key)).join(
      ", ",
    );
  } catch {
    return Body.slice(0, SHOWN_CHARACTERS);
  }
}

const SHOWN_CHARACTERS = 150;

function moverOf({ to }: Move): (operator: Operator, move: Move) => Promise<Moved> {
  if (to === "targets") return deliverAgain;
  return "function" in to ? invokeAgain : moveBySqs;
}

async function move(operator: Operator, full: readonly Move[]): Promise<ExitCode> {
  const moved: { queue: string; messages: number; kept?: number }[] = [];
  for (const each of full) {
    if (operator.signal.aborted) break;
    const { messages, kept } = await moverOf(each)(operator, each);
    moved.push({ queue: each.name, messages, ...(kept > 0 ? { kept } : {}) });
  }
  operator.terminal.show(
    { applied: true, queues: moved },
    list(
      moved.flatMap(({ queue, messages, kept }) => [
        [`to ${queue}`, messages] as const,
        ...(kept === undefined ? [] : [[`not delivered to ${queue}`, kept] as const]),
      ]),
    ),
  );
  return moved.some(({ kept }) => kept !== undefined) ? EXIT.failed : EXIT.ok;
}
