import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateTableCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { CreateJobCommand } from "@aws-sdk/client-glue";
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { CreateEventSourceMappingCommand, CreateFunctionCommand } from "@aws-sdk/client-lambda";
import { CreateBucketCommand, PutBucketVersioningCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { CreateQueueCommand, type Message, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { connect } from "../../../cli/operator/command/clients";
import { type Clients, disconnect } from "../../../cli/operator/command/operator";
import { keptFunctions, queueUrl } from "../../../cli/operator/manifests/queues";
import { operatorProgram } from "../../../cli/operator/program";
import {
  type BucketName,
  bucketName,
  controlTableName,
  deadLetterQueueName,
  failureQueueName,
  functionName,
  loadEnvironment,
  manifestsJobName,
  metricsTableName,
  PIPELINE_QUEUES,
  queueName,
  trackingTableName,
  undeliveredEventsName,
  uploadsJobName,
  uploadsTableName,
} from "../../../environments/schema";
import { startLocalAws } from "../../../local/platform/aws";
import { PENDING_INDEX } from "../../../runtime/indexes";
import {
  type ManifestEntry,
  type ManifestName,
  manifestBody,
  manifestKey,
  parquetKey,
  type Receipt,
  receiptKey,
} from "../../../runtime/manifests/manifests";
import { headKey, type TrackedFile, toItem, versionKey } from "../../../runtime/manifests/tracking";
import { ensurePython } from "../../../setup/python";

export const environment = loadEnvironment("local");
export const RAW = bucketName(environment, "raw");
export const MANIFESTS = bucketName(environment, "manifests");
const SHARDS = environment.manifests.trackingShards;

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The parts of the manifests pipeline that an operator sees, under the names of the local environment. */
export interface Operated {
  readonly aws: Clients;
  put(bucket: BucketName, key: string, body: string, metadata?: Record<string, string>): Promise<string>;
  /** Tracks a version: as the head of its key, or beside it. */
  track(file: TrackedFile, as?: "head" | "history"): Promise<void>;
  /** Writes a manifest and, where there is one, its receipt and its Parquet object of that generation. */
  publish(name: ManifestName, files: readonly TrackedFile[], receipt?: Partial<Receipt>): Promise<void>;
  /** Takes all messages of a queue. */
  take(queue: string): Promise<Message[]>;
  /** A command line against it, in this process. */
  tributary(...words: readonly string[]): Promise<Outcome>;
  stop(): Promise<void>;
}

export async function startOperated(): Promise<Operated> {
  const folder = mkdtempSync(join(tmpdir(), "tributary-operator-"));
  const local = await startLocalAws({ folder, report: () => {} });
  Object.assign(process.env, local.environment);
  const aws = connect(environment);
  await Promise.all([makeBuckets(aws), makeTables(aws), makeQueues(aws), makeFailureQueues(aws)]);
  await makeJob(aws);
  await makeBuilder(aws, folder);
  const put: Operated["put"] = async (bucket, Key, Body, Metadata = {}) => {
    const Bucket = bucketName(environment, bucket);
    const { VersionId } = await aws.s3.send(new PutObjectCommand({ Bucket, Key, Body, Metadata }));
    return String(VersionId);
  };
  return {
    aws,
    put,
    track: (file, as = "head") => track(aws, file, as),
    publish: async (name, files, receipt) => {
      await put("manifests", manifestKey(name), manifestBody(name, files.map(entryOf)));
      if (receipt === undefined) return;
      const whole = receiptOf(name, receipt);
      await put("manifests", receiptKey(name), JSON.stringify(whole));
      await put("curated", parquetKey(name), "PAR1", { generation: String(whole.generation) });
    },
    take: (queue) => take(aws, queue),
    tributary: (...words) => tributary(words),
    stop: async () => {
      disconnect(aws);
      await local.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function makeBuckets({ s3 }: Clients): Promise<void> {
  for (const name of ["raw", "manifests", "curated", "quarantine"] as const) {
    const Bucket = bucketName(environment, name);
    await s3.send(new CreateBucketCommand({ Bucket }));
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
  }
}

async function makeTables({ dynamo }: Clients): Promise<void> {
  const table = (TableName: string, hash: string, range?: string) => ({
    TableName,
    BillingMode: "PAY_PER_REQUEST" as const,
    AttributeDefinitions: [hash, ...(range === undefined ? [] : [range])].map((AttributeName) => ({
      AttributeName,
      AttributeType: "S" as const,
    })),
    KeySchema: [
      { AttributeName: hash, KeyType: "HASH" as const },
      ...(range === undefined ? [] : [{ AttributeName: range, KeyType: "RANGE" as const }]),
    ],
  });
  const tracking = table(trackingTableName(environment), "date_prefix", "file_name");
  const index = table("", "open_shard", "created_at");
  await dynamo.send(
    new CreateTableCommand({
      ...tracking,
      AttributeDefinitions: [...tracking.AttributeDefinitions, ...index.AttributeDefinitions],
      GlobalSecondaryIndexes: [
        {
          IndexName: "open",
          KeySchema: index.KeySchema,
          Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["manifest_path"] },
        },
      ],
    }),
  );
  await dynamo.send(
    new CreateTableCommand(table(metricsTableName(environment), "metric_date", "metric_type")),
  );
  await dynamo.send(new CreateTableCommand(table(controlTableName(environment), "name")));
  const uploads = table(uploadsTableName(environment), "object", "version");
  const pending = table("", "pending_shard", "available_at");
  await dynamo.send(
    new CreateTableCommand({
      ...uploads,
      AttributeDefinitions: [...uploads.AttributeDefinitions, ...pending.AttributeDefinitions],
      GlobalSecondaryIndexes: [
        { IndexName: PENDING_INDEX, KeySchema: pending.KeySchema, Projection: { ProjectionType: "ALL" } },
      ],
    }),
  );
}

async function makeQueues({ sqs }: Clients): Promise<void> {
  for (const queue of PIPELINE_QUEUES) {
    await sqs.send(new CreateQueueCommand({ QueueName: deadLetterQueueName(environment, queue) }));
    await sqs.send(new CreateQueueCommand({ QueueName: queueName(environment, queue) }));
  }
}

async function makeFailureQueues({ sqs }: Clients): Promise<void> {
  for (const name of keptFunctions(environment)) {
    await sqs.send(new CreateQueueCommand({ QueueName: failureQueueName(environment, name) }));
  }
  await sqs.send(new CreateQueueCommand({ QueueName: undeliveredEventsName(environment) }));
}

async function makeJob({ glue, s3 }: Clients): Promise<void> {
  await s3.send(
    new PutObjectCommand({ Bucket: MANIFESTS, Key: "sleep.py", Body: "import time\ntime.sleep(3600)\n" }),
  );
  const iam = new IAMClient();
  const document = (Service: string) =>
    JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { Service }, Action: "sts:AssumeRole" }],
    });
  await iam.send(
    new CreateRoleCommand({
      RoleName: "job",
      AssumeRolePolicyDocument: document("glue.amazonaws.com"),
    }),
  );
  iam.destroy();
  await glue.send(
    new CreateJobCommand({
      Name: manifestsJobName(environment),
      Role: "job",
      WorkerType: "G.1X",
      NumberOfWorkers: 2,
      Command: { Name: "gluestreaming", ScriptLocation: `s3://${MANIFESTS}/sleep.py` },
    }),
  );
  await glue.send(
    new CreateJobCommand({
      Name: uploadsJobName(environment),
      Role: "job",
      Command: { Name: "glueetl", ScriptLocation: `s3://${MANIFESTS}/sleep.py` },
    }),
  );
}

async function makeBuilder({ lambda }: Clients, folder: string): Promise<void> {
  const { python } = await ensurePython("run", () => {});
  const archive = join(folder, "function.zip");
  const make = "import sys, zipfile; zipfile.ZipFile(sys.argv[1], 'w').writestr('index.js', sys.argv[2])";
  const source = "exports.handler = async (event) => console.log('called with', JSON.stringify(event))";
  execFileSync(python, ["-c", make, archive, source]);
  const FunctionName = functionName(environment, "manifests-builder");
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName,
      Runtime: "nodejs22.x",
      Handler: "index.handler",
      Role: `arn:aws:iam::${environment.account}:role/job`,
      Code: { ZipFile: readFileSync(archive) },
    }),
  );
  const EventSourceArn = `arn:aws:sqs:${environment.region}:${environment.account}:${queueName(environment, "manifests-inputs")}`;
  await lambda.send(new CreateEventSourceMappingCommand({ FunctionName, EventSourceArn, Enabled: false }));
}

async function track({ dynamo }: Clients, file: TrackedFile, as: "head" | "history"): Promise<void> {
  const key = as === "head" ? headKey(file, SHARDS) : versionKey(file, SHARDS);
  await dynamo.send(
    new PutItemCommand({
      TableName: trackingTableName(environment),
      Item: toItem(file, key, SHARDS),
    }),
  );
}

async function take({ sqs }: Clients, queue: string): Promise<Message[]> {
  const QueueUrl = await queueUrl(sqs, queue);
  const all: Message[] = [];
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 3600 }),
    );
    if (Messages.length === 0) return all;
    all.push(...Messages);
  }
}

/** A version of a file of the dataset clicks; a day and a size that fit it, unless said otherwise. */
export function fileOf(name: string, given: Partial<TrackedFile> = {}): TrackedFile {
  return {
    bucket: RAW,
    key: `input/clicks/${name}`,
    date: /^\d{4}-\d{2}-\d{2}/.exec(name)?.[0],
    version: "v1",
    dataset: "clicks",
    size: 3_500_000,
    sequencer: "0A".padEnd(64, "0"),
    uploadedAt: "2026-01-31T08:00:00.000Z",
    revision: 1,
    status: "completed",
    createdAt: "2026-01-31T08:00:05.000Z",
    updatedAt: "2026-01-31T08:01:00.000Z",
    ...given,
  };
}

export function nameOf(digit: string, date = "2026-01-31"): ManifestName {
  return { id: digit.repeat(32), dataset: "clicks", date };
}

function entryOf(file: TrackedFile): ManifestEntry {
  const { bucket, key, version, size, sequencer = null, revision, uploadedAt } = file;
  return { bucket, key, version_id: version, size, sequencer, revision, uploaded_at: uploadedAt };
}

function receiptOf(name: ManifestName, given: Partial<Receipt>): Receipt {
  return {
    ...name,
    generation: 0,
    parquet: parquetKey(name),
    rows: 10,
    dead_letters: 0,
    input_bytes: 3_500_000,
    output_bytes: 4,
    files: 1,
    columns: ["_source_file", "id"],
    quarantined: [],
    gone: [],
    latency_seconds: [60],
    job_run_id: "jr_1",
    started_at: "2026-01-31T08:00:50.000Z",
    seconds: 9.5,
    ...given,
  };
}

/** Runs a command line in this process, which knows the environment by its variable. */
export async function tributary(words: readonly string[]): Promise<Outcome> {
  process.env["TRIBUTARY_ENVIRONMENT"] = "local";
  const kept = { stdout: "", stderr: "" };
  const restore = (["stdout", "stderr"] as const).map((name) => keep(name, kept));
  let code = -1;
  try {
    const program = operatorProgram((ended) => {
      code = ended;
    });
    await program.parseAsync([...words], { from: "user" });
  } finally {
    for (const each of restore) each();
  }
  return { code, ...kept };
}

function keep(name: "stdout" | "stderr", kept: Record<"stdout" | "stderr", string>): () => void {
  const stream = process[name];
  const { write } = stream;
  stream.write = (chunk: Uint8Array | string) => {
    kept[name] += chunk.toString();
    return true;
  };
  return () => {
    stream.write = write;
  };
}
