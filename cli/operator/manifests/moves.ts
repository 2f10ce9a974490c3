import { setTimeout as sleep } from "node:timers/promises";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import { PublishCommand } from "@aws-sdk/client-sns";
import {
  CancelMessageMoveTaskCommand,
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ListMessageMoveTasksCommand,
  type ListMessageMoveTasksResultEntry,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
  StartMessageMoveTaskCommand,
} from "@aws-sdk/client-sqs";
import { type DeployedFunction, functionName } from "../../../environments/schema";
import { expectedAt } from "../../../runtime/expected";
import { CommandError } from "../../../setup/errors";
import type { Operator } from "../command/operator";

/** Messages that failed for good and their target. */
export interface Move {
  readonly name: string;
  /** Address of the queue that holds them. */
  readonly from: string;
  /** A queue, a function, or for each message the target that it names. */
  readonly to: { readonly queueUrl: string } | { readonly function: DeployedFunction } | "targets";
  /** Number of messages at first. */
  readonly waiting: number;
  /** Tells which are meant; absent: all. The others stay. */
  readonly isMeant?: (message: Message) => boolean;
}

/** What became of messages. */
export interface Moved {
  readonly messages: number;
  /** Number of those that were not delivered, which stay. */
  readonly kept: number;
}

const POLL_MILLISECONDS = 1000;
/** Messages in one call of SQS at most. */
const MOST = 10;
/** Visibility timeout: more than ten messages need from their receipt to their deletion here. */
const VISIBILITY_SECONDS = 120;
/**
 * Consecutive empty answers after which a queue counts as empty: a short poll asks only some of its servers.
 */
const EMPTY_ANSWERS = 3;

/**
 * Moves messages with SQS's own task where it can, else one by one. A task that is interrupted is cancelled.
 *
 * @throws CommandError when SQS gives up
 */
export async function moveBySqs(operator: Operator, move: Move): Promise<Moved> {
  const { sqs } = operator.aws;
  const oneByOne = () => moveOneByOne(operator, move, (message) => sendAgain(operator, move, message));
  if (move.isMeant !== undefined) return oneByOne();
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: move.from, AttributeNames: ["QueueArn"] }),
  );
  const SourceArn = Attributes["QueueArn"];
  try {
    await sqs.send(new StartMessageMoveTaskCommand({ SourceArn }));
  } catch (error) {
    if (!knowsNoMoveTask(error)) throw error;
    return oneByOne();
  }
  return { messages: await followTask(operator, move, SourceArn), kept: 0 };
}

/** Invokes a function with the events that it failed on, as they came the first time. */
export function invokeAgain(operator: Operator, move: Move): Promise<Moved> {
  const { aws, environment } = operator;
  return moveOneByOne(operator, move, async ({ Body = "" }) => {
    const { to } = move;
    if (to === "targets" || !("function" in to)) throw new Error(`${move.name} is no function`);
    await aws.lambda.send(
      new InvokeCommand({
        FunctionName: functionName(environment, to.function),
        InvocationType: "Event",
        // Lambda wraps what it failed with, and when
        Payload: JSON.stringify(JSON.parse(Body).requestPayload),
      }),
    );
  });
}

/**
 * Hands events to the targets that EventBridge could not hand them to: it names the target in an attribute. No event goes
 * onto the bus again: that takes none of AWS's own sources, and would hand it to other targets twice.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html (2026-11-30)
 * @see https://docs.datadoghq.com/fr/service_management/workflows/actions_catalog/aws_eventbridge_put_events/ (2026-11-30)
 */
export function deliverAgain({ aws, ...operator }: Operator, move: Move): Promise<Moved> {
  return moveOneByOne({ aws, ...operator }, move, async ({ Body = "", MessageAttributes = {} }) => {
    const target = MessageAttributes["TARGET_ARN"]?.StringValue;
    if (target?.startsWith("arn:aws:lambda:")) {
      await aws.lambda.send(
        new InvokeCommand({ FunctionName: target, InvocationType: "Event", Payload: Body }),
      );
    } else if (target?.startsWith("arn:aws:sns:")) {
      await aws.sns.send(new PublishCommand({ TopicArn: target, Message: Body }));
    } else {
      throw new CommandError(expectedAt("attribute TARGET_ARN", "the ARN of a function or topic", target));
    }
  });
}

/** Returns whether move tasks are unknown: an emulator without them does not know the action; AWS does. */
function knowsNoMoveTask(error: unknown): boolean {
  return error instanceof Error && /^(InvalidAction|UnknownOperation)/.test(error.name);
}

async function followTask(
  { aws, signal, terminal }: Operator,
  move: Move,
  SourceArn: string | undefined,
): Promise<number> {
  for (;;) {
    const { Results = [] } = await aws.sqs.send(
      new ListMessageMoveTasksCommand({ SourceArn, MaxResults: 1 }),
    );
    const [task = {}] = Results;
    const moved = Number(task.ApproximateNumberOfMessagesMoved ?? 0);
    if (task.Status === "COMPLETED" || task.Status === "CANCELLED") return moved;
    if (task.Status === "FAILED") throw failureOf(task, move);
    terminal.progress(`${moved} of ${move.waiting} to ${move.name}`);
    if (signal.aborted) {
      const { TaskHandle } = task;
      if (TaskHandle) await aws.sqs.send(new CancelMessageMoveTaskCommand({ TaskHandle }));
      return moved;
    }
    await sleep(POLL_MILLISECONDS);
  }
}

function failureOf(task: ListMessageMoveTasksResultEntry, { name }: Move): CommandError {
  return new CommandError(
    `SQS stopped moving messages to ${name} after ${task.ApproximateNumberOfMessagesMoved ?? 0}: ` +
      `${task.FailureReason ?? "it does not say why"}`,
  );
}

/**
 * Moves messages one by one. Each is delivered before it is deleted: an interruption leaves it in both
 * places, and all readers recognize what they have done already. One that is not delivered stays, keeps no other
 * from its way, and is seen again at once, as is one that is not meant.
 */
async function moveOneByOne(
  { aws, signal, terminal }: Operator,
  move: Move,
  deliver: (message: Message) => Promise<void>,
): Promise<Moved> {
  let moved = 0;
  const reasons: string[] = [];
  const staying: Message[] = [];
  // no further than what was there: a message that fails again meanwhile is not sent round in circles
  const isOver = () => moved + staying.length >= move.waiting || signal.aborted;
  for (let empty = 0; empty < EMPTY_ANSWERS && !isOver(); ) {
    const { Messages = [] } = await aws.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: move.from,
        MaxNumberOfMessages: MOST,
        VisibilityTimeout: VISIBILITY_SECONDS,
        MessageAttributeNames: ["All"],
      }),
    );
    empty = Messages.length === 0 ? empty + 1 : 0;
    for (const message of Messages) {
      if (move.isMeant?.(message) === false) {
        staying.push(message);
        continue;
      }
      const reason = await refusalOf(() => deliver(message));
      if (reason !== undefined) {
        reasons.push(reason);
        staying.push(message);
        continue;
      }
      const { ReceiptHandle } = message;
      await aws.sqs.send(new DeleteMessageCommand({ QueueUrl: move.from, ReceiptHandle }));
      moved += 1;
      terminal.progress(`${moved} of ${move.waiting} to ${move.name}`);
    }
  }
  await reveal(aws.sqs, move, staying);
  for (const reason of new Set(reasons)) terminal.warn(`a message for ${move.name} stays: ${reason}`);
  return { messages: moved, kept: reasons.length };
}

/** Ends the invisibility of messages that stay: whoever looks next would miss them. */
async function reveal(sqs: SQSClient, { from }: Move, staying: readonly Message[]): Promise<void> {
  for (let begin = 0; begin < staying.length; begin += MOST) {
    const Entries = staying.slice(begin, begin + MOST).map(({ ReceiptHandle }, index) => ({
      Id: String(index),
      ReceiptHandle,
      VisibilityTimeout: 0,
    }));
    await sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: from, Entries }));
  }
}

/** Why something was refused; undefined where it was not. */
async function refusalOf(deliver: () => Promise<void>): Promise<string | undefined> {
  try {
    await deliver();
    return undefined;
  } catch (error) {
    return (error as Error).message || String(error);
  }
}

async function sendAgain(
  { aws }: Operator,
  { to }: Move,
  { Body: MessageBody, MessageAttributes }: Message,
): Promise<void> {
  if (to === "targets" || !("queueUrl" in to)) throw new Error("the messages came from no queue");
  await aws.sqs.send(new SendMessageCommand({ QueueUrl: to.queueUrl, MessageBody, MessageAttributes }));
}
