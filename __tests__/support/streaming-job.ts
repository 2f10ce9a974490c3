import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import {
  ConcurrentRunsExceededException,
  GetJobRunsCommand,
  type JobRun,
  StartJobRunCommand,
} from "@aws-sdk/client-glue";
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from "@aws-sdk/client-sqs";
import { controlTableName, manifestsJobName, queueName } from "../../environments/schema";
import { clientsOf } from "../../local/platform/clients";
import { eventually } from "./eventually";
import { environment, type TestPlatform } from "./local-platform";

const JOB = manifestsJobName(environment);

/** The streaming job of one test platform. */
export class StreamingJob {
  constructor(private readonly platform: TestPlatform) {}

  /** Ends the run that the schedule started, and starts one by `start`; returns its id. */
  replaceRun(): Promise<string> {
    return eventually("a run that the schedule did not start", async () => {
      await this.order("stopped");
      await eventually("no run", async () => (await this.runs()).every(({ CompletedOn }) => CompletedOn));
      await this.order("running");
      return this.start();
    });
  }

  /**
   * Starts a run whose messages come back a few seconds after its death, instead of a quarter of an hour; undefined
   * where the control plane was faster.
   */
  async start(): Promise<string | undefined> {
    const start = new StartJobRunCommand({ JobName: JOB, Arguments: { "--visibility_seconds": "5" } });
    try {
      return (await this.platform.glue.send(start)).JobRunId;
    } catch (error) {
      if (error instanceof ConcurrentRunsExceededException) return undefined;
      throw error;
    }
  }

  async runs(): Promise<JobRun[]> {
    const { JobRuns = [] } = await this.platform.glue.send(new GetJobRunsCommand({ JobName: JOB }));
    return JobRuns;
  }

  /** Says what is wanted of the job, as an operator does. */
  async order(desired: "running" | "stopped"): Promise<void> {
    const dynamo = new DynamoDBClient(clientsOf(this.platform.aws).settings);
    const Item = { name: { S: "streaming-job" }, desired: { S: desired } };
    await dynamo.send(new PutItemCommand({ TableName: controlTableName(environment), Item }));
    dynamo.destroy();
  }

  /** Manifests that the job has received and not finished. */
  async inWork(): Promise<number> {
    const sqs = new SQSClient(clientsOf(this.platform.aws).settings);
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
}
