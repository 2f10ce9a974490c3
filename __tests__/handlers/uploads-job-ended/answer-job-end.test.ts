import type { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { ConcurrentRunsExceededException, type GlueClient } from "@aws-sdk/client-glue";
import { describe, expect, test } from "@jest/globals";
import { answerJobEnd, type JobEnded } from "../../../handlers/uploads-job-ended/answer-job-end";
import { UnexpectedEventError } from "../../../runtime/errors";
import { awsError, clientDouble, clockDouble } from "../support/doubles";
import { jobStateChange } from "../support/events";
import { keepLogs } from "../support/logs";

const SHARDS = 8;

interface Faults {
  /** Whether the index shows a pending upload at its nth asking, all shards together. */
  pending?: (asking: number) => boolean;
  alert?: () => unknown;
  metric?: () => unknown;
  /** Glue's answer to the nth StartJobRun. */
  run?: (call: number) => unknown;
}

const BEGAN = new Date("2026-01-31T11:50:00.000Z");

const refused = () => new ConcurrentRunsExceededException({ message: "one run", $metadata: {} });

function makeJobEnded({ pending = () => false, alert, metric, run }: Faults) {
  const order: string[] = [];
  const forgotten: unknown[] = [];
  const note = (what: string, answer: unknown) => {
    order.push(what);
    return answer;
  };
  const dynamo = clientDouble<DynamoDBClient>({
    DeleteItemCommand: (input) => {
      forgotten.push(input.Key);
      return {};
    },
    QueryCommand: (input, call) => ({
      Items: pending(Math.floor(call / SHARDS)) && shardOf(input) === "5" ? [{}] : [],
    }),
  });
  const bus = clientDouble<EventBridgeClient>({
    PutEventsCommand: () => note("alert", alert?.() ?? { FailedEntryCount: 0 }),
  });
  const metrics = clientDouble<CloudWatchClient>({
    PutMetricDataCommand: () => note("metric", metric?.() ?? {}),
  });
  const glue = clientDouble<GlueClient>({
    GetJobRunCommand: () => ({ JobRun: { StartedOn: BEGAN } }),
    StartJobRunCommand: (_, call) => note("run", run?.(call) ?? { JobRunId: "jr_2" }),
  });
  const clock = clockDouble();
  const ended: JobEnded = {
    uploads: { client: dynamo.client, name: "uploads" },
    job: { client: glue.client, name: "uploads-job" },
    bus: { client: bus.client, source: "tributary.dev", environment: "dev" },
    metrics: { client: metrics.client, namespace: "Tributary", environment: "dev" },
    clock,
  };
  const queries = () => dynamo.sent.filter(({ name }) => name === "QueryCommand");
  return {
    ended,
    order,
    clock,
    forgotten,
    queries,
    sent: dynamo.sent,
    alerts: bus.sent,
    measured: metrics.sent,
  };
}

const shardOf = (input: { ExpressionAttributeValues: Record<string, { S: string }> }) =>
  input.ExpressionAttributeValues[":shard"]?.S;

const failure = async (promise: Promise<void>) =>
  promise.then(
    () => undefined,
    (error: Error) => error,
  );

describe("answerJobEnd", () => {
  const logs = keepLogs();

  test.each([
    ["SUCCEEDED", ["run"]],
    ["TIMEOUT", ["alert", "metric", "run"]],
    ["FAILED", ["alert", "metric", "run"]],
    ["ERROR", ["alert", "metric", "run"]],
    ["STOPPED", []],
  ])("answers %s with %j when uploads are pending", async (state, expected) => {
    const { ended, order } = makeJobEnded({ pending: () => true });
    await answerJobEnd(ended, jobStateChange(state));
    expect(order).toEqual(expected);
  });

  test("emits the alert event that observability routes, and the metric of the alarm", async () => {
    const { ended, alerts, measured } = makeJobEnded({});
    await answerJobEnd(ended, jobStateChange("FAILED", "uploads-job", "out of memory"));
    const [entry] = alerts[0]?.input.Entries ?? [];
    expect(entry).toMatchObject({ Source: "tributary.dev", DetailType: "Tributary Alert" });
    expect(JSON.parse(entry.Detail)).toEqual({
      environment: "dev",
      severity: "error",
      summary: "job uploads-job of dev ended FAILED (run jr_1)",
      jobName: "uploads-job",
      jobRunId: "jr_1",
      reason: "out of memory",
    });
    expect(measured[0]?.input).toEqual({
      Namespace: "Tributary",
      MetricData: [
        {
          MetricName: "JobFailures",
          Value: 1,
          Unit: "Count",
          Dimensions: [{ Name: "Environment", Value: "dev" }],
        },
      ],
    });
  });

  test("logs the end with the words of Glue", async () => {
    await answerJobEnd(makeJobEnded({}).ended, jobStateChange("FAILED", "uploads-job", "out of memory"));
    expect(logs.lines()[0]).toMatchObject({
      level: "error",
      message: "a job run ended",
      reason: "out of memory",
    });
  });

  test.each<[string, Faults, string, string[]]>([
    [
      "an alert that cannot be sent",
      { alert: () => awsError("InternalException") },
      "alert: InternalException",
      ["alert", "metric", "run"],
    ],
    [
      "an alert that the bus refuses",
      { alert: () => ({ FailedEntryCount: 1, Entries: [{ ErrorCode: "ThrottlingException" }] }) },
      "alert: AlertRefusedError",
      ["alert", "metric", "run"],
    ],
    [
      "a metric that cannot be sent",
      { metric: () => awsError("InternalServiceFault") },
      "count the failure: InternalServiceFault",
      ["alert", "metric", "run"],
    ],
    [
      "a run that cannot be started",
      { run: () => awsError("InternalServiceException") },
      "restart: InternalServiceException",
      ["alert", "metric", "run"],
    ],
  ])("does every other duty in spite of %s, then throws", async (_, faults, message, expected) => {
    const { ended, order } = makeJobEnded({ pending: () => true, ...faults });
    expect((await failure(answerJobEnd(ended, jobStateChange("TIMEOUT"))))?.message).toMatch(message);
    expect(order).toEqual(expected);
  });

  test.each([
    ["SUCCEEDED", "whatever is available", "1970-01-01T00:00:00.000Z"],
    ["TIMEOUT", "whatever is available", "1970-01-01T00:00:00.000Z"],
    ["FAILED", "what became available since the run began", BEGAN.toISOString()],
    ["ERROR", "what became available since the run began", BEGAN.toISOString()],
  ])("asks all shards, after %s, for %s", async (state, _, since) => {
    const { ended, queries } = makeJobEnded({ pending: () => true });
    await answerJobEnd(ended, jobStateChange(state));
    expect(queries().map(({ input }) => shardOf(input))).toEqual(["0", "1", "2", "3", "4", "5", "6", "7"]);
    expect(queries()[0]?.input).toMatchObject({
      IndexName: "pending",
      KeyConditionExpression: "pending_shard = :shard AND available_at BETWEEN :since AND :now",
      ExpressionAttributeValues: { ":since": { S: since }, ":now": { S: "2026-01-31T12:00:00.000Z" } },
      Limit: 1,
    });
  });

  test.each([
    [0, []],
    [1, [1_000]],
    [2, [1_000, 2_000]],
    [3, [1_000, 2_000, 4_000]],
  ])("starts a run although the index is stale for %i askings", async (stale, slept) => {
    const { ended, order, clock } = makeJobEnded({ pending: (asking) => asking >= stale });
    await answerJobEnd(ended, jobStateChange("SUCCEEDED"));
    expect(order).toEqual(["run"]);
    expect(clock.slept).toEqual(slept);
  });

  test("starts nothing when the index stays empty over seven seconds", async () => {
    const { ended, order, clock, queries } = makeJobEnded({});
    await answerJobEnd(ended, jobStateChange("SUCCEEDED"));
    expect(order).toEqual([]);
    expect(clock.slept).toEqual([1_000, 2_000, 4_000]);
    expect(queries()).toHaveLength(4 * SHARDS);
  });

  test("forgets the request for a run before each look, so that whoever comes after it asks anew", async () => {
    const { ended, sent } = makeJobEnded({});
    await answerJobEnd(ended, jobStateChange("SUCCEEDED"));
    const look = ["DeleteItemCommand", ...Array(SHARDS).fill("QueryCommand")];
    expect(sent.map(({ name }) => name)).toEqual([...look, ...look, ...look, ...look]);
    expect(sent[0]?.input).toEqual({
      TableName: "uploads",
      Key: { object: { S: "#run" }, version: { S: "requested" } },
    });
  });

  test("forgets the request for a run that was stopped", async () => {
    const { ended, forgotten } = makeJobEnded({});
    await answerJobEnd(ended, jobStateChange("STOPPED"));
    expect(forgotten).toHaveLength(1);
  });

  test.each([
    ["is refused until the slot is free", refused],
    ["is throttled", () => awsError("ThrottlingException")],
    ["has no room in the account", () => awsError("ResourceNumberLimitExceededException")],
  ])("tries a run again that %s", async (_, refusal) => {
    const { ended, order, clock } = makeJobEnded({
      pending: () => true,
      run: (call) => (call < 4 ? refusal() : undefined),
    });
    await answerJobEnd(ended, jobStateChange("SUCCEEDED"));
    expect(order).toHaveLength(5);
    expect(clock.slept).toEqual([1_000, 2_000, 4_000, 8_000]);
  });

  test("leaves the uploads to the run that still holds the slot after a minute", async () => {
    const { ended, order, clock } = makeJobEnded({ pending: () => true, run: refused });
    await answerJobEnd(ended, jobStateChange("SUCCEEDED"));
    expect(order.length).toBeGreaterThan(5);
    const waited = clock.slept.reduce((sum, one) => sum + one, 0);
    expect(waited).toBeGreaterThan(50_000);
    expect(waited).toBeLessThanOrEqual(60_000);
  });

  test("starts no run for nothing when another one took the uploads meanwhile", async () => {
    const { ended, order } = makeJobEnded({ pending: (asking) => asking === 0, run: refused });
    await answerJobEnd(ended, jobStateChange("SUCCEEDED"));
    expect(order).toEqual(["run"]);
  });

  test.each([[undefined], [{}], [jobStateChange("RUNNING")], [{ detail: { state: "FAILED" } }]])(
    "rejects %j as no end of a run",
    async (event) => {
      const { ended } = makeJobEnded({});
      expect(await failure(answerJobEnd(ended, event))).toBeInstanceOf(UnexpectedEventError);
    },
  );
});
