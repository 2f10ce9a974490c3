import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AthenaClient, CreateWorkGroupCommand } from "@aws-sdk/client-athena";
import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import {
  EventBridgeClient,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
} from "@aws-sdk/client-eventbridge";
import {
  CreateConnectionCommand,
  CreateDatabaseCommand,
  CreateJobCommand,
  CreateTableCommand,
  GetJobCommand,
  GetTagsCommand,
  GlueClient,
} from "@aws-sdk/client-glue";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  AddPermissionCommand,
  CreateFunctionCommand,
  GetPolicyCommand,
  LambdaClient,
} from "@aws-sdk/client-lambda";
import {
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
} from "@aws-sdk/client-s3";
import { CreateTopicCommand, PublishCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import {
  CreateQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type PolicyStatement, policyDocument } from "../../../constructs/policy";
import { denyUnreadableObjects } from "../../../constructs/readable-objects";
import { loadEnvironment } from "../../../environments/schema";
import {
  ACCOUNT,
  type Emulator,
  REGION,
  ROOT_CREDENTIALS,
  startEmulator,
} from "../../../local/emulator/emulator";
import { endOfQuery, startQuery } from "../../../runtime/aws/athena";
import { listVersions } from "../../../runtime/aws/list-versions";
import { parseEvent, readCreatedObject, recordsOf } from "../../../runtime/aws/s3-record";
import { ensurePython } from "../../../setup/python";
import { eventPatterns, messageFilter } from "../../../stacks/compute/raw-events";
import { s3Event } from "../../handlers/support/events";
import { NUL_NAME, ODD_NAMES } from "../../handlers/support/odd-names";
import { functionArchive } from "../platform";
import { send, signed } from "../strangers";

const MESSAGE = "the emulator no longer needs this repair: remove it from local/emulator/repairs.py";

let folder: string;
let python: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tributary-test-"));
  ({ python } = await ensurePython("run", () => undefined));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What each repair repairs: whether an emulator does it right, and whether it must enforce roles to show it. */
const BEHAVIOURS: [string, (emulator: Emulator) => Promise<boolean>, { auth: boolean }][] = [
  ["takes events whose source is aws.glue", takesGlueEvents, { auth: false }],
  ["describes alarms with all their fields in Terraform's protocol", describesAlarmFully, { auth: false }],
  ["describes alarms on percentiles and metric math as they are", inventsNoField, { auth: false }],
  ["leaves Glue jobs to our runner", leavesJobsAlone, { auth: false }],
  ["takes the same permission of a function again, and no other", takesPermissionTwice, { auth: false }],
  ["takes the same schedule again, and no other", takesScheduleTwice, { auth: false }],
  ["takes the same notification of a budget again, and no other", takesNotificationTwice, { auth: false }],
  ["keeps the tags of Glue connections", keepsConnectionTags, { auth: false }],
  ["answers with the policy of a VPC endpoint", keepsEndpointPolicy, { auth: false }],
  ["asks a topic's policy for EventBridge, which names no account", asksTopic, { auth: false }],
  ["names the role of a session in conditions on its principal", namesRole, { auth: true }],
  [
    "asks for the right to each message of a batch, and tells policies what is put",
    judgesPuts,
    { auth: true },
  ],
  ["asks for the right to each version that DeleteObjects names", judgesDeletions, { auth: true }],
  ["tells policies the class and the keys of an object that is put", refusesUnreadablePuts, { auth: true }],
  ["refuses what nobody here can read, and its copy", refusesUnreadable, { auth: false }],
  ["encodes the keys of listed versions, which XML cannot hold", listsAnyKey, { auth: false }],
  ["filters a topic's messages by what their lists hold", filtersRecords, { auth: false }],
  ["names the version of an object in EventBridge's event of it", tellsVersion, { auth: false }],
  ["counts what a query scans, up to its workgroup's limit", countsScans, { auth: false }],
];

describe.each(BEHAVIOURS)("the emulator %s", (_, isRight, { auth }) => {
  async function isRightWhere(repaired: boolean): Promise<boolean> {
    const emulator = await startEmulator({ python, folder, auth, repaired });
    return isRight(emulator).finally(() => emulator.stop());
  }

  test("as repaired", async () => {
    expect(await isRightWhere(true)).toBe(true);
  });

  test("and still needs the repair", async () => {
    if (await isRightWhere(false)) throw new Error(MESSAGE);
  });
});

async function listsAnyKey(emulator: Emulator): Promise<boolean> {
  const client = new S3Client({ ...clientOf(emulator), forcePathStyle: true, maxAttempts: 1 });
  const bucket = { client, name: "odd-names" };
  await client.send(new CreateBucketCommand({ Bucket: bucket.name }));
  const keys = [...ODD_NAMES, NUL_NAME].map((name) => `a/${name}.json`).sort();
  for (const Key of keys) await client.send(new PutObjectCommand({ Bucket: bucket.name, Key, Body: "{}" }));
  const { current } = await listVersions(bucket, "a/", undefined);
  expect(current.map(({ key }) => key).sort()).toEqual(keys);
  const list = new ListObjectVersionsCommand({ Bucket: bucket.name, EncodingType: "url" });
  const { EncodingType, Versions = [] } = await client.send(list);
  client.destroy();
  // what is not encoded, this client reads none the less, and Python's does not
  return EncodingType === "url" && Versions.every(({ Key = "" }) => /^[ -~]*$/.test(Key));
}

async function filtersRecords(emulator: Emulator): Promise<boolean> {
  const settings = clientOf(emulator);
  const [sns, sqs] = [new SNSClient(settings), new SQSClient(settings)];
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: "landing" }));
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "inputs" }));
  await sns.send(
    new SubscribeCommand({
      TopicArn,
      Protocol: "sqs",
      Endpoint: `arn:aws:sqs:${REGION}:${ACCOUNT}:inputs`,
      Attributes: {
        FilterPolicyScope: "MessageBody",
        FilterPolicy: JSON.stringify(
          messageFilter(loadEnvironment("dev"), ["input/orders/", "input/clicks/"]),
        ),
      },
    }),
  );
  for (const event of [
    s3Event({ key: "input/others/a" }),
    s3Event({ key: "input/orders/b", name: "ObjectRemoved:Delete" }),
    s3Event({ key: "input/clicks/c" }),
  ]) {
    await sns.send(new PublishCommand({ TopicArn, Message: JSON.stringify(event) }));
  }
  const received = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  const keys = (received.Messages ?? []).flatMap(({ Body }) =>
    recordsOf(parseEvent(Body)).map((each) => (readCreatedObject(each) as { key?: string }).key),
  );
  return keys.join() === "input/clicks/c";
}

async function tellsVersion(emulator: Emulator): Promise<boolean> {
  const settings = clientOf(emulator);
  const s3 = new S3Client({ ...settings, forcePathStyle: true });
  const [sqs, events] = [new SQSClient(settings), new EventBridgeClient(settings)];
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "routed" }));
  await events.send(
    new PutRuleCommand({ Name: "routed", EventPattern: JSON.stringify(eventPatterns("routed", ["a/"])[0]) }),
  );
  const Targets = [{ Id: "routed", Arn: `arn:aws:sqs:${REGION}:${ACCOUNT}:routed` }];
  await events.send(new PutTargetsCommand({ Rule: "routed", Targets }));
  await s3.send(new CreateBucketCommand({ Bucket: "routed" }));
  const VersioningConfiguration = { Status: "Enabled" } as const;
  await s3.send(new PutBucketVersioningCommand({ Bucket: "routed", VersioningConfiguration }));
  const NotificationConfiguration = { EventBridgeConfiguration: {} };
  await s3.send(
    new PutBucketNotificationConfigurationCommand({ Bucket: "routed", NotificationConfiguration }),
  );
  const { VersionId } = await s3.send(new PutObjectCommand({ Bucket: "routed", Key: "a/b", Body: "c" }));
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 5 }));
  return JSON.parse(Messages[0]?.Body ?? "{}").detail?.object?.["version-id"] === VersionId;
}

async function countsScans(emulator: Emulator): Promise<boolean> {
  const settings = clientOf(emulator);
  const s3 = new S3Client({ ...settings, forcePathStyle: true });
  const [athena, glue] = [new AthenaClient(settings), new GlueClient(settings)];
  await s3.send(new CreateBucketCommand({ Bucket: "scanned" }));
  const lines = '{"id":1}\n{"id":2}\n';
  await s3.send(new PutObjectCommand({ Bucket: "scanned", Key: "t/a.json", Body: lines }));
  await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: "scanned" } }));
  const StorageDescriptor = { Location: "s3://scanned/t/", Columns: [{ Name: "id", Type: "int" }] };
  const TableInput = { Name: "t", StorageDescriptor, Parameters: { classification: "json" } };
  await glue.send(new CreateTableCommand({ DatabaseName: "scanned", TableInput }));
  const ResultConfiguration = { OutputLocation: "s3://scanned/results/" };
  const ends: (string | undefined)[] = [];
  for (const limit of [lines.length, lines.length - 1]) {
    const workgroup = `limit-${limit}`;
    const Configuration = { ResultConfiguration, BytesScannedCutoffPerQuery: limit };
    await athena.send(new CreateWorkGroupCommand({ Name: workgroup, Configuration }));
    const id = await startQuery(athena, { database: "scanned", workgroup }, "SELECT count(*) FROM t");
    const { Status, Statistics } = await endOfQuery(athena, id);
    ends.push(`${Status?.State} ${Statistics?.DataScannedInBytes} ${Status?.StateChangeReason ?? ""}`.trim());
  }
  return ends.join() === "SUCCEEDED 18,CANCELLED 17 Bytes scanned limit was exceeded";
}

async function takesPermissionTwice(emulator: Emulator): Promise<boolean> {
  const client = new LambdaClient(clientOf(emulator));
  const FunctionName = "invoked";
  await client.send(
    new CreateFunctionCommand({
      FunctionName,
      Runtime: "nodejs22.x",
      Handler: "index.handler",
      Role: `arn:aws:iam::${ACCOUNT}:role/function`,
      Code: { ZipFile: functionArchive(python, folder, "exports.handler = async () => {};") },
    }),
  );
  const permission = { FunctionName, StatementId: "s3", Action: "lambda:InvokeFunction" };
  const add = (Principal: string) =>
    client.send(new AddPermissionCommand({ ...permission, Principal })).then(
      () => true,
      () => false,
    );
  const taken = [
    await add("s3.amazonaws.com"),
    await add("s3.amazonaws.com"),
    await add("sns.amazonaws.com"),
  ];
  const { Policy = "{}" } = await client.send(new GetPolicyCommand({ FunctionName }));
  client.destroy();
  expect(JSON.parse(Policy).Statement).toEqual([
    expect.objectContaining({ Principal: { Service: "s3.amazonaws.com" } }),
  ]);
  return taken.join() === "true,true,false";
}

/** The client for schedules is no dependency of ours: its calls are plain JSON. */
async function takesScheduleTwice(emulator: Emulator): Promise<boolean> {
  const create = async (ClientToken: string) => {
    const call = {
      method: "POST",
      path: "/schedules/rounds",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        ClientToken,
        ScheduleExpression: "rate(1 hour)",
        FlexibleTimeWindow: { Mode: "OFF" },
        Target: { Arn: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:f`, RoleArn: "arn:aws:iam::1:role/r" },
      }),
    } as const;
    const { status } = await send(
      emulator.endpoint,
      await signed(emulator.endpoint, call, { service: "scheduler" }),
    );
    return status;
  };
  const statuses = [await create("first"), await create("first"), await create("second")];
  return statuses.join() === "200,200,409";
}

/** The client for budgets is no dependency of ours either. */
async function takesNotificationTwice(emulator: Emulator): Promise<boolean> {
  const ask = async (operation: string, body: object) => {
    const call = {
      method: "POST",
      path: "/",
      headers: {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": `AWSBudgetServiceGateway.${operation}`,
      },
      body: JSON.stringify({ AccountId: ACCOUNT, ...body }),
    } as const;
    const { status } = await send(
      emulator.endpoint,
      await signed(emulator.endpoint, call, { service: "budgets" }),
    );
    return status;
  };
  const BudgetName = "month";
  const BudgetLimit = { Amount: "1", Unit: "USD" };
  const Budget = { BudgetName, BudgetLimit, TimeUnit: "MONTHLY", BudgetType: "COST" };
  const notify = (Address: string) =>
    ask("CreateNotification", {
      BudgetName,
      Notification: { NotificationType: "ACTUAL", ComparisonOperator: "GREATER_THAN", Threshold: 100 },
      Subscribers: [{ SubscriptionType: "EMAIL", Address }],
    });
  const created = await ask("CreateBudget", { Budget });
  const [one, other] = ["one@example.com", "other@example.com"];
  return [created, await notify(one), await notify(one), await notify(other)].join() === "200,200,200,400";
}

async function keepsConnectionTags(emulator: Emulator): Promise<boolean> {
  const client = new GlueClient(clientOf(emulator));
  const ConnectionInput = { Name: "net", ConnectionType: "NETWORK" as const, ConnectionProperties: {} };
  await client.send(new CreateConnectionCommand({ ConnectionInput, Tags: { layer: "compute" } }));
  const ResourceArn = `arn:aws:glue:${REGION}:${ACCOUNT}:connection/net`;
  const { Tags } = await client.send(new GetTagsCommand({ ResourceArn }));
  client.destroy();
  return Tags?.["layer"] === "compute";
}

/** A role that may send to one queue, and put events and metrics of its own: whether just these come through. */
async function judgesPuts(emulator: Emulator): Promise<boolean> {
  const root = clientOf(emulator);
  const Bucket = "files";
  await new S3Client({ ...root, forcePathStyle: true }).send(new CreateBucketCommand({ Bucket }));
  const { QueueUrl } = await new SQSClient(root).send(new CreateQueueCommand({ QueueName: "files" }));
  const limits = {
    "events:PutEvents": ["events:source", "events:detail-type"],
    "cloudwatch:PutMetricData": ["cloudwatch:namespace"],
  };
  const own = { ...root, credentials: await credentialsOf(emulator, statementsFor(limits)) };
  const entry = { Id: "1", MessageBody: "{}" };
  const event = (Source: string, DetailType = "own") => ({ Source, DetailType, Detail: "{}" });
  const metric = (Namespace: string) =>
    new PutMetricDataCommand({ Namespace, MetricData: [{ MetricName: "Rows", Value: 1 }] });
  const tries: Promise<unknown>[] = [
    new SQSClient(own).send(new SendMessageBatchCommand({ QueueUrl, Entries: [entry] })),
    new EventBridgeClient(own).send(new PutEventsCommand({ Entries: [event("own"), event("own")] })),
    new CloudWatchClient(own).send(metric("own")),
    // looks like JSON, and is somebody's file
    new S3Client({ ...own, forcePathStyle: true }).send(
      new PutObjectCommand({ Bucket, Key: "file", Body: Buffer.from([0x7b, 0xff]) }),
    ),
    new EventBridgeClient(own).send(new PutEventsCommand({ Entries: [event("own"), event("other")] })),
    new EventBridgeClient(own).send(new PutEventsCommand({ Entries: [event("own", "other")] })),
    new CloudWatchClient(own).send(metric("other")),
  ];
  const outcomes = await Promise.allSettled(tries);
  return (
    outcomes.map(({ status }) => status === "fulfilled").join() === "true,true,true,true,false,false,false"
  );
}

/** Whether a role that may delete versions alone may delete several at once, and no object. */
async function judgesDeletions(emulator: Emulator): Promise<boolean> {
  const root = new S3Client({ ...clientOf(emulator), forcePathStyle: true });
  const Bucket = "versioned";
  await root.send(new CreateBucketCommand({ Bucket }));
  const VersioningConfiguration = { Status: "Enabled" as const };
  await root.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  const Objects = await Promise.all(
    ["one", "two"].map(async (Key) => ({
      Key,
      VersionId: (await root.send(new PutObjectCommand({ Bucket, Key, Body: "{}" }))).VersionId,
    })),
  );
  const allowed = { Effect: "Allow", Action: "s3:DeleteObjectVersion", Resource: "*" };
  const credentials = await credentialsOf(emulator, [allowed]);
  const own = new S3Client({ ...clientOf(emulator), credentials, forcePathStyle: true });
  const outcomes = await Promise.allSettled([
    own.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } })),
    own.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: "one" }] } })),
  ]);
  return outcomes.map(({ status }) => status).join() === "fulfilled,rejected";
}

const KMS_KEY = `arn:aws:kms:${REGION}:${ACCOUNT}:key/own`;
const OTHER_KMS_KEY = `arn:aws:kms:${REGION}:999999999999:key/other`;
type Put = Partial<PutObjectCommandInput>;
const SSE_C: Put = { SSECustomerAlgorithm: "AES256", SSECustomerKey: "k".repeat(32) };
const underKey = (SSEKMSKeyId: string): Put => ({ ServerSideEncryption: "aws:kms", SSEKMSKeyId });

/** How a sender may put an object under the policy of the raw bucket, and how not. */
const READABLE: Put[] = [
  {},
  { StorageClass: "GLACIER_IR" },
  { StorageClass: "INTELLIGENT_TIERING" },
  { ServerSideEncryption: "AES256" },
  underKey(KMS_KEY),
];
const UNREADABLE: Put[] = [
  { StorageClass: "GLACIER" },
  { StorageClass: "DEEP_ARCHIVE" },
  SSE_C,
  underKey(OTHER_KMS_KEY),
  { ServerSideEncryption: "aws:kms" },
];

/** Whether the policy of our raw bucket lets a sender put what can be read, in one piece or in parts, alone. */
async function refusesUnreadablePuts(emulator: Emulator): Promise<boolean> {
  const root = new S3Client({ ...clientOf(emulator), forcePathStyle: true });
  const Bucket = "raw";
  await root.send(new CreateBucketCommand({ Bucket }));
  const Policy = policyDocument(denyUnreadableObjects(`arn:aws:s3:::${Bucket}/*`, KMS_KEY));
  await root.send(new PutBucketPolicyCommand({ Bucket, Policy }));
  const allowed = { Effect: "Allow", Action: ["s3:PutObject", "s3:GetObject"], Resource: "*" };
  const credentials = await credentialsOf(emulator, [allowed]);
  const own = new S3Client({ ...clientOf(emulator), credentials, forcePathStyle: true });
  await own.send(new PutObjectCommand({ Bucket, Key: "source", Body: "{}" }));
  const outcomeOf = (sent: Promise<unknown>) =>
    sent.then(
      () => "done",
      (error: Error) => error.name,
    );
  const outcomes = (put: Put) => {
    const target = { Bucket, Key: "file", ...put };
    return Promise.all([
      outcomeOf(own.send(new PutObjectCommand({ ...target, Body: "{}" }))),
      outcomeOf(own.send(new CreateMultipartUploadCommand(target))),
      outcomeOf(own.send(new CopyObjectCommand({ ...target, CopySource: `${Bucket}/source` }))),
    ]);
  };
  const readable = (await Promise.all(READABLE.map(outcomes))).flat();
  const unreadable = (await Promise.all(UNREADABLE.map(outcomes))).flat();
  return (
    readable.every((outcome) => outcome === "done") &&
    unreadable.every((outcome) => outcome === "AccessDenied")
  );
}

/** Whether reads and copies of such objects are refused as S3 does, and their heads are given. */
async function refusesUnreadable(emulator: Emulator): Promise<boolean> {
  const client = new S3Client({ ...clientOf(emulator), forcePathStyle: true });
  const Bucket = "raw";
  await client.send(new CreateBucketCommand({ Bucket }));
  await client.send(
    new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }),
  );
  const outcomes = async (put: Put) => {
    const { VersionId } = await client.send(
      new PutObjectCommand({ Bucket, Key: "file", Body: "{}", ...put }),
    );
    const version = { Bucket, Key: "file", VersionId };
    await client.send(new HeadObjectCommand(version));
    const CopySource = `${Bucket}/file?versionId=${VersionId}`;
    const settled = await Promise.allSettled([
      client.send(new GetObjectCommand(version)),
      client.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource })),
    ]);
    return settled.map((one) => (one.status === "fulfilled" ? "done" : (one.reason as Error).name)).join();
  };
  return (
    (await outcomes(underKey(KMS_KEY))) === "done,done" &&
    (await outcomes(underKey(OTHER_KMS_KEY))) === "AccessDenied,AccessDenied" &&
    (await outcomes({ StorageClass: "GLACIER" })) === "InvalidObjectState,InvalidObjectState"
  );
}

function statementsFor(limits: Readonly<Record<string, readonly string[]>>): object[] {
  const limited = Object.entries(limits).map(([Action, keys]) => ({
    Effect: "Allow",
    Action,
    Resource: "*",
    Condition: { StringEquals: Object.fromEntries(keys.map((key) => [key, "own"])) },
  }));
  const others = { Effect: "Allow", Action: ["sqs:SendMessage", "s3:PutObject"], Resource: "*" };
  return [others, ...limited];
}

async function credentialsOf(emulator: Emulator, statements: readonly object[]) {
  const RoleName = "putter";
  const iam = new IAMClient(clientOf(emulator));
  const trust = { Effect: "Allow", Principal: { AWS: "*" }, Action: "sts:AssumeRole" };
  const document = (Statement: readonly object[]) => JSON.stringify({ Version: "2012-10-17", Statement });
  const { Role } = await iam.send(
    new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: document([trust]) }),
  );
  await iam.send(
    new PutRolePolicyCommand({ RoleName, PolicyName: "own", PolicyDocument: document(statements) }),
  );
  const sts = new STSClient(clientOf(emulator));
  const { Credentials } = await sts.send(
    new AssumeRoleCommand({ RoleArn: Role?.Arn, RoleSessionName: "test" }),
  );
  return {
    accessKeyId: Credentials?.AccessKeyId ?? "",
    secretAccessKey: Credentials?.SecretAccessKey ?? "",
    sessionToken: Credentials?.SessionToken ?? "",
  };
}

function clientOf(emulator: Emulator) {
  return { endpoint: emulator.endpoint, region: REGION, credentials: ROOT_CREDENTIALS };
}

async function takesGlueEvents(emulator: Emulator): Promise<boolean> {
  const client = new EventBridgeClient(clientOf(emulator));
  const entry = { Source: "aws.glue", DetailType: "Glue Job State Change", Detail: "{}" };
  const { FailedEntryCount } = await client.send(new PutEventsCommand({ Entries: [entry] }));
  client.destroy();
  return FailedEntryCount === 0;
}

/** As the query protocol writes them; the SDK for JavaScript speaks another. */
const ALARM = {
  AlarmName: "late & large",
  AlarmDescription: "more <than> one",
  ActionsEnabled: "true",
  "OKActions.member.1": "arn:aws:sns:us-east-1:000000000000:ok",
  "AlarmActions.member.1": "arn:aws:sns:us-east-1:000000000000:alarm",
  "InsufficientDataActions.member.1": "arn:aws:sns:us-east-1:000000000000:unknown",
  MetricName: "OldestPendingSeconds",
  Namespace: "Tributary",
  Statistic: "Maximum",
  "Dimensions.member.1.Name": "Environment",
  "Dimensions.member.1.Value": "local",
  Period: "300",
  EvaluationPeriods: "2",
  DatapointsToAlarm: "1",
  Threshold: "900",
  ComparisonOperator: "GreaterThanThreshold",
  TreatMissingData: "notBreaching",
};

async function describesAlarmFully(emulator: Emulator): Promise<boolean> {
  await query(emulator, { Action: "PutMetricAlarm", ...ALARM });
  const answer = await query(emulator, {
    Action: "DescribeAlarms",
    "AlarmNames.member.1": ALARM.AlarmName,
    "AlarmTypes.member.1": "MetricAlarm",
  });
  const expected = [
    "<AlarmName>late &amp; large</AlarmName>",
    "<AlarmDescription>more &lt;than&gt; one</AlarmDescription>",
    "<ActionsEnabled>true</ActionsEnabled>",
    "<OKActions><member>arn:aws:sns:us-east-1:000000000000:ok</member></OKActions>",
    "<AlarmActions><member>arn:aws:sns:us-east-1:000000000000:alarm</member></AlarmActions>",
    "<InsufficientDataActions><member>arn:aws:sns:us-east-1:000000000000:unknown</member></InsufficientDataActions>",
    "<Statistic>Maximum</Statistic>",
    "<Dimensions><member><Name>Environment</Name><Value>local</Value></member></Dimensions>",
    "<Period>300</Period>",
    "<EvaluationPeriods>2</EvaluationPeriods>",
    "<DatapointsToAlarm>1</DatapointsToAlarm>",
    "<Threshold>900.0</Threshold>",
    "<TreatMissingData>notBreaching</TreatMissingData>",
  ];
  return expected.every((element) => answer.includes(element)) && !answer.includes("<Unit>");
}

/** Alarms on percentiles have no statistic, those on metric math no period either. */
async function inventsNoField(emulator: Emulator): Promise<boolean> {
  const { Statistic: _, ...percentile } = { ...ALARM, AlarmName: "percentile", ExtendedStatistic: "p99" };
  const { Period: __, MetricName: ___, Namespace: ____, ...math } = { ...percentile, AlarmName: "math" };
  await query(emulator, { Action: "PutMetricAlarm", ...percentile });
  await query(emulator, { Action: "PutMetricAlarm", ...math });
  const answer = await query(emulator, { Action: "DescribeAlarms" });
  return !answer.includes("<Statistic>") && answer.split("<Period>").length === 2;
}

async function namesRole(emulator: Emulator): Promise<boolean> {
  const client = clientOf(emulator);
  const [iam, sts, root] = [new IAMClient(client), new STSClient(client), new S3Client(client)];
  const arn = `arn:aws:iam::${ACCOUNT}:role/writer`;
  const document = (Statement: object) => JSON.stringify({ Version: "2012-10-17", Statement: [Statement] });
  const trust = { Effect: "Allow", Principal: { Service: "glue.amazonaws.com" }, Action: "sts:AssumeRole" };
  const all = { Effect: "Allow", Action: "s3:*", Resource: "*" };
  const denial = {
    Effect: "Deny",
    Principal: "*",
    Action: "s3:PutObject",
    Resource: "arn:aws:s3:::kept/code/*",
    Condition: { ArnLike: { "aws:PrincipalArn": "arn:aws:iam::*:role/writ*" } },
  };
  await iam.send(new CreateRoleCommand({ RoleName: "writer", AssumeRolePolicyDocument: document(trust) }));
  const policy = { RoleName: "writer", PolicyName: "all", PolicyDocument: document(all) };
  await iam.send(new PutRolePolicyCommand(policy));
  await root.send(new CreateBucketCommand({ Bucket: "kept" }));
  await root.send(new PutBucketPolicyCommand({ Bucket: "kept", Policy: document(denial) }));
  const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn: arn, RoleSessionName: "test" }));
  const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "" } = Credentials ?? {};
  const credentials = {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: SessionToken,
  };
  const writer = new S3Client({ ...client, credentials });
  await writer.send(new PutObjectCommand({ Bucket: "kept", Key: "other", Body: "x" }));
  return writer.send(new PutObjectCommand({ Bucket: "kept", Key: "code/x", Body: "x" })).then(
    () => false,
    (error: Error) => error.name === "AccessDenied",
  );
}

async function keepsEndpointPolicy(emulator: Emulator): Promise<boolean> {
  const policies = ['{"Statement":[]}', '{"Statement":[],"Version":"2012-10-17"}'];
  const Version = "2016-11-15";
  const service = { ServiceName: "com.amazonaws.us-east-1.s3" };
  for (const PolicyDocument of policies) {
    await query(emulator, { Action: "CreateVpcEndpoint", Version, ...service, PolicyDocument }, "ec2");
  }
  const answer = await query(emulator, { Action: "DescribeVpcEndpoints", Version }, "ec2");
  return policies.every(
    (policy) => answer.includes(policy.replaceAll('"', "&quot;")) || answer.includes(policy),
  );
}

/** Calls CloudWatch, or another service, by the query protocol. */
async function query(
  emulator: Emulator,
  parameters: Record<string, string>,
  service = "monitoring",
): Promise<string> {
  const call = {
    method: "POST",
    path: "/",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ Version: "2010-08-01", ...parameters }).toString(),
  } as const;
  const own = await signed(emulator.endpoint, call, { service });
  return (await send(emulator.endpoint, own)).text;
}

async function leavesJobsAlone(emulator: Emulator): Promise<boolean> {
  const client = new GlueClient(clientOf(emulator));
  const Command = { Name: "glueetl", ScriptLocation: "s3://artifacts/job.py" };
  await client.send(new CreateJobCommand({ Name: "job", Role: "job", Command }));
  const { Job } = await client.send(new GetJobCommand({ JobName: "job" }));
  client.destroy();
  return Job === undefined;
}

/** Returns whether an event reaches the dead-letter queue of a target whose topic asks for the account, and no other. */
async function asksTopic(emulator: Emulator): Promise<boolean> {
  const events = new EventBridgeClient(clientOf(emulator));
  const sqs = new SQSClient(clientOf(emulator));
  const queues: string[] = [];
  for (const [name, condition] of [
    ["open", {}],
    ["closed", { condition: { StringEquals: { "aws:SourceAccount": ACCOUNT } } }],
  ] as const) {
    await createTopic(emulator, name, condition);
    const { QueueUrl = "" } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
    queues.push(QueueUrl);
    await events.send(new PutRuleCommand({ Name: name, EventPattern: JSON.stringify({ source: ["test"] }) }));
    const Arn = `arn:aws:sns:${REGION}:${ACCOUNT}:${name}`;
    const DeadLetterConfig = { Arn: `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}` };
    await events.send(
      new PutTargetsCommand({ Rule: name, Targets: [{ Id: "alerts", Arn, DeadLetterConfig }] }),
    );
  }
  const Entries = [{ Source: "test", DetailType: "Test", Detail: "{}" }];
  await events.send(new PutEventsCommand({ Entries }));
  const kept = await Promise.all(
    queues.map(async (QueueUrl) => {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
      return Messages.map(({ Body = "{}" }) => JSON.parse(Body).source);
    }),
  );
  events.destroy();
  sqs.destroy();
  return JSON.stringify(kept) === JSON.stringify([[], ["test"]]);
}

/** Creates a topic whose policy admits EventBridge, under the condition. */
async function createTopic(
  emulator: Emulator,
  name: string,
  condition: Pick<PolicyStatement, "condition">,
): Promise<void> {
  const Policy = policyDocument([
    {
      sid: "EventsPublishes",
      principal: { Service: "events.amazonaws.com" },
      actions: ["sns:Publish"],
      resources: [`arn:aws:sns:${REGION}:${ACCOUNT}:${name}`],
      ...condition,
    },
  ]);
  const attribute = { "Attributes.entry.1.key": "Policy", "Attributes.entry.1.value": Policy };
  await query(emulator, { Action: "CreateTopic", Name: name, ...attribute }, "sns");
}
