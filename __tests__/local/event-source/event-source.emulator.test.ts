import { once } from "node:events";
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import {
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  LambdaClient,
  UpdateEventSourceMappingCommand,
} from "@aws-sdk/client-lambda";
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { startEventSource } from "../../../local/event-source/event-source";
import { MappingServer } from "../../../local/event-source/mapping-server";
import type { Answer } from "../../../local/event-source/outcome";
import { Queue } from "../../../local/event-source/queue";
import { ensurePython } from "../../../setup/python";
import { eventually } from "../../support/eventually";
import { functionArchive, startTestPlatform, type TestPlatform } from "../platform";

/** Long enough for a slow machine to delete what a function has done before it comes back. */
const VISIBILITY_SECONDS = 3;
/** Longer than any test takes. */
const LONG_SECONDS = 3600;
const REST_MILLISECONDS = 50;
const DONE: Answer = { payload: '{"batchItemFailures":[]}' };

interface Call {
  readonly bodies: readonly string[];
  readonly ids: readonly string[];
  /** Milliseconds since the queue was served. */
  readonly at: number;
}

let platform: TestPlatform;
let sqs: SQSClient;
let stopServing: () => Promise<void> = async () => undefined;
let queues = 0;

beforeAll(async () => {
  platform = await startTestPlatform();
  sqs = new SQSClient(platform.client);
});

afterEach(() => stopServing());

afterAll(async () => {
  sqs.destroy();
  await platform.stop();
});

describe("batches", () => {
  test("go at the end of the window with what there is", async () => {
    const url = await makeQueue(LONG_SECONDS);
    await send(url, 8);
    const calls = await serve(url, { batchSize: 1000, windowSeconds: 1, maximumConcurrency: 1 });
    await eventually("the messages", () => bodies(calls).length === 8);
    expect(calls).toHaveLength(1);
    expect(calls[0]?.at).toBeGreaterThan(900);
    await eventually("an empty queue", async () => (await left(url)) === 0);
  });

  test("gather by receives of ten within the window", async () => {
    const url = await makeQueue(LONG_SECONDS);
    await send(url, 45);
    const calls = await serve(url, { batchSize: 45, windowSeconds: LONG_SECONDS, maximumConcurrency: 1 });
    await eventually("a batch", () => calls.length > 0);
    expect(calls).toHaveLength(1);
    expect(new Set(bodies(calls)).size).toBe(45);
    await eventually("an empty queue", async () => (await left(url)) === 0);
  });

  test("go at once when they have their size", async () => {
    const url = await makeQueue();
    await send(url, 30);
    const calls = await serve(url, { batchSize: 10, windowSeconds: LONG_SECONDS });
    await eventually("the messages", () => bodies(calls).length === 30);
    expect(calls.map((call) => call.bodies.length)).toEqual([10, 10, 10]);
  });

  test("go with their first receive where there is no window", async () => {
    const url = await makeQueue();
    await send(url, 3);
    const calls = await serve(url, { batchSize: 10, windowSeconds: 0 });
    await eventually("the messages", () => bodies(calls).length === 3);
    expect(calls).toHaveLength(1);
  });

  test("hold 6 MB at most", async () => {
    const url = await makeQueue(LONG_SECONDS);
    for (let time = 0; time < 20; time += 1) await send(url, 1, "x".repeat(900_000));
    const mapping = { batchSize: 1000, windowSeconds: LONG_SECONDS, maximumConcurrency: 2 };
    const calls = await serve(url, mapping);
    // two pollers keep what does not fill a batch
    await eventually("two batches", () => calls.length === 2);
    expect(calls.map((call) => call.bodies.length)).toEqual([6, 6]);
  });

  test("are with the function at once as often as the mapping allows, five at first", async () => {
    const url = await makeQueue();
    let now = 0;
    const most: number[] = [];
    const slow = async () => {
      now += 1;
      most.push(now);
      await eventually("seven at once", () => most.includes(7));
      // time for an eighth, which there must not be
      await new Promise((resolve) => setTimeout(resolve, 200));
      now -= 1;
      return DONE;
    };
    await send(url, 60);
    const calls = await serve(url, { batchSize: 1, windowSeconds: 0, maximumConcurrency: 7 }, slow);
    await eventually("the messages", () => bodies(calls).length === 60);
    expect(Math.max(...most)).toBe(7);
  });
});

describe("failures", () => {
  test("that an answer names come back after their visibility timeout, the rest is deleted", async () => {
    const url = await makeQueue();
    await send(url, 3);
    let failed = "";
    const calls = await serve(url, { reportsFailures: true }, async ({ ids }, time) => {
      if (time > 0) return DONE;
      failed = ids[1] ?? "";
      return { payload: JSON.stringify({ batchItemFailures: [{ itemIdentifier: failed }] }) };
    });
    await eventually("the second call", () => calls.length === 2);
    expect(calls[1]?.ids).toEqual([failed]);
    expect((calls[1]?.at ?? 0) - (calls[0]?.at ?? 0)).toBeGreaterThan(VISIBILITY_SECONDS * 900);
    await eventually("an empty queue", async () => (await left(url)) === 0);
  });

  test.each<[string, Answer]>([
    ["a thrown error", { functionError: "Unhandled", payload: '{"errorMessage":"no"}' }],
    ["a malformed answer", { payload: '{"batchItemFailures":[{"id":"a"}]}' }],
  ])("of the whole batch come back after %s", async (_, answer) => {
    const url = await makeQueue();
    await send(url, 3);
    const calls = await serve(url, { reportsFailures: true }, async (_call, time) =>
      time > 0 ? DONE : answer,
    );
    await eventually("the messages twice", () => bodies(calls).length === 6);
    expect((calls[1]?.at ?? 0) - (calls[0]?.at ?? 0)).toBeGreaterThan(VISIBILITY_SECONDS * 900);
  });

  test("to invoke are repeated with the same batch, more and more slowly, while it is ours", async () => {
    const url = await makeQueue(LONG_SECONDS);
    await send(url, 2);
    const calls = await serve(url, {}, async (_call, time) => {
      if (time < 4) throw Object.assign(new Error("Rate Exceeded."), { name: "TooManyRequestsException" });
      return DONE;
    });
    await eventually("the fifth call", () => calls.length === 5);
    expect(new Set(calls.map(({ ids }) => ids.join())).size).toBe(1);
    const gaps = calls.slice(1).map(({ at }, index) => at - (calls[index]?.at ?? 0));
    // each rest is twice the one before; what a busy machine adds only makes a gap longer
    for (const [index, gap] of gaps.entries())
      expect(gap).toBeGreaterThan(REST_MILLISECONDS * 2 ** index * 0.9);
    await eventually("an empty queue", async () => (await left(url)) === 0);
  });
});

describe("the end", () => {
  test("waits for the batch that is with the function and gives back the one being gathered", async () => {
    const url = await makeQueue(LONG_SECONDS);
    const working = new AbortController();
    const slow = async () => {
      await once(working.signal, "abort");
      return DONE;
    };
    const mapping = { batchSize: 10, windowSeconds: LONG_SECONDS, maximumConcurrency: 2 };
    const calls = await serve(url, mapping, slow);
    await send(url, 10);
    await eventually("a call", () => calls.length === 1);
    await send(url, 4);
    await eventually("a batch in the making", async () => (await visible(url)) === 0);
    let isOver = false;
    const end = stopServing().then(() => {
      isOver = true;
    });
    await eventually("what was gathered is given back", async () => (await visible(url)) === 4);
    expect(isOver).toBe(false);
    working.abort();
    await end;
    expect(bodies(calls)).toHaveLength(10);
    expect(await visible(url)).toBe(4);
    expect(await left(url)).toBe(4);
  });
});

describe("deployed mappings", () => {
  test("that are disabled are served with their settings, and anew when these change", async () => {
    const { lambda, mapping, inputs, outputs } = await deployFunction();
    const warnings: string[] = [];
    const source = startEventSource({
      endpoint: platform.emulator.endpoint,
      warn: (message) => warnings.push(message),
      lookMilliseconds: 100,
    });
    stopServing = () => source.stop();
    await send(inputs, 45);
    const sizes: number[] = [];
    const batches = async () => {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl: outputs, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
      );
      sizes.push(...Messages.map(({ Body }) => Number(Body)));
      return sizes.reduce((sum, size) => sum + size, 0);
    };
    await eventually("the messages", async () => (await batches()) === 45);
    expect(Math.max(...sizes)).toBeGreaterThan(10);
    await lambda.send(
      new UpdateEventSourceMappingCommand({ UUID: mapping, BatchSize: 2, MaximumBatchingWindowInSeconds: 0 }),
    );
    await eventually("batches of the new size alone", async () => {
      sizes.length = 0;
      await send(inputs, 9);
      await eventually("the messages", async () => (await batches()) === 9);
      return Math.max(...sizes) === 2;
    });
    await source.stop();
    expect(warnings).toEqual([]);
    expect(await left(inputs)).toBe(0);
    lambda.destroy();
  });
});

/** Serves a queue with a double for the function; the calls that it got, in their order. */
async function serve(
  url: string,
  mapping: Partial<ConstructorParameters<typeof MappingServer>[0]["mapping"]>,
  answer: (call: Call, time: number) => Promise<Answer> = async () => DONE,
): Promise<Call[]> {
  const calls: Call[] = [];
  const stopping = new AbortController();
  const began = performance.now();
  const queueArn = arnOf(url);
  const server = new MappingServer({
    mapping: {
      functionArn: "function",
      queueArn,
      batchSize: 10,
      windowSeconds: 0,
      maximumConcurrency: 2,
      reportsFailures: true,
      ...mapping,
    },
    queue: await Queue.open(sqs, platform.emulator.endpoint, queueArn),
    invoke: (_, payload) => {
      const records: { body: string; messageId: string }[] = JSON.parse(payload).Records;
      const call = {
        bodies: records.map(({ body }) => body),
        ids: records.map(({ messageId }) => messageId),
        at: performance.now() - began,
      };
      calls.push(call);
      return answer(call, calls.length - 1);
    },
    signal: stopping.signal,
    warn: () => undefined,
    restMilliseconds: REST_MILLISECONDS,
    longestRestMilliseconds: 1000,
  });
  stopServing = () => {
    stopping.abort();
    return server.end();
  };
  return calls;
}

async function makeQueue(visibilitySeconds = VISIBILITY_SECONDS): Promise<string> {
  queues += 1;
  const { QueueUrl = "" } = await sqs.send(
    new CreateQueueCommand({
      QueueName: `queue-${queues}`,
      Attributes: { VisibilityTimeout: String(visibilitySeconds) },
    }),
  );
  return QueueUrl;
}

function arnOf(url: string): string {
  return `arn:aws:sqs:us-east-1:000000000000:${url.split("/").at(-1)}`;
}

async function send(url: string, count: number, body = ""): Promise<void> {
  for (let from = 0; from < count; from += 10) {
    const Entries = Array.from({ length: Math.min(10, count - from) }, (_, index) => ({
      Id: String(index),
      MessageBody: `${from + index} ${body}`,
    }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));
  }
}

function bodies(calls: readonly Call[]): string[] {
  return calls.flatMap((call) => call.bodies);
}

/** Messages that are in the queue, whether anybody may receive them now or not. */
async function left(url: string): Promise<number> {
  return (await visible(url)) + (await attribute(url, "ApproximateNumberOfMessagesNotVisible"));
}

function visible(url: string): Promise<number> {
  return attribute(url, "ApproximateNumberOfMessages");
}

async function attribute(
  url: string,
  name: "ApproximateNumberOfMessages" | "ApproximateNumberOfMessagesNotVisible",
): Promise<number> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [name] }),
  );
  return Number(Attributes[name]);
}

/** A function that tells the size of each batch to a second queue, with a disabled mapping of the first. */
async function deployFunction() {
  const [inputs, outputs] = [await makeQueue(LONG_SECONDS), await makeQueue(LONG_SECONDS)];
  const lambda = new LambdaClient(platform.client);
  const iam = new IAMClient(platform.client);
  const trust = {
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" },
    ],
  };
  await iam.send(
    new CreateRoleCommand({ RoleName: "function", AssumeRolePolicyDocument: JSON.stringify(trust) }),
  );
  iam.destroy();
  // the emulator's own substitute for the SDK, which is not bundled here
  const source = `const { SQSClient, SendMessageCommand } = require("@aws-sdk/client-sqs");
  exports.handler = async (event) => {
    const message = { QueueUrl: ${JSON.stringify(outputs)}, MessageBody: String(event.Records.length) };
    await new SQSClient({}).send(new SendMessageCommand(message));
    return { batchItemFailures: [] };
  };`;
  const { python } = await ensurePython("run", () => undefined);
  const archive = functionArchive(python, platform.folder, source);
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: "count",
      Runtime: "nodejs22.x",
      Role: "arn:aws:iam::000000000000:role/function",
      Handler: "index.handler",
      Code: { ZipFile: archive },
    }),
  );
  const { UUID } = await lambda.send(
    new CreateEventSourceMappingCommand({
      FunctionName: "count",
      EventSourceArn: arnOf(inputs),
      Enabled: false,
      BatchSize: 1000,
      // two receives take a fraction of that, also on a slow machine
      MaximumBatchingWindowInSeconds: 5,
      ScalingConfig: { MaximumConcurrency: 2 },
      FunctionResponseTypes: ["ReportBatchItemFailures"],
    }),
  );
  return { lambda, mapping: UUID ?? "", inputs, outputs };
}
