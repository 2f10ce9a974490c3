import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateTableCommand, DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { CreateJobCommand, GetJobRunsCommand, GlueClient } from "@aws-sdk/client-glue";
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import {
  CreateBucketCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { type LocalAws, startLocalAws } from "../../../local/platform/aws";

export const TABLE = "uploads";
export const BUCKET = "raw";
export const JOB = "uploads-job";

/** The parts of the platform that the functions touch, made by hand on an emulator of this test file alone. */
export interface Emulated {
  aws: LocalAws;
  s3: S3Client;
  /** Puts an object and gives its version id. */
  put(key: string, body?: string): Promise<string>;
  /** All items of the uploads table but the cursor, ordered by key and version. */
  items(): Promise<Record<string, unknown>[]>;
  /** States of all runs of the job. */
  runs(): Promise<string[]>;
  newestRun(): Promise<string>;
  stop(): Promise<void>;
}

/**
 * Starts an emulator, points this process's SDK clients and `variables` at it, and makes the bucket, the table and
 * a job whose runs sleep. Import the handler afterwards: it reads its variables when it is loaded.
 */
export async function startEmulated(
  jobSeconds: number,
  variables: Record<string, string>,
): Promise<Emulated> {
  const folder = mkdtempSync(join(tmpdir(), "tributary-handlers-"));
  const aws = await startLocalAws({ folder, report: () => {} });
  Object.assign(process.env, aws.environment, variables);
  const s3 = new S3Client({ forcePathStyle: true });
  const dynamo = new DynamoDBClient();
  const glue = new GlueClient();
  await makeTable(dynamo);
  await makeBucket(s3);
  await makeJob(s3, glue, jobSeconds);
  return {
    aws,
    s3,
    put: async (Key, Body = "id\n1\n") => {
      const { VersionId } = await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
      return String(VersionId);
    },
    items: () => readItems(dynamo),
    runs: async () => {
      const { JobRuns = [] } = await glue.send(new GetJobRunsCommand({ JobName: JOB }));
      return JobRuns.map((run) => String(run.JobRunState));
    },
    newestRun: async () => {
      const { JobRuns = [] } = await glue.send(new GetJobRunsCommand({ JobName: JOB }));
      return String(JobRuns[0]?.Id);
    },
    stop: async () => {
      for (const client of [s3, dynamo, glue]) client.destroy();
      await aws.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function makeTable(dynamo: DynamoDBClient): Promise<void> {
  const keys = ["object", "version", "pending_shard", "available_at"];
  await dynamo.send(
    new CreateTableCommand({
      TableName: TABLE,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: keys.map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
      KeySchema: [
        { AttributeName: "object", KeyType: "HASH" },
        { AttributeName: "version", KeyType: "RANGE" },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: "pending",
          KeySchema: [
            { AttributeName: "pending_shard", KeyType: "HASH" },
            { AttributeName: "available_at", KeyType: "RANGE" },
          ],
          Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["registered_at", "attempts"] },
        },
      ],
    }),
  );
}

async function makeBucket(s3: S3Client): Promise<void> {
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await s3.send(
    new PutBucketVersioningCommand({ Bucket: BUCKET, VersioningConfiguration: { Status: "Enabled" } }),
  );
}

async function makeJob(s3: S3Client, glue: GlueClient, seconds: number): Promise<void> {
  const Body = `import time\ntime.sleep(${seconds})\n`;
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: "scripts/sleep.py", Body }));
  const iam = new IAMClient();
  await iam.send(
    new CreateRoleCommand({
      RoleName: JOB,
      AssumeRolePolicyDocument: JSON.stringify({
        Version: "2012-10-17",
        Statement: [
          { Effect: "Allow", Principal: { Service: "glue.amazonaws.com" }, Action: "sts:AssumeRole" },
        ],
      }),
    }),
  );
  iam.destroy();
  await glue.send(
    new CreateJobCommand({
      Name: JOB,
      Role: JOB,
      Command: { Name: "glueetl", ScriptLocation: `s3://${BUCKET}/scripts/sleep.py` },
    }),
  );
}

async function readItems(dynamo: DynamoDBClient): Promise<Record<string, unknown>[]> {
  const { Items = [] } = await dynamo.send(new ScanCommand({ TableName: TABLE, ConsistentRead: true }));
  return Items.map((item) =>
    Object.fromEntries(Object.entries(item).map(([name, value]) => [name, Object.values(value)[0]])),
  )
    .filter((item) => !String(item["object"]).startsWith("#"))
    .sort((one, other) => (identity(one) < identity(other) ? -1 : 1));
}

function identity(item: Record<string, unknown>): string {
  return `${item["object"]} ${item["version"]}`;
}
