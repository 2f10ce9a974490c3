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
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { startEventSource } from "../../../local/event-source/event-source";
import { MappingServer } from "../../../local/event-source/mapping-server";
import type { Answer } from "../../../local/event-source/outcome";
import { Queue } from "../../../local/event-source/queue";
import { ensurePython } from "../../../setup/python";
import { functionArchive, startTestPlatform, type TestPlatform, waitFor } from "../platform";

jest.setTimeout(60_000);

const VISIBILITY_SECONDS = 1;
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
  test("gather what comes within the window, by receives of ten", async () => {
    const url = await makeQueue(60);
    const calls = await serve(url, { batchSize: 1000, windowSeconds: 1, maximumConcurrency: 2 });
    await send(url, 45);
    await waitFor(async () => (bodies(calls).length === 45 ? true : undefined));
    expect(calls.length).toBeLessThanOrEqual(2);
    expect(Math.min(...calls.map(({ at }) => at))).toBeGreaterThan(900);
    expect(new Set(bodies(calls)).size).toBe(45);
    await waitFor(async () => ((await left(url)) === 0 ? true : undefined));
  });

  test("go at once when they have their size", async () => {
    const url = await makeQueue();
    await send(url, 30);
    const calls = await serve(url, { batchSize: 10, windowSeconds: 60 });
    await waitFor(async () => (bodies(calls).length === 30 ? true : undefined));
    expect(calls.map((call) => call.bodies.length)).toEqual([10, 10, 10]);
  });

  test("go with their first receive where there is no window", async () => {
    const url = await makeQueue();
    await send(url, 3);
    const calls = await serve(url, { batchSize: 10, windowSeconds: 0 });
    await waitFor(async () => (bodies(calls).length === 3 ? true : undefined));
    expect(calls).toHaveLength(1);
  });

  test("hold 6 MB at most", async () => {
    const url = await makeQueue(60);
    for (let time = 0; time < 20; time += 1) await send(url, 1, "x".repeat(900_000));
    const calls = await serve(url, { batchSize: 1000, windowSeconds: 2, maximumConcurrency: 2 });
    await waitFor(async () => (bodies(calls).length === 20 ? true : undefined));
    expect(Math.max(...calls.map((call) => call.bodies.length))).toBe(6);
  });

  test("are with the function at once as often as the mapping allows, five at first", async () => {
    const url = await makeQueue();
    let now = 0;
    const most: number[] = [];
    const slow = async () => {
      now += 1;
      most.push(now);
      await new Promise((resolve) => setTimeout(resolve, 200));
      now -= 1;
      return DONE;
    };
    await send(url, 60);
    const calls = await serve(url, { batchSize: 1, windowSeconds: 0, maximumConcurrency: 7 }, slow);
    await waitFor(async () => (bodies(calls).length === 60 ? true : undefined));
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
    await waitFor(async () => (calls.length === 2 ? true : undefined));
    expect(calls[1]?.ids).toEqual([failed]);
    expect((calls[1]?.at ?? 0) - (calls[0]?.at ?? 0)).toBeGreaterThan(VISIBILITY_SECONDS * 900);
    await waitFor(async () => ((await left(url)) === 0 ? true : undefined));
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
    await waitFor(async () => (bodies(calls).length === 6 ? true : undefined));
    expect((calls[1]?.at ?? 0) - (calls[0]?.at ?? 0)).toBeGreaterThan(VISIBILITY_SECONDS * 900);
  });

  test("to invoke are repeated with the same batch, more and more slowly, while it is ours", async () => {
    const url = await makeQueue(30);
    await send(url, 2);
    const calls = await serve(url, {}, async (_call, time) => {
      if (time < 4) throw Object.assign(new Error("Rate Exceeded."), { name: "TooManyRequestsException" });
      return DONE;
    });
    await waitFor(async () => (calls.length === 5 ? true : undefined));
    expect(new Set(calls.map(({ ids }) => ids.join())).size).toBe(1);
    const gaps = calls.slice(1).map(({ at }, index) => at - (calls[index]?.at ?? 0));
    expect(gaps[3]).toBeGreaterThan((gaps[0] ?? 0) * 3);
    await waitFor(async () => ((await left(url)) === 0 ? true : undefined));
  });
});

describe("the end", () => {
  test("waits for the batch that is with the function and gives back the one being gathered", async () => {
    const url = await makeQueue(600);
    let begun = 0;
    const slow = async () => {
      begun += 1;
      await new Promise((resolve) => setTimeout(resolve, 1000));
      return DONE;
    };
    const calls = await serve(url, { batchSize: 10, windowSeconds: 20, maximumConcurrency: 2 }, slow);
    await send(url, 10);
    await waitFor(async () => (begun === 1 ? true : undefined));
    await send(url, 4);
    await waitFor(async () =>
      (await attribute(url, "ApproximateNumberOfMessages")) === 0 ? true : undefined,
    );
    await stopServing();
    expect(bodies(calls)).toHaveLength(10);
    expect(await attribute(url, "ApproximateNumberOfMessages")).toBe(4);
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
    await send(inputs, 25);
    const sizes: number[] = [];
    const batches = async () => {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl: outputs, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
      );
      sizes.push(...Messages.map(({ Body }) => Number(Body)));
      return sizes.reduce((sum, size) => sum + size, 0);
    };
    await waitFor(async () => ((await batches()) === 25 ? true : undefined));
    expect(Math.max(...sizes)).toBeGreaterThan(10);
    await lambda.send(
      new UpdateEventSourceMappingCommand({ UUID: mapping, BatchSize: 2, MaximumBatchingWindowInSeconds: 0 }),
    );
    await new Promise((resolve) => setTimeout(resolve, 1000));
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
    restMilliseconds: 50,
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
  const visible = await attribute(url, "ApproximateNumberOfMessages");
  return visible + (await attribute(url, "ApproximateNumberOfMessagesNotVisible"));
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
  const [inputs, outputs] = [await makeQueue(60), await makeQueue(60)];
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
  const source = `exports.handler = async (event) => {
    const body = new URLSearchParams({ Action: "SendMessage", QueueUrl: ${JSON.stringify(outputs)}, MessageBody: String(event.Records.length) });
    await fetch(process.env.AWS_ENDPOINT_URL, { method: "POST", body, headers: { "content-type": "application/x-www-form-urlencoded", authorization: "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request" } });
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
      MaximumBatchingWindowInSeconds: 1,
      ScalingConfig: { MaximumConcurrency: 2 },
      FunctionResponseTypes: ["ReportBatchItemFailures"],
    }),
  );
  return { lambda, mapping: UUID ?? "", inputs, outputs };
}
