import { setTimeout as sleep } from "node:timers/promises";
import {
  CancelMessageMoveTaskCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ListMessageMoveTasksCommand,
  type ListMessageMoveTasksResultEntry,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  StartMessageMoveTaskCommand,
} from "@aws-sdk/client-sqs";
import { deadLetterQueueName, type PipelineQueue, queueName } from "../../environments";
import { CommandError } from "../command";
import { EXIT, type ExitCode } from "./exit-codes";
import type { Operator } from "./operator";
import { QUEUES, queueUrl } from "./queues";
import { indented, list } from "./tables";

export interface RedriveOptions {
  /** The only dead-letter queue to empty. */
  readonly queue?: PipelineQueue;
  readonly yes?: boolean;
}

/** A dead-letter queue and where its messages came from. */
interface Redrive {
  readonly queue: PipelineQueue;
  readonly from: string;
  readonly to: string;
  readonly waiting: number;
}

const POLL_MILLISECONDS = 1000;
/** Longer than a message needs from its receipt to its deletion here. */
const VISIBILITY_SECONDS = 60;
/** Empty answers in a row after which a queue counts as empty: a short poll asks some of its servers only. */
const EMPTY_ANSWERS = 3;

/** Sends what is in the dead-letter queues back to where it failed; without `yes`, says what that would be. */
export async function redrive(operator: Operator, options: RedriveOptions): Promise<ExitCode> {
  const queues = options.queue === undefined ? QUEUES : [options.queue];
  const all = await Promise.all(queues.map((queue) => look(operator, queue)));
  const full = all.filter(({ waiting }) => waiting > 0);
  if (full.length === 0) {
    operator.terminal.show({ applied: false, queues: [] }, "the dead-letter queues are empty");
    return EXIT.nothing;
  }
  return options.yes ? move(operator, full) : showPlan(operator, full);
}

async function look({ aws, environment }: Operator, queue: PipelineQueue): Promise<Redrive> {
  const [from, to] = await Promise.all([
    queueUrl(aws.sqs, deadLetterQueueName(environment, queue)),
    queueUrl(aws.sqs, queueName(environment, queue)),
  ]);
  const { Attributes = {} } = await aws.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: from, AttributeNames: ["ApproximateNumberOfMessages"] }),
  );
  return { queue, from, to, waiting: Number(Attributes["ApproximateNumberOfMessages"]) };
}

async function showPlan({ aws, terminal }: Operator, full: readonly Redrive[]): Promise<ExitCode> {
  const plans = [];
  for (const each of full) {
    // A dead-letter queue has no dead-letter queue of its own, so looking costs a message nothing.
    const { Messages = [] } = await aws.sqs.send(
      new ReceiveMessageCommand({ QueueUrl: each.from, MaxNumberOfMessages: 10, VisibilityTimeout: 0 }),
    );
    plans.push({ queue: each.queue, messages: each.waiting, examples: Messages.map(subjectOf) });
  }
  const text = plans.map(
    ({ queue, messages, examples }) =>
      `${messages} to queue ${queue}, among them:\n${indented(examples.join("\n"))}`,
  );
  terminal.show(
    { applied: false, queues: plans },
    `${text.join("\n")}\nnothing was moved: repeat with --yes to move them`,
  );
  return EXIT.ok;
}

/** What a message is about: object keys of an event, the manifest of an order, or its first characters. */
function subjectOf({ Body = "" }: Message): string {
  try {
    const body = JSON.parse(Body);
    const keys = body.Records?.map((record: { s3: { object: { key: string } } }) => record.s3.object.key);
    return keys?.map(decodeKey).join(", ") ?? `${body.manifest.key}, generation ${body.generation}`;
  } catch {
    return Body.slice(0, 100);
  }
}

function decodeKey(key: string): string {
  return decodeURIComponent(key.replaceAll("+", " "));
}

async function move(operator: Operator, full: readonly Redrive[]): Promise<ExitCode> {
  const moved: { queue: PipelineQueue; messages: number }[] = [];
  for (const each of full) {
    if (operator.signal.aborted) break;
    const messages = await moveBySqs(operator, each);
    moved.push({ queue: each.queue, messages });
  }
  operator.terminal.show(
    { applied: true, queues: moved },
    list(moved.map(({ queue, messages }) => [`to queue ${queue}`, messages])),
  );
  return EXIT.ok;
}

/** By SQS itself where it can, which goes on when this process does not; else message by message. */
async function moveBySqs(operator: Operator, each: Redrive): Promise<number> {
  const { sqs } = operator.aws;
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: each.from, AttributeNames: ["QueueArn"] }),
  );
  const SourceArn = Attributes["QueueArn"];
  try {
    await sqs.send(new StartMessageMoveTaskCommand({ SourceArn }));
  } catch (error) {
    if (!knowsNoMoveTask(error)) throw error;
    return moveByHand(operator, each);
  }
  return followTask(operator, each, SourceArn);
}

/** An emulator without move tasks does not know the action; AWS does. */
function knowsNoMoveTask(error: unknown): boolean {
  return error instanceof Error && /^(InvalidAction|UnknownOperation)/.test(error.name);
}

async function followTask(operator: Operator, each: Redrive, SourceArn: string | undefined): Promise<number> {
  const { aws, signal, terminal } = operator;
  for (;;) {
    const { Results = [] } = await aws.sqs.send(
      new ListMessageMoveTasksCommand({ SourceArn, MaxResults: 1 }),
    );
    const [task = {}] = Results;
    const moved = Number(task.ApproximateNumberOfMessagesMoved ?? 0);
    if (task.Status === "COMPLETED" || task.Status === "CANCELLED") return moved;
    if (task.Status === "FAILED") throw failureOf(task, each);
    terminal.progress(`${moved} of ${each.waiting} to queue ${each.queue}`);
    if (signal.aborted) {
      if (task.TaskHandle)
        await aws.sqs.send(new CancelMessageMoveTaskCommand({ TaskHandle: task.TaskHandle }));
      return moved;
    }
    await sleep(POLL_MILLISECONDS);
  }
}

function failureOf(task: ListMessageMoveTasksResultEntry, each: Redrive): CommandError {
  return new CommandError(
    `SQS stopped moving messages to queue ${each.queue} after ${task.ApproximateNumberOfMessagesMoved ?? 0}: ` +
      `${task.FailureReason ?? "it does not say why"}`,
  );
}

/**
 * Sends each message before it deletes it: an end in between leaves it in both queues, and both readers take what
 * they have done already for done.
 */
async function moveByHand({ aws, signal, terminal }: Operator, each: Redrive): Promise<number> {
  let moved = 0;
  // no further than what was there: a message that fails again meanwhile is not sent round in circles
  for (let empty = 0; empty < EMPTY_ANSWERS && moved < each.waiting && !signal.aborted; ) {
    const { Messages = [] } = await aws.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: each.from,
        MaxNumberOfMessages: 10,
        VisibilityTimeout: VISIBILITY_SECONDS,
        MessageAttributeNames: ["All"],
      }),
    );
    empty = Messages.length === 0 ? empty + 1 : 0;
    for (const { Body, MessageAttributes, ReceiptHandle } of Messages) {
      await aws.sqs.send(new SendMessageCommand({ QueueUrl: each.to, MessageBody: Body, MessageAttributes }));
      await aws.sqs.send(new DeleteMessageCommand({ QueueUrl: each.from, ReceiptHandle }));
      moved += 1;
      terminal.progress(`${moved} of ${each.waiting} to queue ${each.queue}`);
    }
  }
  return moved;
}
