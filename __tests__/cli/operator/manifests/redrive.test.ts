import { Writable } from "node:stream";
import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListMessageMoveTasksCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
} from "@aws-sdk/client-sqs";
import { describe, expect, test } from "@jest/globals";
import { connect } from "../../../../cli/operator/command/operator";
import { Terminal } from "../../../../cli/operator/command/terminal";
import { redrive } from "../../../../cli/operator/manifests/redrive";
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

function run(sqs: SQSClient) {
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
    aws: { ...connect(environment), sqs },
    terminal: new Terminal(true, output, screen),
    signal: new AbortController().signal,
    now: new Date(),
  };
  return { written, done: redrive(operator, { queue: "manifests-inputs", yes: true }) };
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
