import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type AttributeValue,
  BatchWriteItemCommand,
  CreateTableCommand,
  DynamoDBClient,
  PutItemCommand,
  ScanCommand,
} from "@aws-sdk/client-dynamodb";
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import {
  CreateTableCommand as CreateCatalogTableCommand,
  CreateDatabaseCommand,
  CreateJobCommand,
  GetJobRunsCommand,
  GetTableCommand,
  GlueClient,
  UpdateJobCommand,
} from "@aws-sdk/client-glue";
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { type LocalAws, startLocalAws } from "../../../local/platform/aws";
import {
  type Manifest,
  type ManifestEntry,
  manifestKey,
  parquetKey,
  type Receipt,
  receiptKey,
} from "../../../runtime/manifests/manifests";
import { headKey, type ItemKey, type TrackedFile, toItem } from "../../../runtime/manifests/tracking";
import { SMOKE_DATASETS } from "../../../runtime/smoke";
import { declare } from "./declared";

export const RAW = "raw";
export const MANIFESTS = "manifests";
export const CURATED = "curated";
export const TRACKING = "file-tracking";
export const METRICS = "metrics";
export const CONTROL = "control";
export const STREAMING_JOB = "manifests-stream";
export const DATABASE = "tributary_test";
export const ALERT_SOURCE = "tributary.test";
export const SHARDS = 4;
const DATASETS = [{ name: "clicks", prefix: "input/clicks/", from: "2020-01-01", size: null }];

type Row = Record<string, unknown>;

/** The parts of the platform that control plane and reconciler touch, on an emulator of this test file alone. */
export interface ManifestsPipeline {
  aws: LocalAws;
  s3: S3Client;
  dynamo: DynamoDBClient;
  glue: GlueClient;
  queues: Record<"inputs" | "manifests" | "events", string>;
  /** Rows of a table, by their keys, with plain values. */
  rows(table: string): Promise<Row[]>;
  /** Puts the item of a file, as its head unless another key is given. */
  track(file: TrackedFile, key?: ItemKey): Promise<void>;
  /** Puts a row of plain values. */
  put(table: string, row: Readonly<Record<string, string | number>>): Promise<void>;
  /** Puts manifest, receipt and an empty Parquet object, each where it is given. */
  publish(work: { manifest?: Manifest; receipt?: Receipt; parquet?: boolean }): Promise<void>;
  /** Removes an object, which leaves a delete marker. */
  remove(bucket: string, key: string): Promise<void>;
  /** Messages that are in a queue now; they are deleted. */
  take(queue: "inputs" | "manifests" | "events"): Promise<Row[]>;
  runs(): Promise<{ id: string; state: string; workers: number | undefined }[]>;
  /** Python text of the job's next runs. */
  setScript(text: string): Promise<void>;
  columns(table: string): Promise<string[]>;
  clear(...tables: string[]): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts an emulator, points this process's SDK clients and the functions' variables at it, and makes the tables,
 * buckets, queues, the job and the catalog's table. Import a handler afterwards: it reads its variables when loaded.
 */
export async function startManifestsPipeline(): Promise<ManifestsPipeline> {
  const folder = mkdtempSync(join(tmpdir(), "tributary-pipeline-"));
  const aws = await startLocalAws({ folder, report: () => {} });
  Object.assign(process.env, aws.environment);
  const s3 = new S3Client({ forcePathStyle: true });
  const [dynamo, glue, sqs] = [new DynamoDBClient(), new GlueClient(), new SQSClient()];
  await Promise.all([makeTables(dynamo), makeBuckets(s3), makeCatalog(glue)]);
  await makeJob(glue, "import time\ntime.sleep(3600)\n", s3);
  const queues = await makeQueues(sqs);
  const declared = declare<"manifests-builder" | "manifests-reconciler">(folder, { datasets: DATASETS });
  Object.assign(process.env, variables(queues), declared);
  return {
    aws,
    s3,
    dynamo,
    glue,
    queues,
    rows: (table) => readRows(dynamo, table),
    put: async (TableName, row) => {
      const Item = Object.fromEntries(
        Object.entries(row).map(([name, value]) => [
          name,
          typeof value === "number" ? { N: String(value) } : { S: value },
        ]),
      );
      await dynamo.send(new PutItemCommand({ TableName, Item }));
    },
    track: async (file, key = headKey(file, SHARDS)) => {
      const Item = toItem(file, key, SHARDS);
      await dynamo.send(new PutItemCommand({ TableName: TRACKING, Item }));
    },
    publish: (work) => publish(s3, work),
    remove: async (Bucket, Key) => {
      await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    },
    take: (queue) => take(sqs, queues[queue]),
    runs: async () => {
      const { JobRuns = [] } = await glue.send(new GetJobRunsCommand({ JobName: STREAMING_JOB }));
      return JobRuns.map(({ Id, JobRunState, NumberOfWorkers }) => ({
        id: String(Id),
        state: String(JobRunState),
        workers: NumberOfWorkers,
      }));
    },
    setScript: (text) => putScript(s3, text),
    columns: async (Name) => {
      const { Table } = await glue.send(new GetTableCommand({ DatabaseName: DATABASE, Name }));
      return (Table?.StorageDescriptor?.Columns ?? []).map((column) => String(column.Name));
    },
    clear: async (...tables) => {
      await Promise.all(tables.map((table) => clear(dynamo, table)));
    },
    stop: async () => {
      for (const client of [s3, dynamo, glue, sqs]) client.destroy();
      await aws.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function variables(queues: Record<string, string>): Record<string, string> {
  return {
    TRACKING_TABLE: TRACKING,
    TRACKING_SHARDS: String(SHARDS),
    METRICS_TABLE: METRICS,
    CONTROL_TABLE: CONTROL,
    RAW_BUCKET: RAW,
    MANIFESTS_BUCKET: MANIFESTS,
    CURATED_BUCKET: CURATED,
    JOB_NAME: STREAMING_JOB,
    WORKERS: "2",
    DATABASE,
    INPUTS_QUEUE_URL: queues["inputs"] ?? "",
    MANIFESTS_QUEUE_URL: queues["manifests"] ?? "",
    CONTROL_PLANE: "control-plane",
    GRACE_SECONDS: "60",
    S3_PATH_STYLE: "true",
    ENVIRONMENT: "test",
    METRIC_NAMESPACE: "Tributary",
    ALERT_SOURCE,
  };
}

async function makeTables(dynamo: DynamoDBClient): Promise<void> {
  const text = (AttributeName: string) => ({ AttributeName, AttributeType: "S" as const });
  const key = (hash: string, range?: string) => [
    { AttributeName: hash, KeyType: "HASH" as const },
    ...(range === undefined ? [] : [{ AttributeName: range, KeyType: "RANGE" as const }]),
  ];
  const common = { BillingMode: "PAY_PER_REQUEST" as const };
  await dynamo.send(
    new CreateTableCommand({
      ...common,
      TableName: TRACKING,
      AttributeDefinitions: ["date_prefix", "file_name", "open_shard", "created_at"].map(text),
      KeySchema: key("date_prefix", "file_name"),
      GlobalSecondaryIndexes: [
        {
          IndexName: "open",
          KeySchema: key("open_shard", "created_at"),
          Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["manifest_path"] },
        },
      ],
    }),
  );
  await dynamo.send(
    new CreateTableCommand({
      ...common,
      TableName: METRICS,
      AttributeDefinitions: ["metric_date", "metric_type"].map(text),
      KeySchema: key("metric_date", "metric_type"),
    }),
  );
  await dynamo.send(
    new CreateTableCommand({
      ...common,
      TableName: CONTROL,
      AttributeDefinitions: [text("name")],
      KeySchema: key("name"),
    }),
  );
}

async function makeBuckets(s3: S3Client): Promise<void> {
  for (const Bucket of [RAW, MANIFESTS, CURATED]) {
    await s3.send(new CreateBucketCommand({ Bucket }));
    const VersioningConfiguration = { Status: "Enabled" as const };
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  }
}

async function makeCatalog(glue: GlueClient): Promise<void> {
  await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: DATABASE } }));
  const origin = [
    { Name: "_source_file", Type: "string" },
    { Name: "_source_version", Type: "string" },
    { Name: "_source_revision", Type: "bigint" },
    { Name: "_source_line", Type: "bigint" },
  ];
  for (const Name of ["clicks", SMOKE_DATASETS.manifests]) {
    const PartitionKeys = [{ Name: "date", Type: "string" }];
    await glue.send(
      new CreateCatalogTableCommand({
        DatabaseName: DATABASE,
        TableInput: {
          Name,
          Description: Name,
          TableType: "EXTERNAL_TABLE",
          Parameters: { classification: "parquet" },
          PartitionKeys,
          StorageDescriptor: { Location: `s3://${CURATED}/tables/${Name}/`, Columns: origin },
        },
      }),
    );
    const Columns = [...origin, ...PartitionKeys];
    const definition = {
      originalSql: "SELECT 1",
      schema: DATABASE,
      columns: Columns.map(({ Name, Type }) => ({ name: Name, type: Type === "string" ? "varchar" : Type })),
    };
    await glue.send(
      new CreateCatalogTableCommand({
        DatabaseName: DATABASE,
        TableInput: {
          Name: `${Name}_latest`,
          TableType: "VIRTUAL_VIEW",
          Parameters: { presto_view: "true" },
          ViewOriginalText: `/* Presto View: ${Buffer.from(JSON.stringify(definition)).toString("base64")} */`,
          ViewExpandedText: "/* Presto View */",
          StorageDescriptor: { Columns },
        },
      }),
    );
  }
}

async function putScript(s3: S3Client, Body: string): Promise<void> {
  await s3.send(new PutObjectCommand({ Bucket: CURATED, Key: "scripts/stream.py", Body }));
}

async function makeJob(glue: GlueClient, script: string, s3: S3Client): Promise<void> {
  await putScript(s3, script);
  const iam = new IAMClient();
  const AssumeRolePolicyDocument = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: "glue.amazonaws.com" }, Action: "sts:AssumeRole" }],
  });
  await iam.send(new CreateRoleCommand({ RoleName: STREAMING_JOB, AssumeRolePolicyDocument }));
  iam.destroy();
  const job = {
    Role: STREAMING_JOB,
    Command: { Name: "gluestreaming", ScriptLocation: `s3://${CURATED}/scripts/stream.py` },
    WorkerType: "G.1X" as const,
    NumberOfWorkers: 2,
  };
  await glue.send(new CreateJobCommand({ Name: STREAMING_JOB, ...job }));
  await glue.send(new UpdateJobCommand({ JobName: STREAMING_JOB, JobUpdate: job }));
}

async function makeQueues(sqs: SQSClient): Promise<Record<"inputs" | "manifests" | "events", string>> {
  const make = async (QueueName: string) =>
    String((await sqs.send(new CreateQueueCommand({ QueueName }))).QueueUrl);
  const queues = {
    inputs: await make("inputs"),
    manifests: await make("manifests"),
    events: await make("events"),
  };
  const events = new EventBridgeClient();
  const EventPattern = JSON.stringify({ source: [ALERT_SOURCE] });
  await events.send(new PutRuleCommand({ Name: "events", EventPattern }));
  const Arn = "arn:aws:sqs:us-east-1:000000000000:events";
  await events.send(new PutTargetsCommand({ Rule: "events", Targets: [{ Id: "queue", Arn }] }));
  events.destroy();
  return queues;
}

async function readRows(dynamo: DynamoDBClient, TableName: string): Promise<Row[]> {
  const items: Record<string, AttributeValue>[] = [];
  let ExclusiveStartKey: Record<string, AttributeValue> | undefined;
  do {
    const page = await dynamo.send(
      new ScanCommand({
        TableName,
        ConsistentRead: true,
        ...(ExclusiveStartKey ? { ExclusiveStartKey } : {}),
      }),
    );
    items.push(...(page.Items ?? []));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
  return items
    .map((item) =>
      Object.fromEntries(
        Object.entries(item).map(([name, { S, N }]) => [
          name,
          S ?? (N === undefined ? undefined : Number(N)),
        ]),
      ),
    )
    .sort((one, other) => (identity(one) < identity(other) ? -1 : 1));
}

function identity(row: Row): string {
  return [row["date_prefix"], row["file_name"], row["metric_date"], row["metric_type"], row["name"]].join(
    " ",
  );
}

async function clear(dynamo: DynamoDBClient, TableName: string): Promise<void> {
  const names: Record<string, string[]> = {
    [TRACKING]: ["date_prefix", "file_name"],
    [METRICS]: ["metric_date", "metric_type"],
  };
  const { Items = [] } = await dynamo.send(new ScanCommand({ TableName }));
  const keys = names[TableName] ?? ["name"];
  const deletes = Items.map((item) => {
    const Key = Object.fromEntries(keys.map((name) => [name, item[name] ?? { S: "" }]));
    return { DeleteRequest: { Key } };
  });
  for (let start = 0; start < deletes.length; start += 25) {
    const RequestItems = { [TableName]: deletes.slice(start, start + 25) };
    await dynamo.send(new BatchWriteItemCommand({ RequestItems }));
  }
}

async function publish(
  s3: S3Client,
  { manifest, receipt, parquet }: { manifest?: Manifest; receipt?: Receipt; parquet?: boolean },
): Promise<void> {
  if (manifest) {
    const Body = JSON.stringify(manifest);
    await s3.send(new PutObjectCommand({ Bucket: MANIFESTS, Key: manifestKey(manifest), Body }));
  }
  if (!receipt) return;
  const Metadata = { generation: String(receipt.generation) };
  const Body = JSON.stringify(receipt);
  await s3.send(new PutObjectCommand({ Bucket: MANIFESTS, Key: receiptKey(receipt), Body, Metadata }));
  if (!parquet) return;
  await s3.send(new PutObjectCommand({ Bucket: CURATED, Key: parquetKey(receipt), Body: "PAR1", Metadata }));
}

async function take(sqs: SQSClient, QueueUrl: string): Promise<Row[]> {
  const taken: Row[] = [];
  for (;;) {
    const receive = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 0 });
    const { Messages = [] } = await sqs.send(receive);
    if (Messages.length === 0) return taken;
    for (const { Body, ReceiptHandle } of Messages) {
      taken.push(JSON.parse(Body ?? "null"));
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
  }
}

const CREATED = "2026-01-31T12:00:00.000Z";

/** A claimed file, as the builder writes it; of the dataset `clicks` where nothing else is said. */
export function claimed(name: string, id: string, more: Partial<TrackedFile> = {}): TrackedFile {
  const date = name.slice(0, 10);
  return {
    bucket: RAW,
    key: `input/clicks/${name}`,
    date,
    version: "v1",
    dataset: "clicks",
    size: 3_500_000,
    sequencer: "0055AED6DCD90281E5".padEnd(64, "0"),
    uploadedAt: CREATED,
    revision: 1,
    status: "manifested",
    manifestPath: manifestKey({ id, dataset: "clicks", date }),
    createdAt: CREATED,
    updatedAt: CREATED,
    ...more,
  };
}

/** The manifest that lists these files, all of one date. */
export function manifestOf(id: string, files: readonly TrackedFile[]): Manifest {
  const entries = files.map(
    ({ bucket, key, version, size, sequencer, revision, uploadedAt }): ManifestEntry => ({
      bucket,
      key,
      version_id: version,
      size,
      sequencer: sequencer ?? null,
      revision,
      uploaded_at: uploadedAt,
    }),
  );
  const total_bytes = entries.reduce((sum, { size }) => sum + size, 0);
  return { id, dataset: "clicks", date: files[0]?.date ?? "2026-01-31", total_bytes, entries };
}

/** What the job says of a manifest that it published without a fault. */
export function receiptOf(manifest: Manifest, more: Partial<Receipt> = {}): Receipt {
  const { id, dataset, date, total_bytes, entries } = manifest;
  return {
    id,
    dataset,
    date,
    generation: 0,
    parquet: parquetKey(manifest),
    rows: 10 * entries.length,
    dead_letters: 0,
    input_bytes: total_bytes,
    output_bytes: Math.round(total_bytes / 4),
    files: entries.length,
    columns: ["_source_file", "_source_version", "_source_revision", "_source_line"],
    quarantined: [],
    gone: [],
    latency_seconds: [30, 40, 50],
    job_run_id: "jr_1",
    started_at: "2026-01-31T12:00:00.000Z",
    seconds: 12.5,
    ...more,
  };
}

/** The event that the streaming job sends of these. */
export function processedEvent(...receipts: readonly Receipt[]) {
  const manifests = receipts.map((receipt) => ({
    id: receipt.id,
    dataset: receipt.dataset,
    date: receipt.date,
    generation: receipt.generation,
    manifest: manifestKey(receipt),
    receipt: receiptKey(receipt),
    rows: receipt.rows,
    dead_letters: receipt.dead_letters,
    input_bytes: receipt.input_bytes,
    output_bytes: receipt.output_bytes,
    files: receipt.files,
    quarantined: receipt.quarantined.length,
    gone: receipt.gone.length,
    seconds: receipt.seconds,
  }));
  return {
    source: ALERT_SOURCE,
    "detail-type": "ManifestProcessed",
    detail: { environment: "test", manifests },
  };
}

/** An id of a manifest that is told apart by its digits. */
export function idOf(digits: string): string {
  return digits.padStart(32, "0");
}
