import { CloudWatchClient, ListMetricsCommand } from "@aws-sdk/client-cloudwatch";
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { eventually } from "../support/eventually";
import { BUCKET, type Emulated, JOB, startEmulated, TABLE } from "./support/emulator";
import { jobStateChange, s3Event } from "./support/events";
import { keepLogs } from "./support/logs";

const JOB_SECONDS = 3;

let emulated: Emulated;
let jobEnded: (event: unknown) => Promise<void>;
let trigger: (event: unknown) => Promise<void>;

beforeAll(async () => {
  emulated = await startEmulated(JOB_SECONDS, {
    UPLOADS_TABLE: TABLE,
    JOB_NAME: JOB,
    ENVIRONMENT: "test",
    METRIC_NAMESPACE: "Tributary",
    ALERT_SOURCE: "tributary.test",
  });
  ({ handler: jobEnded } = await import("../../handlers/uploads-job-ended"));
  ({ handler: trigger } = await import("../../handlers/uploads-trigger"));
});

afterAll(() => emulated.stop());

describe("uploads-job-ended on the emulator", () => {
  keepLogs();

  test("starts nothing when nothing is pending", async () => {
    await jobEnded(jobStateChange("SUCCEEDED", JOB));
    expect(await emulated.runs()).toEqual([]);
  });

  test("starts the next run as soon as the slot of the last one is free", async () => {
    await trigger(s3Event({ bucket: BUCKET, key: "input/customers/a.csv" }));
    expect(await emulated.runs()).toHaveLength(1);
    await jobEnded(jobStateChange("SUCCEEDED", JOB));
    expect(await emulated.runs()).toEqual([expect.stringMatching(/STARTING|RUNNING/), "SUCCEEDED"]);
  });

  test("starts a run after a failed one for what came while it ran, and for nothing older", async () => {
    const failed = await emulated.newestRun();
    const before = (await emulated.runs()).length;
    await jobEnded(jobStateChange("FAILED", JOB, "", failed));
    expect(await emulated.runs()).toHaveLength(before);
    await eventually("an idle job", async () =>
      (await emulated.runs()).every((state) => state === "SUCCEEDED"),
    );
    await trigger(s3Event({ bucket: BUCKET, key: "input/customers/late.csv" }));
    expect(await emulated.runs()).toHaveLength(before + 1);
    await jobEnded(jobStateChange("FAILED", JOB, "", failed));
    expect(await emulated.runs()).toHaveLength(before + 2);
  });

  test("sends an alert that a rule can route, and counts the failure", async () => {
    const receive = await queueOfAlerts();
    const run = await emulated.newestRun();
    await jobEnded(jobStateChange("FAILED", JOB, "out of memory", run));
    expect(await receive()).toMatchObject({
      source: "tributary.test",
      "detail-type": "Tributary Alert",
      detail: {
        environment: "test",
        severity: "error",
        jobName: JOB,
        jobRunId: run,
        reason: "out of memory",
      },
    });
    const cloudwatch = new CloudWatchClient();
    const { Metrics = [] } = await cloudwatch.send(new ListMetricsCommand({ Namespace: "Tributary" }));
    cloudwatch.destroy();
    expect(Metrics).toMatchObject([
      { MetricName: "JobFailures", Dimensions: [{ Name: "Environment", Value: "test" }] },
    ]);
  });
});

/** Routes alert events to a queue as observability routes them to its topic; gives a reader of the first. */
async function queueOfAlerts(): Promise<() => Promise<unknown>> {
  const [sqs, events] = [new SQSClient(), new EventBridgeClient()];
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "alerts" }));
  const EventPattern = JSON.stringify({ source: ["tributary.test"], "detail-type": ["Tributary Alert"] });
  await events.send(new PutRuleCommand({ Name: "alerts", EventPattern }));
  const Arn = "arn:aws:sqs:us-east-1:000000000000:alerts";
  await events.send(new PutTargetsCommand({ Rule: "alerts", Targets: [{ Id: "queue", Arn }] }));
  events.destroy();
  return async () => {
    const body = await eventually("an alert", async () => {
      const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 5 }));
      return Messages?.[0]?.Body;
    });
    sqs.destroy();
    return JSON.parse(body);
  };
}
