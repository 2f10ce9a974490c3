import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { GetQueueUrlCommand, QueueDoesNotExist, SQSClient } from "@aws-sdk/client-sqs";
import { expect, test } from "@jest/globals";
import { connect } from "../../../../cli/operator/command/clients";
import { readQueues } from "../../../../cli/operator/manifests/queues";
import {
  deadLetterQueueName,
  failureQueueName,
  functionsOf,
  loadEnvironment,
  PIPELINES,
  type Pipeline,
  queueName,
  queuesOf,
  SYNCHRONOUS_FUNCTIONS,
  undeliveredEventsName,
} from "../../../../environments/schema";

const dev = loadEnvironment("dev");

/** SQS with these queues and no others, each empty. */
class Deployed extends SQSClient {
  constructor(private readonly names: readonly string[]) {
    super({ region: "us-east-1" });
  }

  override async send(command: object): Promise<never> {
    if (!(command instanceof GetQueueUrlCommand)) {
      const Attributes = { ApproximateNumberOfMessages: "0", ApproximateNumberOfMessagesNotVisible: "0" };
      return { Attributes } as never;
    }
    const { QueueName = "" } = command.input;
    if (this.names.includes(QueueName)) return { QueueUrl: QueueName } as never;
    throw new QueueDoesNotExist({ message: `no queue ${QueueName}`, $metadata: {} });
  }
}

/** SQS with every queue, a message in each. */
class Full extends SQSClient {
  constructor() {
    super({ region: "us-east-1" });
  }

  override async send(command: object): Promise<never> {
    if (command instanceof GetQueueUrlCommand) return { QueueUrl: command.input.QueueName } as never;
    const Attributes = { ApproximateNumberOfMessages: "1", ApproximateNumberOfMessagesNotVisible: "0" };
    return { Attributes } as never;
  }
}

class Silent extends CloudWatchClient {
  override async send(): Promise<never> {
    return {} as never;
  }
}

test.each<Pipeline[][]>([[["uploads"]], [["manifests"]], [["ledger"]]])(
  "the queues of %j alone are read, and none of a pipeline that is off",
  async (pipelines) => {
    const environment = { ...dev, pipelines };
    const queues = queuesOf(environment).flatMap((queue) => [
      queueName(environment, queue),
      deadLetterQueueName(environment, queue),
    ]);
    const failures = functionsOf(environment)
      .filter((name) => !SYNCHRONOUS_FUNCTIONS.includes(name))
      .map((name) => failureQueueName(environment, name));
    const sqs = new Deployed([...queues, ...failures, undeliveredEventsName(environment)]);
    const read = await readQueues({
      environment,
      aws: { ...connect(environment), sqs, cloudwatch: new Silent({ region: "us-east-1" }) },
      now: new Date(),
    } as never);
    expect(read.map(({ name }) => name)).toEqual(queues);
  },
);

test.each<[Pipeline, readonly string[], readonly string[]]>([
  ["uploads", [], ["uploads-trigger failures", "control-plane failures", "undelivered events"]],
  [
    "manifests",
    ["manifests-inputs", "manifests-ready"],
    ["manifests-builder failures", "control-plane failures", "undelivered events"],
  ],
  ["ledger", ["ledger-inputs"], ["control-plane failures", "undelivered events"]],
])("of %j alone, the queues that it needs are read, and no other", async (pipeline, queues, failures) => {
  const read = await readQueues(
    {
      environment: dev,
      aws: { ...connect(dev), sqs: new Full(), cloudwatch: new Silent({ region: "us-east-1" }) },
      now: new Date(),
    } as never,
    pipeline,
  );
  const own = queues.flatMap((queue) => [queue, `${queue} dead letters`]);
  const [shown, others] = [read.map(({ queue }) => queue), read.slice(own.length).map(({ queue }) => queue)];
  expect(shown.slice(0, own.length)).toEqual(own);
  expect(others).toEqual(expect.arrayContaining([...failures]));
  const foreign = PIPELINES.filter((each) => each !== pipeline).map((each) => new RegExp(`^${each}-`));
  expect(shown.filter((queue) => foreign.some((begin) => begin.test(queue)))).toEqual([]);
});
