import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import {
  CreateJobCommand,
  type CreateJobCommandInput,
  GetJobRunCommand,
  GlueClient,
  type JobRun,
  StartJobRunCommand,
} from "@aws-sdk/client-glue";
import {
  CreateFunctionCommand,
  InvokeCommand,
  LambdaClient,
  waitUntilFunctionActiveV2,
} from "@aws-sdk/client-lambda";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import {
  ACCOUNT,
  type Emulator,
  REGION,
  ROOT_CREDENTIALS,
  startEmulator,
} from "../../local/emulator/emulator";
import type { Clock } from "../../local/glue-runner/clock";
import { type GlueRunner, startGlueRunner } from "../../local/glue-runner/server";
import { ensurePython } from "../../setup/python";
import { eventually } from "../support/eventually";

/** A minute of a job's timeout in these tests. */
export const MINUTE_MILLISECONDS = 1000;
/** A script that works until it is ended, however long its test takes. */
export const ENDLESS = "import time; time.sleep(3600)";
export const ARTIFACTS = "artifacts";

/** An emulator and a Glue runner whose minutes are short, with a bucket for scripts. */
export interface TestPlatform {
  readonly folder: string;
  readonly emulator: Emulator;
  readonly runner: GlueRunner;
  readonly warnings: string[];
  readonly glue: GlueClient;
  readonly client: { endpoint: string; region: string; credentials: typeof ROOT_CREDENTIALS };
  stop(): Promise<void>;
}

export async function startTestPlatform({
  clock,
  ...options
}: {
  auth?: boolean;
  clock?: Clock;
} = {}): Promise<TestPlatform> {
  const folder = mkdtempSync(join(tmpdir(), "tributary-test-"));
  const warnings: string[] = [];
  const { python } = await ensurePython("run", () => undefined);
  const runner = await startGlueRunner({
    python,
    folder,
    variables: { PGHOST: "127.0.0.1", HOME: "/not/this" },
    warn: (message) => warnings.push(message),
    minuteMilliseconds: MINUTE_MILLISECONDS,
    ...(clock ? { clock } : {}),
  });
  const emulator = await startEmulator({ ...options, python, folder, glueEndpoint: runner.endpoint });
  runner.connect(emulator.endpoint);
  const client = { endpoint: emulator.endpoint, region: REGION, credentials: ROOT_CREDENTIALS };
  const glue = new GlueClient({ ...client, endpoint: runner.endpoint });
  await inS3(client, (s3) => s3.send(new CreateBucketCommand({ Bucket: ARTIFACTS })));
  const stop = async () => {
    glue.destroy();
    await runner.stop();
    await emulator.stop();
    rmSync(folder, { recursive: true });
  };
  return { folder, emulator, runner, warnings, glue, client, stop };
}

async function inS3<Result>(
  client: TestPlatform["client"],
  work: (s3: S3Client) => Promise<Result>,
): Promise<Result> {
  const s3 = new S3Client({ ...client, forcePathStyle: true });
  return work(s3).finally(() => s3.destroy());
}

export async function putArtifact(
  platform: TestPlatform,
  key: string,
  body: string | Uint8Array,
): Promise<string> {
  await inS3(platform.client, (s3) =>
    s3.send(new PutObjectCommand({ Bucket: ARTIFACTS, Key: key, Body: Buffer.from(body) })),
  );
  return `s3://${ARTIFACTS}/${key}`;
}

/** Creates a job whose script is `source`. */
export async function createJob(
  platform: TestPlatform,
  name: string,
  source: string,
  fields: Partial<CreateJobCommandInput> = {},
): Promise<void> {
  const ScriptLocation = await putArtifact(platform, `${name}.py`, source);
  const Command = { Name: "glueetl", ScriptLocation, PythonVersion: "3" };
  await platform.glue.send(
    new CreateJobCommand({ Name: name, Role: "arn:aws:iam::000000000000:role/job", Command, ...fields }),
  );
}

export async function startRun(
  platform: TestPlatform,
  name: string,
  runArguments?: Record<string, string>,
): Promise<string> {
  const { JobRunId = "" } = await platform.glue.send(
    new StartJobRunCommand({ JobName: name, ...(runArguments ? { Arguments: runArguments } : {}) }),
  );
  return JobRunId;
}

/** Asks for a run until `holds` is true of it. */
export async function waitForRun(
  platform: TestPlatform,
  name: string,
  id: string,
  holds: (run: JobRun) => boolean = (run) => run.CompletedOn !== undefined,
): Promise<JobRun> {
  return eventually(`what is awaited of ${id}`, async () => {
    const { JobRun: run } = await platform.glue.send(new GetJobRunCommand({ JobName: name, RunId: id }));
    return run && holds(run) ? run : undefined;
  });
}

/** The lines of a run in one of Glue's log groups. */
export async function logLines(platform: TestPlatform, group: string, id: string): Promise<string[]> {
  const logs = new CloudWatchLogsClient(platform.client);
  try {
    const { events = [] } = await logs.send(
      new FilterLogEventsCommand({ logGroupName: group, logStreamNames: [id] }),
    );
    return events.map((event) => event.message ?? "");
  } finally {
    logs.destroy();
  }
}

/** Whether a process runs; one that has ended and waits for its parent to see it does not. */
export function isRunning(pid: number): boolean {
  const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" });
  return stdout.trim() !== "" && !stdout.startsWith("Z");
}

/** A function's code: `source` as index.js in a zip. */
export function functionArchive(python: string, folder: string, source: string): Buffer {
  const archive = join(folder, "function.zip");
  const make = "import sys, zipfile; zipfile.ZipFile(sys.argv[1], 'w').writestr('index.js', sys.argv[2])";
  execFileSync(python, ["-c", make, archive, source]);
  return readFileSync(archive);
}

/** Deploys `source` as the function `probe`, with the role of that name, and returns what it answers. */
export async function invokeFunction(client: TestPlatform["client"], folder: string, source: string) {
  const { python } = await ensurePython("run", () => undefined);
  const lambda = new LambdaClient(client);
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: "probe",
      Runtime: "nodejs22.x",
      Handler: "index.handler",
      Role: `arn:aws:iam::${ACCOUNT}:role/probe`,
      Code: { ZipFile: functionArchive(python, folder, source) },
      Environment: { Variables: { OWN: "1" } },
    }),
  );
  await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 10 }, { FunctionName: "probe" });
  const { Payload } = await lambda.send(new InvokeCommand({ FunctionName: "probe" }));
  lambda.destroy();
  return JSON.parse(Buffer.from(Payload ?? []).toString());
}

/** What Glue's next event of a job says; asked for before the job runs, for a queue is to take it. */
export async function tellsOf(
  platform: TestPlatform,
  job: string,
): Promise<() => Promise<Record<string, unknown>>> {
  const sqs = new SQSClient(platform.client);
  const events = new EventBridgeClient(platform.client);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: job }));
  const pattern = {
    source: ["aws.glue"],
    "detail-type": ["Glue Job State Change"],
    detail: { jobName: [job] },
  };
  await events.send(new PutRuleCommand({ Name: job, EventPattern: JSON.stringify(pattern) }));
  const Arn = `arn:aws:sqs:us-east-1:000000000000:${job}`;
  await events.send(new PutTargetsCommand({ Rule: job, Targets: [{ Id: "queue", Arn }] }));
  events.destroy();
  return async () => {
    const body = await eventually(`an event of ${job}`, async () => {
      const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
      return Messages?.[0]?.Body;
    });
    sqs.destroy();
    return JSON.parse(body).detail;
  };
}
