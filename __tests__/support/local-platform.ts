import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { GetJobRunsCommand, GlueClient, type JobRun } from "@aws-sdk/client-glue";
import { IAMClient } from "@aws-sdk/client-iam";
import { LambdaClient } from "@aws-sdk/client-lambda";
import {
  GetBucketNotificationConfigurationCommand,
  GetObjectCommand,
  NoSuchKey,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { changesOf } from "../../cli/access/commands";
import { githubTrust } from "../../cli/access/trust";
import {
  applyRoleName,
  bucketName,
  iamArn,
  loadEnvironment,
  planRoleName,
  uploadsJobName,
  uploadsTableName,
} from "../../environments/schema";
import type { LocalAws } from "../../local/platform/aws";
import { clientsOf } from "../../local/platform/clients";
import { type Platform, startPlatform } from "../../local/platform/platform";
import { Steps } from "../../local/steps";
import { outputName } from "../../runtime/uploads/output-name";
import { eventually } from "./eventually";
import { assumeByToken } from "./web-identity";

const ENDED = new Set(["SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT"]);

/** The deployed local environment with clients of it, for one test file. */
export interface TestPlatform extends Platform {
  readonly output: string;
  readonly s3: S3Client;
  readonly dynamo: DynamoDBClient;
  readonly glue: GlueClient;
  readonly lambda: LambdaClient;
}

export const environment = loadEnvironment("local");
export const rawBucket = bucketName(environment, "raw");
export const curatedBucket = bucketName(environment, "curated");
export const quarantineBucket = bucketName(environment, "quarantine");

export const HEADER = "id,name,email,date,amount,status";

/** A customers file of `count` good rows whose amounts are all `amount`. */
export function customers(count: number, amount = "10.00"): string {
  const rows = Array.from(
    { length: count },
    (_, row) => `${row},Name ${row},n${row}@example.com,01-04-2025,${amount},active`,
  );
  return `${[HEADER, ...rows].join("\n")}\n`;
}

/**
 * Deploys the local environment as its workflow does, by the role that bootstrap makes for it, with the roles of functions and
 * jobs enforced, too.
 */
export async function deployTestPlatform(): Promise<TestPlatform> {
  const output = mkdtempSync(join(tmpdir(), "tributary-test-"));
  const signal = new AbortController().signal;
  const platform = await startPlatform({
    output,
    signal,
    steps: new Steps(signal, process.stderr),
    auth: true,
    deployer: async (aws) => {
      await giveAccess(aws);
      return workflowVariables(aws, "apply");
    },
  });
  const variables = platform.aws.environment;
  const client = {
    region: variables["AWS_REGION"] ?? "",
    credentials: {
      accessKeyId: variables["AWS_ACCESS_KEY_ID"] ?? "",
      secretAccessKey: variables["AWS_SECRET_ACCESS_KEY"] ?? "",
    },
    endpoint: platform.aws.endpoint,
  };
  return {
    ...platform,
    output,
    s3: new S3Client({ ...client, forcePathStyle: true }),
    dynamo: new DynamoDBClient(client),
    glue: new GlueClient({ ...client, endpoint: platform.aws.glueEndpoint }),
    lambda: new LambdaClient(client),
    stop: async () => {
      await platform.stop();
      rmSync(output, { recursive: true, force: true });
    },
  };
}

/** Workflows of a repository that may plan and deploy the environment. */
const TRUST = githubTrust(environment, "example/lake");

/** Makes the roles of the workflows, or repairs them. */
export async function giveAccess(aws: TestPlatform["aws"]): Promise<void> {
  const { settings, s3 } = clientsOf(aws);
  for (const { make } of await changesOf({ iam: new IAMClient(settings), s3 }, environment, TRUST))
    await make();
}

/** Variables of a workflow's steps, once it has assumed its role. */
export async function workflowVariables(
  aws: Pick<LocalAws, "endpoint">,
  workflow: "plan" | "apply",
): Promise<NodeJS.ProcessEnv> {
  const [name, [sub = ""]] =
    workflow === "plan"
      ? [planRoleName(environment), TRUST.planSubjects]
      : [applyRoleName(environment), TRUST.applySubjects];
  const role = iamArn(environment, "role", name);
  const { status, credentials } = await assumeByToken(aws.endpoint, role, { sub });
  if (credentials === undefined)
    throw new Error(`the workflow ${workflow} may not assume ${role}: ${status}`);
  return {
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
  };
}

/** Uploads one object below the customers' prefix; returns its key and version id. */
export async function put(
  platform: TestPlatform,
  file: string,
  body: string,
): Promise<{ key: string; version: string }> {
  const key = `input/customers/${file}`;
  const { VersionId = "" } = await platform.s3.send(
    new PutObjectCommand({ Bucket: rawBucket, Key: key, Body: body }),
  );
  return { key, version: VersionId };
}

/** The status of one object version in the uploads table; undefined when it is not registered. */
export async function statusOf(
  platform: TestPlatform,
  key: string,
  version: string,
): Promise<string | undefined> {
  const { Item } = await platform.dynamo.send(
    new GetItemCommand({
      TableName: uploadsTableName(environment),
      Key: { object: { S: `${rawBucket}/${key}` }, version: { S: version } },
      ConsistentRead: true,
    }),
  );
  return Item?.["status"]?.S;
}

/** Waits until this version has left `pending`; returns its status. */
export function finished(platform: TestPlatform, key: string, version: string): Promise<string> {
  return eventually(`an outcome of ${key}`, async () => {
    const status = await statusOf(platform, key, version);
    return status !== "pending" && status;
  });
}

export async function jobRuns(platform: TestPlatform): Promise<JobRun[]> {
  const { JobRuns = [] } = await platform.glue.send(
    new GetJobRunsCommand({ JobName: uploadsJobName(environment) }),
  );
  return JobRuns;
}

/** Waits until no run is at work, so that the next upload starts one of its own. */
export function idle(platform: TestPlatform): Promise<JobRun[]> {
  return eventually("an idle job", async () => {
    const runs = await jobRuns(platform);
    return runs.every((run) => ENDED.has(run.JobRunState ?? "")) && runs;
  });
}

/** An object's text; undefined when there is none. */
export async function textOf(
  platform: TestPlatform,
  bucket: string,
  key: string,
): Promise<string | undefined> {
  try {
    const { Body } = await platform.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return await Body?.transformToString();
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  }
}

/** The rows of a source's CSV output, its header left out. */
export async function outputRows(platform: TestPlatform, key: string): Promise<string[]> {
  const text = await textOf(platform, curatedBucket, `csv/customers/${outputName(key)}.csv`);
  return text === undefined ? [] : text.trimEnd().split("\n").slice(1);
}

/** Runs `work` while the raw bucket sends no notifications of its objects. */
export async function withoutNotification<Result>(
  platform: TestPlatform,
  work: () => Promise<Result>,
): Promise<Result> {
  const { $metadata, ...configuration } = await platform.s3.send(
    new GetBucketNotificationConfigurationCommand({ Bucket: rawBucket }),
  );
  const set = (value: typeof configuration) =>
    platform.s3.send(
      new PutBucketNotificationConfigurationCommand({ Bucket: rawBucket, NotificationConfiguration: value }),
    );
  await set({});
  try {
    return await work();
  } finally {
    await set(configuration);
  }
}

/**
 * Waits until a job run has given work to a process of its pool, and runs `meanwhile` while that is frozen:
 * the run's claim stays in work, for the driver renews the lease. A process loads modules for far longer than
 * the time between two looks before it works; a test that has to be sure looks for the claim itself.
 */
export async function holdWork(runId: string, script: string, meanwhile: () => Promise<void>): Promise<void> {
  const workers = await eventually(`work of job run ${runId}`, () => {
    const found = processesOf(runId, script).filter(({ args }) => args.includes("multiprocessing.spawn"));
    return found.length > 0 && found.map(({ pid }) => pid);
  });
  try {
    for (const pid of workers) process.kill(pid, "SIGSTOP");
    await meanwhile();
  } finally {
    // else a failed test leaves a run that renews its lease and never ends, and the next tests wait for it
    for (const pid of workers) goOn(pid);
  }
}

/** Lets a frozen process go on, unless it was killed meanwhile. */
function goOn(pid: number): void {
  try {
    process.kill(pid, "SIGCONT");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Kills all processes of a job run together, as a lost worker does. */
export function killJob(runId: string, script: string): void {
  const [one] = processesOf(runId, script);
  if (one === undefined) throw new Error(`no process of job run ${runId}`);
  process.kill(-one.group, "SIGKILL");
}

/** The process group of a job run; none before it begins and after it ends. */
function processesOf(runId: string, script: string): { pid: number; group: number; args: string }[] {
  const rows = execFileSync("ps", ["-A", "-o", "pid=,pgid=,args="], { encoding: "utf8" }).split("\n");
  const all = rows.map((row) => {
    const [pid, group, ...args] = row.trim().split(/\s+/);
    return { pid: Number(pid), group: Number(group), args: args.join(" ") };
  });
  const own = all.find(({ args }) => args.includes(runId) && args.includes(script));
  return all.filter(({ group }) => group === own?.group);
}
