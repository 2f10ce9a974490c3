import { Writable } from "node:stream";
import { type InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { type PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListMessageMoveTasksCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
} from "@aws-sdk/client-sqs";
import { describe, expect, test } from "@jest/globals";
import { connect } from "../../../../cli/operator/command/clients";
import type { Clients } from "../../../../cli/operator/command/operator";
import { Terminal } from "../../../../cli/operator/command/terminal";
import type { Redriven } from "../../../../cli/operator/manifests/choices";
import { redrive } from "../../../../cli/operator/pipelines/redrive";
import { loadEnvironment } from "../../../../environments/schema";

const environment = loadEnvironment("prod");

/** SQS as AWS has it, which moves messages by itself; the emulator has no such tasks. */
class MovingSqs extends SQSClient {
  readonly started: unknown[] = [];

  constructor(private readonly tasks: readonly object[]) {
    super({ region: "us-east-1" });
  }

  override async send(command: object): Promise<never> {
    return this.answer(command) as never;
  }

  private answer(command: object): object {
    if (command instanceof GetQueueUrlCommand) return { QueueUrl: `https://sqs/${command.input.QueueName}` };
    if (command instanceof GetQueueAttributesCommand) {
      return { Attributes: { ApproximateNumberOfMessages: "12", QueueArn: `arn:${command.input.QueueUrl}` } };
    }
    if (command instanceof StartMessageMoveTaskCommand)
      return { TaskHandle: this.started.push(command.input) };
    if (command instanceof ListMessageMoveTasksCommand) {
      return { Results: [this.tasks[Math.min(this.polls++, this.tasks.length - 1)]] };
    }
    throw new Error(`${command.constructor.name} is not expected: nothing is moved by hand`);
  }

  private polls = 0;
}

function run(sqs: SQSClient, queue: Redriven = "manifests-inputs", more: Partial<Clients> = {}) {
  const written: string[] = [];
  const output = new Writable({
    write: (chunk, _, done) => {
      written.push(String(chunk));
      done();
    },
  });
  const screen = Object.assign(output, { isTTY: true });
  const operator = {
    environment,
    aws: { ...connect(environment), ...more, sqs },
    terminal: new Terminal(true, output, screen),
    signal: new AbortController().signal,
    now: new Date(),
  };
  return { written, done: redrive(operator, { queue, yes: true }) };
}

describe("tributary redrive on AWS", () => {
  test("lets SQS move the messages, and follows it to the end", async () => {
    const sqs = new MovingSqs([
      { Status: "RUNNING", ApproximateNumberOfMessagesMoved: 5 },
      { Status: "COMPLETED", ApproximateNumberOfMessagesMoved: 12 },
    ]);
    const { written, done } = run(sqs);
    expect(await done).toBe(0);
    expect(sqs.started).toEqual([
      { SourceArn: "arn:https://sqs/tributary-prod-manifests-inputs-dead-letters" },
    ]);
    expect(written[0]).toContain("5 of 12 to manifests-inputs");
    expect(JSON.parse(written.at(-1) ?? "")).toEqual({
      applied: true,
      queues: [{ queue: "manifests-inputs", messages: 12 }],
    });
  });

  test("fails with SQS's reason when SQS stops", async () => {
    const failed = { Status: "FAILED", ApproximateNumberOfMessagesMoved: 3, FailureReason: "AccessDenied" };
    await expect(run(new MovingSqs([failed])).done).rejects.toThrow(
      "SQS stopped moving messages to manifests-inputs after 3: AccessDenied",
    );
  });
});

const FUNCTION = "arn:aws:lambda:us-east-1:333333333333:function:tributary-prod-control-plane";
const TOPIC = "arn:aws:sns:us-east-1:333333333333:tributary-prod-alerts";

const EVENT = JSON.stringify({
  source: "aws.glue",
  "detail-type": "Glue Job State Change",
  detail: { id: 7 },
});

/** Queue with events that EventBridge could not deliver. */
class UndeliveredSqs extends SQSClient {
  readonly deleted: unknown[] = [];
  readonly revealed: unknown[] = [];
  private readonly messages: Message[];

  constructor(targets: readonly string[] = [FUNCTION, TOPIC]) {
    super({ region: "us-east-1" });
    this.messages = targets.map((StringValue) => ({
      ReceiptHandle: StringValue,
      Body: EVENT,
      MessageAttributes: StringValue ? { TARGET_ARN: { DataType: "String", StringValue } } : {},
    }));
  }

  override async send(command: object): Promise<never> {
    return this.answer(command) as never;
  }

  private answer(command: object): object {
    if (command instanceof GetQueueUrlCommand) return { QueueUrl: command.input.QueueName };
    if (command instanceof GetQueueAttributesCommand) {
      return { Attributes: { ApproximateNumberOfMessages: String(this.messages.length) } };
    }
    if (command instanceof ReceiveMessageCommand) return { Messages: this.messages.splice(0, 1) };
    if (command instanceof DeleteMessageCommand) {
      return { done: this.deleted.push(command.input.ReceiptHandle) };
    }
    if (command instanceof ChangeMessageVisibilityBatchCommand) {
      const { Entries = [] } = command.input;
      return { done: this.revealed.push(...Entries.map(({ ReceiptHandle }) => ReceiptHandle)) };
    }
    throw new Error(`${command.constructor.name} is not expected`);
  }
}

class Topics extends SNSClient {
  readonly published: unknown[] = [];

  override async send(command: object): Promise<never> {
    const { TopicArn, Message: text } = (command as PublishCommand).input;
    return { done: this.published.push([TopicArn, text]) } as never;
  }
}

class Functions extends LambdaClient {
  readonly invoked: unknown[] = [];

  constructor(private readonly gone: readonly string[] = []) {
    super({ region: "us-east-1" });
  }

  override async send(command: object): Promise<never> {
    const { FunctionName = "", Payload } = (command as InvokeCommand).input;
    if (this.gone.includes(FunctionName)) throw new Error(`Function not found: ${FunctionName}`);
    return { done: this.invoked.push([FunctionName, String(Payload)]) } as never;
  }
}

describe("tributary redrive of undelivered events", () => {
  test("hands each, AWS's own too, to the target that it was for and to no other, then deletes it", async () => {
    const sqs = new UndeliveredSqs();
    const [lambda, sns] = [new Functions(), new Topics({ region: "us-east-1" })];
    const { written, done } = run(sqs, "undelivered-events", { lambda, sns });
    expect(await done).toBe(0);
    expect(lambda.invoked).toEqual([[FUNCTION, EVENT]]);
    expect(sns.published).toEqual([[TOPIC, EVENT]]);
    expect(sqs.deleted).toEqual([FUNCTION, TOPIC]);
    expect(JSON.parse(written.at(-1) ?? "")).toEqual({
      applied: true,
      queues: [{ queue: "undelivered-events", messages: 2 }],
    });
  });

  test("keeps what no target takes, says why, and delivers all others", async () => {
    const gone = `${FUNCTION}-of-a-pipeline-that-is-off`;
    const sqs = new UndeliveredSqs([gone, "", FUNCTION, gone, TOPIC]);
    const [lambda, sns] = [new Functions([gone]), new Topics({ region: "us-east-1" })];
    const { written, done } = run(sqs, "undelivered-events", { lambda, sns });
    expect(await done).toBe(1);
    expect(sqs.deleted).toEqual([FUNCTION, TOPIC]);
    expect(sqs.revealed).toEqual([gone, "", gone]);
    const told = written.join("");
    expect(told.split(`a message for undelivered-events stays: Function not found: ${gone}`)).toHaveLength(2);
    expect(told).toContain(
      "stays: attribute TARGET_ARN is required: expected the ARN of a function or topic",
    );
    expect(JSON.parse(written.at(-1) ?? "")).toEqual({
      applied: true,
      queues: [{ queue: "undelivered-events", messages: 2, kept: 3 }],
    });
  });
});
