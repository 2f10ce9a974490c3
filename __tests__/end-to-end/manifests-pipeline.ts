import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { DisableRuleCommand, EnableRuleCommand, EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { GetJobRunsCommand, StartJobRunCommand } from "@aws-sdk/client-glue";
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
import { accountForManifests, type ManifestsAccounts } from "../../local/outcome/accounts";
import { clientsOf } from "../../local/platform/clients";
import { Clicks } from "../support/clicks";
import {
  environment,
  eventually,
  killJob,
  type TestPlatform,
  withoutNotification,
} from "../support/local-platform";

const JOB = manifestsJobName(environment);

/** What is broken on purpose in a deployed pipeline; afterwards every line is counted. */
export function breakManifestPipeline(platformOf: () => TestPlatform): void {
  describe("the manifests pipeline", () => {
    let platform: TestPlatform;
    let clicks: Clicks;

    beforeAll(() => {
      platform = platformOf();
      clicks = new Clicks(platform, 8);
    });

    afterAll(() => order("running"));

    test("goes on where a job was killed in the midst of its work", async () => {
      await order("stopped");
      await eventually(
        "the end of a run that the schedule started",
        30,
        async () => (await running()) === undefined,
      );
      await order("running");
      const killed = await startWithShortVisibility();
      await clicks.send(4);
      await eventually("a manifest in work", 30, async () => (await inWork()) > 0);
      killJob(killed, "manifests_stream");
      await eventually("the failure", 30, async () => (await running()) === undefined);
      await startWithShortVisibility().catch(unlessItRuns);
      await allSettled(60);
    }, 150_000);

    test("takes into the books what no ManifestProcessed event told of", async () => {
      const events = new EventBridgeClient(clientsOf(platform.aws).settings);
      const Name = `${functionName(environment, "control-plane")}-manifests-processed`;
      const before = await tables();
      await events.send(new DisableRuleCommand({ Name }));
      try {
        await clicks.send(2);
        await eventually("Parquet", 40, async () => (await tables()) > before);
        await reconciled();
      } finally {
        await events.send(new EnableRuleCommand({ Name }));
        events.destroy();
      }
    }, 120_000);

    test("finds a file that no event announced", async () => {
      await withoutNotification(platform, () => clicks.send(2));
      await reconciled();
    }, 120_000);

    test("has lost no line and none twice in all of this", async () => {
      const { python, variables, output } = platform;
      const { signal } = new AbortController();
      const common = { environment, output, signal, python, variables };
      const accounts = await accountForManifests({ ...common, uploads: clicks.uploads });
      const expected: Partial<ManifestsAccounts> = { files: 8, lost: 0, duplicated: 0, problems: [] };
      expect(accounts).toMatchObject(expected);
      expect(accounts.rowsIn).toBe(accounts.rowsOut + accounts.deadLetters);
      expect(accounts.deadLetters).toBeGreaterThan(0);
    }, 60_000);

    function allSettled(seconds: number): Promise<unknown> {
      return eventually("an outcome of each file", seconds, () => clicks.areSettled());
    }

    /** Has the reconciler look, as its schedule does each minute, until each file has its outcome. */
    async function reconciled(): Promise<void> {
      await eventually("an outcome of each file", 60, async () => {
        const { FunctionError, Payload } = await platform.lambda.send(
          new InvokeCommand({ FunctionName: functionName(environment, "manifests-reconciler") }),
        );
        expect(FunctionError && Buffer.from(Payload ?? []).toString()).toBeUndefined();
        return clicks.areSettled();
      });
    }

    /** Starts a run whose messages come back a few seconds after its death, instead of a quarter of an hour. */
    async function startWithShortVisibility(): Promise<string> {
      const { JobRunId = "" } = await platform.glue.send(
        new StartJobRunCommand({ JobName: JOB, Arguments: { "--visibility_seconds": "5" } }),
      );
      return JobRunId;
    }

    async function running(): Promise<string | undefined> {
      const { JobRuns = [] } = await platform.glue.send(new GetJobRunsCommand({ JobName: JOB }));
      return JobRuns.find(({ CompletedOn }) => CompletedOn === undefined)?.Id;
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

/** The control plane may have been faster. */
function unlessItRuns(error: Error): void {
  if (error.name !== "ConcurrentRunsExceededException") throw error;
}
