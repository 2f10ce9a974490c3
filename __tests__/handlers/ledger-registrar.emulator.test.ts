import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutBucketNotificationConfigurationCommand,
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
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type LocalAws, startLocalAws } from "../../local/platform/aws";
import type { BatchResponse, Message } from "../../runtime/aws/queue-messages";
import { ROOT } from "../../setup/paths";
import { ensurePython } from "../../setup/python";
import { outcomeOf } from "../support/outcome";
import { declare } from "./support/declared";
import { LEDGER_VARIABLES, type RealLedger, startLedger } from "./support/ledger";
import { keepLogs } from "./support/logs";

type Handler = (
  event: { Records: readonly Message[] },
  context: { getRemainingTimeInMillis(): number },
) => Promise<BatchResponse>;

const BUCKET = "raw";
const WANTED = [
  "all_historical_files/old.json",
  "all_historical_files/deep/ü 'quoted' (1)+%41&.json",
  "2026/week1/a.json",
  "2026/week01/a.json",
  "2026/week53/日本 😀.json.gz",
  "2026/week54/a.json",
  "loose.json",
];
const UNWANTED = ["2020/week01/a.json", "2026/week01/"];

const folder = mkdtempSync(join(tmpdir(), "tributary-registrar-"));
let aws: LocalAws;
let ledger: RealLedger;
let s3: S3Client;
let sqs: SQSClient;
let queue = "";

beforeAll(async () => {
  ledger = await startLedger();
  aws = await startLocalAws({ folder, report: () => {} });
  const declared = declare<"ledger-registrar">(folder, { prefixes: { ml_events: "raw-json-data/" } });
  Object.assign(process.env, aws.environment, LEDGER_VARIABLES, declared, {
    START_YEAR: "2021",
    ENVIRONMENT: "test",
    METRIC_NAMESPACE: "Tributary",
  });
  [s3, sqs] = [new S3Client({ forcePathStyle: true }), new SQSClient()];
  const { QueueUrl = "" } = await sqs.send(new CreateQueueCommand({ QueueName: "ledger-inputs" }));
  queue = QueueUrl;
  await makeBucket();
});

afterAll(async () => {
  for (const client of [s3, sqs]) client.destroy();
  await aws.stop();
  await ledger.stop();
  rmSync(folder, { recursive: true, force: true });
});

keepLogs();

async function makeBucket(): Promise<void> {
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const VersioningConfiguration = { Status: "Enabled" as const };
  await s3.send(new PutBucketVersioningCommand({ Bucket: BUCKET, VersioningConfiguration }));
  const Filter = { Key: { FilterRules: [{ Name: "prefix" as const, Value: "raw-json-data/" }] } };
  const QueueArn = "arn:aws:sqs:us-east-1:000000000000:ledger-inputs";
  await s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: BUCKET,
      NotificationConfiguration: {
        QueueConfigurations: [{ QueueArn, Events: ["s3:ObjectCreated:*"], Filter }],
      },
    }),
  );
}

const put = (key: string, Body = "{}") =>
  s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: `raw-json-data/${key}`, Body }));

/** Hands messages of the queue to the function until there is none. */
async function deliver(): Promise<void> {
  const { handler } = (await import("../../handlers/ledger-registrar")) as { handler: Handler };
  for (;;) {
    const receive = new ReceiveMessageCommand({ QueueUrl: queue, MaxNumberOfMessages: 10 });
    const { Messages = [] } = await sqs.send(receive);
    if (Messages.length === 0) return;
    const Records = Messages.map(({ MessageId = "", Body = "" }) => ({ messageId: MessageId, body: Body }));
    expect(await handler({ Records }, { getRemainingTimeInMillis: () => 30_000 })).toEqual({
      batchItemFailures: [],
    });
    for (const { ReceiptHandle } of Messages) {
      await sqs.send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle }));
    }
  }
}

/** Runs the lister over the same bucket; the totals that it tells at its end. */
async function list(): Promise<Record<string, unknown>> {
  const { python } = await ensurePython("run", () => undefined);
  const words = Object.entries(LEDGER_VARIABLES).map(([name, value]) => `--${name.toLowerCase()}=${value}`);
  const source = ["--aws_region=us-east-1", `--raw_bucket=${BUCKET}`];
  const job = ["--JOB_RUN_ID=jr_1", ...source, "--start_year=2021"];
  const { code, stdout } = await outcomeOf(
    [
      python,
      join(ROOT, "glue", "jobs", "ledger_lister.py"),
      ...job,
      "--recent_weeks=0",
      "--budget_minutes=60",
      ...words,
    ],
    ROOT,
    { ...process.env, PYTHONPATH: join(ROOT, "glue") },
  );
  expect(code).toBe(0);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}

test("events and listing name the same versions: what one registered, the other knows", async () => {
  const versions: string[] = [];
  for (const key of [...WANTED, ...UNWANTED]) await put(key);
  for (const body of ["{}", '{"again":1}']) {
    versions.push(String((await put("2026/week02/twice.json", body)).VersionId));
  }
  await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: "raw-json-data/2026/week1/a.json" }));
  await deliver();
  const registered = await ledger.rows("SELECT s3_key, version_id FROM ledger.files");
  const twice = "raw-json-data/2026/week02/twice.json";
  expect(registered.map((row) => row["s3_key"]).sort()).toEqual(
    [...WANTED.map((key) => `raw-json-data/${key}`), twice, twice].sort(),
  );
  const ofTwice = registered.filter((row) => row["s3_key"] === twice).map((row) => row["version_id"]);
  expect(ofTwice.sort()).toEqual(versions.sort());

  expect(await list()).toMatchObject({ found: WANTED.length, registered: 0, succeeded: true });
  await put("2026/week02/late.json");
  expect(await list()).toMatchObject({ found: WANTED.length + 1, registered: 1 });
  await deliver();
  expect(await ledger.rows("SELECT count(*)::int AS files FROM ledger.queue")).toEqual([
    { files: WANTED.length + 3 },
  ]);
});
