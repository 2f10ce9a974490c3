import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import { DynamoDBClient, ListTablesCommand, QueryCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { GetTablesCommand } from "@aws-sdk/client-glue";
import { ListFunctionsCommand } from "@aws-sdk/client-lambda";
import {
  CreateBucketCommand,
  type Event,
  GetBucketLifecycleConfigurationCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketPolicyCommand,
  ListBucketsCommand,
  ListObjectVersionsCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
} from "@aws-sdk/client-s3";
import { CreateTopicCommand, SNSClient } from "@aws-sdk/client-sns";
import { CreateQueueCommand, ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { AUDITED_FILES, AUDITED_RUNS, DEAD_LETTERS } from "../../constructs/catalog/audit-tables";
import { policyDocument } from "../../constructs/policy";
import { declaredDatasets } from "../../datasets/schema/datasets";
import { local } from "../../environments/local";
import {
  bucketName,
  bucketsOf,
  databaseName,
  type Environment,
  functionName,
  functionsOf,
  type Pipeline,
  queueName,
  queuesOf,
  resourceName,
  stateBucketName,
  tableName,
  tablesOf,
} from "../../environments/schema";
import { parseEnvironment } from "../../environments/schema/environment";
import { REGION } from "../../local/emulator/emulator";
import { type EventSource, startEventSource } from "../../local/event-source/event-source";
import { filesBelow } from "../../local/inputs/files";
import { type Accounts, accountFor, type PipelineAccounts } from "../../local/outcome/accounts";
import { runLedgerPipeline, uploadListed } from "../../local/pipelines/ledger";
import { runManifestsPipeline } from "../../local/pipelines/manifests";
import type { PipelineContext } from "../../local/pipelines/pipeline";
import { runUploadsPipeline } from "../../local/pipelines/uploads";
import { type LocalAws, startLocalAws } from "../../local/platform/aws";
import { clientsOf } from "../../local/platform/clients";
import { type LedgerServer, startLedgerServer } from "../../local/platform/ledger-server";
import { withoutUserSettings } from "../../local/platform/platform";
import { askPythonModule } from "../../local/process/python-module";
import { Steps } from "../../local/steps";
import { latestViewName } from "../../runtime/manifests/latest-view";
import { isSmoke } from "../../runtime/smoke";
import { ROOT } from "../../setup/paths";
import { ensurePython } from "../../setup/python";
import { ensureTerraform } from "../../setup/terraform";
import { Checkout } from "../support/checkout";
import { eventually } from "../support/eventually";
import type { Outcome } from "../support/outcome";

/** Environments on one emulator; the first has a pipeline more at the beginning than at the end. */
const CHOSEN = {
  both: ["uploads", "manifests"],
  manifests: ["manifests"],
  ledger: ["ledger"],
} as const satisfies Readonly<Record<string, readonly Pipeline[]>>;
type Name = keyof typeof CHOSEN;
const NAMES = Object.keys(CHOSEN) as Name[];

/** Raw buckets that were there before, with a topic of their owner's and a queue that he listens to. */
const LANDING = "owned-landing";
const TOPIC = `arn:aws:sns:${REGION}:${local.account}:${LANDING}`;
const ATTACHED: Partial<Record<Name, { readonly bucket: string; readonly events: string }>> = {
  both: { bucket: `${LANDING}-both`, events: "eventbridge" },
  manifests: { bucket: `${LANDING}-manifests`, events: TOPIC },
};

const NOTHING_LOST = { lost: 0, duplicated: 0, problems: [] };
const LAYER_COUNT = 5;
/** Tables of every environment, whatever its pipelines. */
const AUDIT = [AUDITED_FILES, latestViewName(AUDITED_FILES), AUDITED_RUNS, DEAD_LETTERS];

/** Accounts of what was sent through each environment after the first deploy. */
const accounts = new Map<string, Accounts>();
const signal = new AbortController().signal;
const checkout = new Checkout();
let aws: LocalAws;
let ledger: LedgerServer;
let source: EventSource;
let python: string;
let variables: NodeJS.ProcessEnv;

beforeAll(async () => {
  writeFileSync(
    checkout.path("environments", "files.ts"),
    `${readFileSync(checkout.path("environments", "files.ts"), "utf8")}export { ${NAMES} } from "./chosen";\n`,
  );
  choose({});
  mkdirSync(checkout.path("aws"));
  ({ python } = await ensurePython("run", () => undefined));
  const terraform = await ensureTerraform(() => undefined);
  ledger = await startLedgerServer(checkout.path("aws"));
  aws = await startLocalAws({
    folder: checkout.path("aws"),
    auth: true,
    variables: ledger.variables,
    report: () => undefined,
  });
  variables = { ...withoutUserSettings(process.env), ...terraform.environment, ...aws.environment };
  await ownLanding();
  source = startEventSource({ endpoint: aws.endpoint, warn: () => undefined });
  // one after the other: the bucket of the states is common to all, the boundary of roles is each one's own
  for (const name of NAMES) await succeeded(`npm run --silent bootstrap -- --environment ${name}`);
  await Promise.all(NAMES.map((name) => deployed(name)));
  // side by side, for most of the time each waits for processes that start
  await Promise.all([
    keep("manifests", manifestsAccounts("manifests")),
    keep("ledger", ledgerAccounts()),
    keep("both: manifests", manifestsAccounts("both")),
    keep("both: uploads", uploadsAccounts("before")),
  ]);
});

afterAll(async () => {
  await source?.stop();
  await aws?.stop();
  await ledger?.stop();
  checkout.remove();
});

describe("each pipeline that is alone", () => {
  test.each(NAMES)("brings nothing to %s that it does not need", async (name) => {
    await hasItsOwn(environmentOf(name));
  });

  test.each([
    ["manifests", 2],
    ["ledger", 7],
  ])("%s turns %d files into Parquet, each row accounted for", (name, files) => {
    expect(accounts.get(name)).toMatchObject({ ...NOTHING_LOST, files });
    expect(accounts.get(name)?.rowsOut).toBeGreaterThan(0);
  });

  test("tells the control plane of published batches, which counts them without any manifests", async () => {
    const query = new QueryCommand({
      TableName: tableName(environmentOf("ledger"), "metrics"),
      KeyConditionExpression: "metric_date = :date",
      ExpressionAttributeValues: { ":date": { S: "ledger#ml_events" } },
    });
    const dynamo = new DynamoDBClient(clientsOf(aws).settings);
    const counted = await eventually("a counted batch", async () => {
      const { Items = [] } = await dynamo.send(query);
      return Items.length > 0 && Items;
    });
    expect(counted[0]?.["files"]).toEqual({ N: "7" });
  });
});

describe("a raw bucket that was there before", () => {
  test.each(["both", "manifests"] as const)("keeps what its owner set, in %s", async (name) => {
    const { s3 } = clientsOf(aws);
    const Bucket = ATTACHED[name]?.bucket;
    const {
      QueueConfigurations,
      TopicConfigurations,
      LambdaFunctionConfigurations,
      EventBridgeConfiguration,
    } = await s3.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
    expect(QueueConfigurations).toMatchObject([{ Id: "owner" }]);
    expect(LambdaFunctionConfigurations ?? []).toEqual([]);
    expect((TopicConfigurations ?? []).length + (EventBridgeConfiguration ? 1 : 0)).toBe(1);
    await expect(s3.send(new GetBucketPolicyCommand({ Bucket }))).rejects.toMatchObject({
      name: "NoSuchBucketPolicy",
    });
    await expect(s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).rejects.toMatchObject({
      name: "NoSuchLifecycleConfiguration",
    });
  });

  test("tells of its objects by EventBridge: uploads did not wait for the reconciler", async () => {
    const { dynamo } = clientsOf(aws);
    const TableName = tableName(environmentOf("both"), "uploads");
    const { Items = [] } = await dynamo.send(new ScanCommand({ TableName }));
    const registered = Items.flatMap(({ registered_by }) => registered_by?.S ?? []);
    expect(registered).toHaveLength(5);
    expect(registered).toContain("event");
  });

  test("tells the doctor that it is as the pipelines need it", async () => {
    // beside other work a check may end without an answer, and says so
    const report = await eventually("an answer about the bucket", async () => {
      const { stdout } = await checkout.run("npx tributary doctor --environment manifests", ".", variables);
      return stdout.includes(`${LANDING}-manifests`) && stripVTControlCharacters(stdout);
    });
    expect(report).toContain(`${LANDING}-manifests, with versions and events`);
  });
});

describe("a pipeline that is switched off", () => {
  test("works beside another before", () => {
    expect(accounts.get("both: manifests")).toMatchObject({ ...NOTHING_LOST, files: 2 });
    expect(accounts.get("both: uploads")).toMatchObject({ ...NOTHING_LOST, files: 5 });
  });

  test("stays whole under the deletion guard, which says what would be lost", async () => {
    choose({ pipelines: ["uploads"], deletionGuard: true });
    const before = await states();
    const { code, stderr } = await deploy("both");
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining("deletionGuard is on") });
    for (const lost of [
      "table tributary-both-file-tracking with about 2 items",
      "bucket tributary-both-manifests-000000000000, with all its objects",
      "table or view clicks of the catalog; its files in the curated bucket stay",
      "table or view clicks_latest of the catalog",
    ]) {
      expect(stderr).toContain(lost);
    }
    expect(stderr).not.toMatch(/tributary-both-uploads|customers/);
    expect(await states()).toEqual(before);
  });

  test("stays whole without a word, and while it is at work", async () => {
    choose({ pipelines: ["uploads"] });
    const before = await states();
    expect(await deploy("both", "", SKIP_SYNTH)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("repeat with --discard"),
    });
    expect(await deploy("both", "--discard", SKIP_SYNTH)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("job tributary-both-manifests-stream is at work"),
    });
    expect(await states()).toEqual(before);
  });

  test("goes on demand, without a trace, and the other works on", async () => {
    // the command knows the settings alone
    choose({});
    await succeeded("npx tributary manifests stop --wait --yes --environment both");
    choose({ pipelines: ["uploads"] });
    const policy = '{ rules: { both: { dataLost: "warn" } } }';
    writeFileSync(checkout.path("environments", "plan-policy.ts"), `export const planPolicy = ${policy};\n`);
    const shown = stripVTControlCharacters(await deployed("both", "--discard"));
    expect(shown).toContain("given up, by way of observability, compute, ledger, storage:");
    // the usual deploy follows the removal, and finds nothing that is left to do
    expect(shown.match(/No changes\. Your infrastructure matches the configuration\./g)).toHaveLength(
      LAYER_COUNT,
    );
    const environment = environmentOf("both", ["uploads"]);
    await hasItsOwn(environment);
    await isTold(environment);
    expect(await uploadsAccounts("after", ["uploads"])).toMatchObject({ ...NOTHING_LOST, files: 5 });
  });
});

const SKIP_SYNTH = "-- --skip-synth";

/** Writes the environments' file, with other settings of the first. */
function choose(first: { readonly pipelines?: readonly Pipeline[]; readonly deletionGuard?: boolean }): void {
  const lines = NAMES.map((name) => {
    const settings = { pipelines: CHOSEN[name], ...(name === "both" ? first : {}) };
    const datasets = { leftOut: datasetsWithout(settings.pipelines) };
    const storage = `{ ...local.storage, ...${JSON.stringify(storageOf(name, first))} }`;
    return `export const ${name}: EnvironmentSettings = { ...local, ...${JSON.stringify({ ...settings, datasets })}, storage: ${storage} };`;
  });
  const imports = [
    'import { local } from "./local";',
    'import type { EnvironmentSettings } from "./schema/environment";',
  ];
  writeFileSync(checkout.path("environments", "chosen.ts"), `${[...imports, ...lines].join("\n")}\n`);
}

/** Storage settings of an environment that differ from the platform's on one machine. */
function storageOf(name: Name, { deletionGuard = false }: { readonly deletionGuard?: boolean }): object {
  const existing = ATTACHED[name];
  return {
    ...(existing && { raw: { ...local.storage?.raw, existing } }),
    // it goes with the guard
    forceDestroy: name !== "both" || !deletionGuard,
  };
}

/** Makes what was there before: buckets with versions, their topic, and a queue that their owner listens to. */
async function ownLanding(): Promise<void> {
  const { s3, settings } = clientsOf(aws);
  const queue = `arn:aws:sqs:${REGION}:${local.account}:${LANDING}`;
  const admitted = (action: string, resource: string) =>
    policyDocument([
      {
        sid: "Buckets",
        principal: { Service: "s3.amazonaws.com" },
        actions: [action],
        resources: [resource],
      },
    ]);
  await new SQSClient(settings).send(
    new CreateQueueCommand({
      QueueName: LANDING,
      Attributes: { Policy: admitted("sqs:SendMessage", queue) },
    }),
  );
  await new SNSClient(settings).send(
    new CreateTopicCommand({ Name: LANDING, Attributes: { Policy: admitted("sns:Publish", TOPIC) } }),
  );
  const Events: Event[] = ["s3:ObjectCreated:*"];
  for (const { bucket: Bucket, events } of Object.values(ATTACHED)) {
    await s3.send(new CreateBucketCommand({ Bucket }));
    const VersioningConfiguration = { Status: "Enabled" } as const;
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
    const NotificationConfiguration = {
      QueueConfigurations: [{ Id: "owner", QueueArn: queue, Events: ["s3:ObjectRemoved:*" as const] }],
      ...(events === "eventbridge"
        ? { EventBridgeConfiguration: {} }
        : { TopicConfigurations: [{ Id: "landing", TopicArn: events, Events }] }),
    };
    await s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }));
  }
}

/** Names of a team's datasets whose pipeline is none of these. */
function datasetsWithout(pipelines: readonly Pipeline[]): string[] {
  return declaredDatasets()
    .filter(({ name, pipeline }) => !isSmoke(name) && !pipelines.includes(pipeline))
    .map(({ name }) => name);
}

function environmentOf(name: Name, pipelines: readonly Pipeline[] = CHOSEN[name]): Environment {
  return parseEnvironment(name, {
    ...local,
    pipelines,
    storage: { ...local.storage, ...storageOf(name, {}) },
  });
}

function deploy(name: Name, words = "", further = ""): Promise<Outcome> {
  const output = `--output out-${name}`;
  return checkout.run(
    `npm run --silent deploy -- --environment ${name} --auto-approve ${output} ${words} ${further}`,
    ".",
    variables,
  );
}

async function deployed(name: Name, words = ""): Promise<string> {
  const { code, stdout, stderr } = await deploy(name, words);
  if (code !== 0) throw new Error(`deploy of ${name}: ${stdout}\n${stderr}`);
  return stdout;
}

async function succeeded(line: string): Promise<void> {
  const { code, stdout, stderr } = await checkout.run(line, ".", variables);
  if (code !== 0) throw new Error(`${line}: ${stdout}\n${stderr}`);
}

function contextOf(name: Name, pipelines: readonly Pipeline[] = CHOSEN[name]): PipelineContext {
  const output = checkout.path(`run-${name}`);
  mkdirSync(output, { recursive: true });
  const unused = () => Promise.reject(new Error("the test deploys by itself"));
  return {
    environment: environmentOf(name, pipelines),
    platform: { aws, ledger, python, variables, signal, deploy: unused, stop: unused },
    clients: clientsOf(aws),
    steps: new Steps(signal, process.stderr),
    output,
    signal,
  };
}

function common() {
  return { python, variables, signal };
}

async function keep(what: string, work: Promise<Accounts>): Promise<void> {
  accounts.set(what, await work);
}

async function ledgerAccounts(): Promise<Accounts> {
  const context = contextOf("ledger");
  const files = filesBelow(`${ROOT}/local/samples/ml_events`).taken.ledger;
  const { uploads } = await runLedgerPipeline(context, await uploadListed(context, files), []);
  return only(await accountFor("ledger", { ...context, ...common(), uploads }));
}

async function manifestsAccounts(name: "both" | "manifests"): Promise<Accounts> {
  const context = contextOf(name);
  const folder = checkout.path(`ndjson-${name}`);
  const words = ["--count", "2", "--seed", "1", "--size", "3.5MB", "--dirty", "0.01"];
  const generator = ["ndjson", "--json", "--out", folder, "--dates", "2026-01-30", ...words];
  await askPythonModule("local.generator", generator, { python, signal });
  const { uploads } = await runManifestsPipeline(context, [filesBelow(folder).taken.manifests]);
  return only(await accountFor("manifests", { ...context, ...common(), uploads }));
}

async function uploadsAccounts(run: string, pipelines: readonly Pipeline[] = CHOSEN.both): Promise<Accounts> {
  const context = contextOf("both", pipelines);
  const output = checkout.path(`run-${run}`);
  mkdirSync(output);
  const files = filesBelow(`${ROOT}/local/samples/customers`).taken.uploads;
  const { uploads } = await runUploadsPipeline(context, [files]);
  return only(await accountFor("uploads", { ...context, ...common(), output, uploads }));
}

/** The accounts of the one dataset that got files. */
function only(all: PipelineAccounts): Accounts {
  const [accounts, ...others] = Object.values(all);
  if (accounts === undefined || others.length > 0) throw new Error(`one dataset, got ${Object.keys(all)}`);
  return accounts;
}

/** Compares what stands in the emulator under the environment's name with what the schema lists. */
async function hasItsOwn(environment: Environment): Promise<void> {
  const { lambda, s3, glue, settings } = clientsOf(aws);
  const prefix = resourceName(environment, "");
  const own = (names: readonly (string | undefined)[]) =>
    names.filter((each): each is string => each?.startsWith(prefix) === true).sort();
  const [functions, buckets, tables, queues, catalog] = await Promise.all([
    lambda.send(new ListFunctionsCommand({ MaxItems: 1000 })),
    s3.send(new ListBucketsCommand({})),
    new DynamoDBClient(settings).send(new ListTablesCommand({})),
    new SQSClient(settings).send(new ListQueuesCommand({ QueueNamePrefix: prefix, MaxResults: 1000 })),
    glue.send(new GetTablesCommand({ DatabaseName: databaseName(environment) })),
  ]);
  expect(own((functions.Functions ?? []).map(({ FunctionName }) => FunctionName))).toEqual(
    functionsOf(environment)
      .map((each) => functionName(environment, each))
      .sort(),
  );
  expect(own((buckets.Buckets ?? []).map(({ Name }) => Name))).toEqual(
    bucketsOf(environment)
      .map((each) => bucketName(environment, each))
      .filter((each) => each.startsWith(prefix))
      .sort(),
  );
  expect(own(tables.TableNames ?? [])).toEqual(
    tablesOf(environment)
      .map((each) => tableName(environment, each))
      .sort(),
  );
  const sources = (queues.QueueUrls ?? [])
    .map((url) => url.slice(url.lastIndexOf("/") + 1))
    .filter((each) => !/-(failures|dead-letters|undelivered-events)$/.test(each));
  expect(sources.sort()).toEqual(
    queuesOf(environment)
      .map((each) => queueName(environment, each))
      .sort(),
  );
  const datasets = {
    uploads: ["customers", "smoke_uploads"],
    manifests: ["clicks", "clicks_latest", "smoke_manifests", "smoke_manifests_latest"],
    ledger: ["ml_events", "smoke_ledger"],
  };
  expect((catalog.TableList ?? []).map(({ Name }) => Name).sort()).toEqual(
    [...environment.pipelines.flatMap((each) => datasets[each]), ...AUDIT].sort(),
  );
}

/** The operator's command shows what there is, and says what is not. */
async function isTold({ name }: Environment): Promise<void> {
  const ask = (words: string) => checkout.run(`npx tributary ${words} --environment ${name}`, ".", variables);
  const shown = await ask("status");
  expect(shown).toMatchObject({ code: 0, stdout: expect.stringMatching(/off here +manifests, ledger/) });
  for (const words of ["ledger status", "columns drop --dataset clicks --column x", "manifests start"]) {
    expect(await ask(words)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/the pipelines? .* off/),
    });
  }
  const migrated = await checkout.run(`npm run --silent migrate -- --environment ${name}`, ".", variables);
  expect(migrated).toMatchObject({ code: 1, stderr: expect.stringContaining("the pipeline ledger is off") });
  expect(await ask("redrive")).toMatchObject({ code: 3, stdout: "there are no dead letters\n" });
}

/** Versions of the first environment's states: a write of any would add one. */
async function states(): Promise<unknown> {
  const environment = environmentOf("both");
  const { Versions = [] } = await clientsOf(aws).s3.send(
    new ListObjectVersionsCommand({
      Bucket: stateBucketName(environment),
      Prefix: `${environment.project}/${environment.name}/`,
    }),
  );
  return Versions.filter(({ Key = "" }) => Key.endsWith(".tfstate")).map(({ Key, VersionId }) => [
    Key,
    VersionId,
  ]);
}
