import { GetQueueAttributesCommand, type Message, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import {
  deadLetterQueueName,
  type FunctionName,
  failureQueueName,
  PIPELINE_QUEUES,
  type PipelineQueue,
  queueName,
} from "../../../environments/schema";
import { decodeKey } from "../../../runtime/aws/s3-record";
import { EXIT, type ExitCode } from "../command/exit-codes";
import type { Operator } from "../command/operator";
import { indented, list } from "../command/tables";
import { invokeAgain, type Move, moveBySqs } from "./moves";
import { KEPT_FUNCTIONS, queueUrl } from "./queues";

/** Sources of failed messages: a queue, for those of its reader, or a function, for its events. */
export const REDRIVEN: readonly (PipelineQueue | FunctionName)[] = [...PIPELINE_QUEUES, ...KEPT_FUNCTIONS];

export interface RedriveOptions {
  /** Only source whose messages are sent back. */
  readonly queue?: PipelineQueue | FunctionName;
  readonly yes?: boolean;
}

/** Sends what failed for good back to where it failed; without `yes`, only reports it. */
export async function redrive(operator: Operator, options: RedriveOptions): Promise<ExitCode> {
  const wanted = options.queue === undefined ? REDRIVEN : [options.queue];
  const all = await Promise.all(wanted.map((name) => look(operator, name)));
  const full = all.filter(({ waiting }) => waiting > 0);
  if (full.length === 0) {
    operator.terminal.show({ applied: false, queues: [] }, "there are no dead letters");
    return EXIT.nothing;
  }
  return options.yes ? move(operator, full) : showPlan(operator, full);
}

async function look({ aws, environment }: Operator, name: PipelineQueue | FunctionName): Promise<Move> {
  const queue = PIPELINE_QUEUES.find((each) => each === name);
  const source =
    queue === undefined
      ? failureQueueName(environment, name as FunctionName)
      : deadLetterQueueName(environment, queue);
  const from = await queueUrl(aws.sqs, source);
  const { Attributes = {} } = await aws.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: from, AttributeNames: ["ApproximateNumberOfMessages"] }),
  );
  const waiting = Number(Attributes["ApproximateNumberOfMessages"]);
  if (queue === undefined) return { name, to: { function: name as FunctionName }, from, waiting };
  return { name, to: { queueUrl: await queueUrl(aws.sqs, queueName(environment, queue)) }, from, waiting };
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

async function move(operator: Operator, full: readonly Move[]): Promise<ExitCode> {
  const moved: { queue: string; messages: number }[] = [];
  for (const each of full) {
    if (operator.signal.aborted) break;
    const by = "function" in each.to ? invokeAgain : moveBySqs;
    moved.push({ queue: each.name, messages: await by(operator, each) });
  }
  operator.terminal.show(
    { applied: true, queues: moved },
    list(moved.map(({ queue, messages }) => [`to ${queue}`, messages])),
  );
  return EXIT.ok;
}
