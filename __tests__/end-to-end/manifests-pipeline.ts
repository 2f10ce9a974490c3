import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { DisableRuleCommand, EnableRuleCommand, EventBridgeClient } from "@aws-sdk/client-eventbridge";
import {
  ConcurrentRunsExceededException,
  GetJobRunsCommand,
  type JobRun,
  StartJobRunCommand,
} from "@aws-sdk/client-glue";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  bucketName,
  controlTableName,
  functionName,
  manifestsJobName,
  queueName,
} from "../../environments/schema";
import { type Accounts, accountFor } from "../../local/outcome/accounts";
import { clientsOf } from "../../local/platform/clients";
import { Clicks } from "../support/clicks";
import { eventually } from "../support/eventually";
import {
  environment,
  holdWork,
  killJob,
  type TestPlatform,
  withoutNotification,
} from "../support/local-platform";

const SCRIPT = "manifests_stream";
const JOB = manifestsJobName(environment);

/** What is broken on purpose in a deployed pipeline; afterwards every line is counted. */
export function breakManifestsPipeline(platformOf: () => TestPlatform): void {
  describe("the manifests pipeline", () => {
    let platform: TestPlatform;
    let clicks: Clicks;

    beforeAll(() => {
      platform = platformOf();
      clicks = new Clicks(platform, 10);
    });

    afterAll(() => order("running"));

    test("turns NDJSON into Parquet and keeps its books where roles are enforced", async () => {
      await clicks.send(2);
      await invoke("control-plane", { kind: "tick" });
      await allSettled();
    });

    test("lets the manifest reconciler do all that it does where roles are enforced", () =>
      invoke("manifests-reconciler"));

    test("goes on where a job was killed in the midst of its work", async () => {
      const killed = await eventually("a run that the schedule did not start", async () => {
        await order("stopped");
        await eventually("no run", async () => (await jobRuns()).every(({ CompletedOn }) => CompletedOn));
        await order("running");
        return startWithShortVisibility();
      });
      await clicks.send(4);
      await holdWork(killed, SCRIPT, async () => {
        await eventually("a manifest in work", async () => (await inWork()) > 0);
        killJob(killed, SCRIPT);
      });
      const failed = await eventually("the end of the run", async () =>
        (await jobRuns()).find(({ Id, CompletedOn }) => Id === killed && CompletedOn !== undefined),
      );
      expect(failed.JobRunState).toBe("FAILED");
      await startWithShortVisibility();
      await allSettled();
    });

    test("takes into the books what no ManifestProcessed event told of", async () => {
      const events = new EventBridgeClient(clientsOf(platform.aws).settings);
      const Name = `${functionName(environment, "control-plane")}-manifests-processed`;
      const before = await tables();
      await events.send(new DisableRuleCommand({ Name }));
      try {
        await clicks.send(2);
        await eventually("Parquet", async () => (await tables()) > before);
        await reconciled();
      } finally {
        await events.send(new EnableRuleCommand({ Name }));
        events.destroy();
      }
    });

    test("finds a file that no event announced", async () => {
      await withoutNotification(platform, () => clicks.send(2));
      await reconciled();
    });

    test("has lost no line and none twice in all of this", async () => {
      const { python, variables, output } = platform;
      const { signal } = new AbortController();
      const common = { environment, output, signal, python, variables };
      const { clicks: accounts } = await accountFor("manifests", { ...common, uploads: clicks.uploads });
      const expected: Partial<Accounts> = { files: 10, lost: 0, duplicated: 0, problems: [] };
      expect(accounts).toMatchObject(expected);
      expect(accounts?.rowsIn).toBe(Number(accounts?.rowsOut) + Number(accounts?.deadLetters));
      expect(accounts?.deadLetters).toBeGreaterThan(0);
    });

    function allSettled(): Promise<unknown> {
      return eventually("an outcome of each file", () => clicks.areSettled());
    }

    /** Has the reconciler look, as its schedule does each minute, until each file has its outcome. */
    async function reconciled(): Promise<void> {
      await eventually("an outcome of each file", async () => {
        await invoke("manifests-reconciler");
        return clicks.areSettled();
      });
    }

    async function invoke(
      name: "control-plane" | "manifests-reconciler",
      event: unknown = {},
    ): Promise<void> {
      const FunctionName = functionName(environment, name);
      const Payload = Buffer.from(JSON.stringify(event));
      const answer = await platform.lambda.send(new InvokeCommand({ FunctionName, Payload }));
      expect(answer.FunctionError && Buffer.from(answer.Payload ?? []).toString()).toBeUndefined();
    }

    /**
     * Starts a run whose messages come back a few seconds after its death, instead of a quarter of an hour; undefined
     * where the control plane was faster.
     */
    async function startWithShortVisibility(): Promise<string | undefined> {
      const start = new StartJobRunCommand({ JobName: JOB, Arguments: { "--visibility_seconds": "5" } });
      try {
        return (await platform.glue.send(start)).JobRunId;
      } catch (error) {
        if (error instanceof ConcurrentRunsExceededException) return undefined;
        throw error;
      }
    }

    async function jobRuns(): Promise<JobRun[]> {
      const { JobRuns = [] } = await platform.glue.send(new GetJobRunsCommand({ JobName: JOB }));
      return JobRuns;
    }

    /** Says what is wanted of the streaming job, as an operator does. */
    async function order(desired: "running" | "stopped"): Promise<void> {
      const dynamo = new DynamoDBClient(clientsOf(platform.aws).settings);
      const Item = { name: { S: "streaming-job" }, desired: { S: desired } };
      await dynamo.send(new PutItemCommand({ TableName: controlTableName(environment), Item }));
      dynamo.destroy();
    }

    /** Manifests that the job has received and not finished. */
    async function inWork(): Promise<number> {
      const sqs = new SQSClient(clientsOf(platform.aws).settings);
      const { QueueUrl } = await sqs.send(
        new GetQueueUrlCommand({ QueueName: queueName(environment, "manifests-ready") }),
      );
      const name = "ApproximateNumberOfMessagesNotVisible";
      const { Attributes } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [name] }),
      );
      sqs.destroy();
      return Number(Attributes?.[name]);
    }

    async function tables(): Promise<number> {
      const { KeyCount = 0 } = await platform.s3.send(
        new ListObjectsV2Command({ Bucket: bucketName(environment, "curated"), Prefix: "tables/clicks/" }),
      );
      return KeyCount;
    }
  });
}
