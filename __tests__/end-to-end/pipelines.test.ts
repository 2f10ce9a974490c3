import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CloudWatchLogsClient, paginateFilterLogEvents } from "@aws-sdk/client-cloudwatch-logs";
import { GetItemCommand } from "@aws-sdk/client-dynamodb";
import type { JobRun } from "@aws-sdk/client-glue";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import {
  DeleteObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Report } from "../../cli/operator/doctor/doctor";
import {
  bucketName,
  functionName,
  functionsOf,
  jobsOf,
  ledgerBatchJobName,
  ledgerListerJobName,
  manifestsJobName,
  resourceName,
  stateBucketName,
  uploadsJobName,
  uploadsTableName,
} from "../../environments/schema";
import { outputName } from "../../runtime/uploads/output-name";
import { ROOT } from "../../setup/paths";
import { unreviewed } from "../checks/reviewed";
import { eventually } from "../support/eventually";
import { FilesInWork } from "../support/files-in-work";
import { takeFormerRelease } from "../support/former-release";
import {
  curatedBucket,
  customers,
  deployTestPlatform,
  environment,
  finished,
  HEADER,
  holdWork,
  idle,
  jobRuns,
  killJob,
  outputRows,
  put,
  quarantineBucket,
  rawBucket,
  statusOf,
  type TestPlatform,
  textOf,
  withoutNotification,
  workflowVariables,
} from "../support/local-platform";
import { type Outcome, outcomeOf } from "../support/outcome";
import { correctLines } from "./corrected-lines";
import { auditLake } from "./lake-audit";
import { breakLedgerPipeline } from "./ledger-pipeline";
import { breakManifestsPipeline } from "./manifests-pipeline";
import { changeReleases } from "./releases";
import { UNUSED, unusedStatements } from "./role-statements";
import { UNUSED_ACTIONS, unusedActions } from "./workflow-actions";
import { limitWorkflows, smokeTestAsWorkflow } from "./workflow-roles";

const SCRIPT = "uploads_job";
const DENIED = { name: "AccessDenied" };
/** Files of clicks that the tests of the manifests pipeline send. */
const CLICKS = 10;
let former = "";
let platform: TestPlatform;
let files: FilesInWork;

beforeAll(async () => {
  former = takeFormerRelease();
  platform = await deployTestPlatform();
  files = new FilesInWork(platform, 2, CLICKS);
});

afterAll(async () => {
  await platform?.stop();
  rmSync(former, { recursive: true, force: true });
});

// before all else, which is so tested on what was upgraded
changeReleases(
  () => platform,
  () => files,
  () => former,
);

describe("npx tributary doctor", () => {
  test("finds what was deployed well, and names the services that are not there to be asked", async () => {
    const words = ["doctor", "--environment", "local", "--limit", "3600", "--json"];
    const command = [process.execPath, "cli/tributary.js", ...words];
    const { code, stdout } = await outcomeOf(command, ROOT, platform.aws.environment);
    const { findings } = JSON.parse(stdout) as Report;
    // how full the disk is, whether anything was invoked yet, and that a run was killed, are no matter of the platform's
    const passing = ["disk", "last invocations", "streaming job"];
    const lasting = findings.filter(({ check }) => !passing.includes(check));
    const unwell = lasting.filter(({ status }) => status !== "ok");
    expect(unwell.map(({ check, message }) => `${check}: ${message}`)).toEqual([
      "services of the region: missing: AWS's public list of services by region",
      "Glue's quotas: missing: service Service Quotas",
      "Lake Formation's defaults: missing: service Lake Formation",
      "cost-allocation tag: missing: service Cost Explorer",
      "subscriptions to alerts: nobody is told of alerts",
      "GuardDuty: missing: service GuardDuty",
    ]);
    const [functions, jobs] = [functionsOf, jobsOf].map((of) => of(environment).length);
    expect(lasting).toContainEqual(
      expect.objectContaining({ message: `${functions} functions and ${jobs} jobs as in this checkout` }),
    );
    expect(code).toBe(0);
  });
});

describe("npx tributary status", () => {
  test("shows all pipelines in one form", async () => {
    const command = [process.execPath, "cli/tributary.js", "status", "--environment", "local", "--json"];
    const { code, stdout } = await outcomeOf(command, ROOT, platform.aws.environment);
    expect(JSON.parse(stdout).pipelines).toMatchObject(
      environment.pipelines.map((pipeline) => ({ pipeline, waiting: { files: expect.any(Number) } })),
    );
    expect(code).toBe(0);
  });
});

limitWorkflows(() => platform);

describe("the reference's cases", () => {
  test("processes one new file", async () => {
    const before = await idle(platform);
    const { key, version } = await put(platform, "one.csv", customers(3));
    expect(await finished(platform, key, version)).toBe("processed");
    expect(await outputRows(platform, key)).toHaveLength(3);
    await idle(platform);
    expect(await jobRuns(platform)).toHaveLength(before.length + 1);
  });

  test("processes fifty new files in one run, as long as it has work when they come", async () => {
    await idle(platform);
    const names = Array.from({ length: 50 }, (_, number) => `bulk/${number}.csv`);
    const uploads = Promise.all(names.map((name) => put(platform, name, customers(2))));
    const { Id = "" } = await runningJob();
    await holdWork(Id, SCRIPT, async () => {
      await eventually("a row for each file", async () => {
        const all = (await uploads).map(({ key, version }) => statusOf(platform, key, version));
        return (await Promise.all(all)).every((status) => status !== undefined);
      });
    });
    for (const { key, version } of await uploads) {
      expect(await finished(platform, key, version)).toBe("processed");
      expect(await runOf(key, version)).toBe(Id);
    }
  });

  test("replaces the output when a file comes again with other content, and leaves it when unchanged", async () => {
    const first = await put(platform, "again.csv", customers(2));
    await finished(platform, first.key, first.version);
    const second = await put(platform, "again.csv", customers(4, "20.00"));
    expect(await finished(platform, second.key, second.version)).toBe("processed");
    expect(await outputRows(platform, second.key)).toHaveLength(4);
    const before = await outputHead(first.key);
    const third = await put(platform, "again.csv", customers(4, "20.00"));
    expect(await finished(platform, third.key, third.version)).toBe("unchanged");
    expect(await outputHead(first.key)).toEqual(before);
    expect(await statusOf(platform, first.key, first.version)).toBe("superseded");
  });
});

breakManifestsPipeline(
  () => platform,
  () => files.clicks,
);

breakLedgerPipeline(
  () => platform,
  () => files.rawJson,
);

correctLines(() => platform);

describe("the platform", () => {
  test("turns bad lines into dead letters with their line numbers", async () => {
    const { key, version } = await put(
      platform,
      "bad.csv",
      `${HEADER}\n1,A,a@b.de,01-04-2025,1,x\n2,B\n3,C,c@d.de,01-04-2025,2,x\n`,
    );
    expect(await finished(platform, key, version)).toBe("processed");
    const text = await textOf(
      platform,
      quarantineBucket,
      `dead-letters/customers/${outputName(key)}/${version}.ndjson`,
    );
    const letters = (text ?? "")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(letters).toEqual([
      expect.objectContaining({ source_key: key, source_version: version, line: 3, raw_text: "2,B" }),
    ]);
    expect(await outputRows(platform, key)).toHaveLength(2);
  });

  test("processes a version once when its event comes five times and out of order", async () => {
    await withoutNotification(platform, async () => {
      const older = await put(platform, "events.csv", customers(1));
      const newer = await put(platform, "events.csv", customers(2));
      for (let time = 0; time < 5; time += 1) {
        await announce(newer.key, newer.version, "0002");
        await announce(older.key, older.version, "0001");
      }
      expect(await finished(platform, newer.key, newer.version)).toBe("processed");
      expect(await finished(platform, older.key, older.version)).toBe("superseded");
      expect(await outputRows(platform, newer.key)).toHaveLength(2);
    });
  });

  test("finishes a file whose job was killed in mid-run, with nothing lost or twice", async () => {
    await idle(platform);
    const rows = 400_000;
    const { key, version } = await put(platform, "large.csv", customers(rows));
    const { Id = "" } = await runningJob();
    await holdWork(Id, SCRIPT, async () => {
      expect(await claimed(key)).toBe(true);
      expect(await statusOf(platform, key, version)).toBe("pending");
      killJob(Id, SCRIPT);
    });
    // not once all is idle: the next run may follow at once, and be done before anybody looks
    const failed = await eventually("the failure", async () =>
      (await jobRuns(platform)).find((each) => each.Id === Id && each.JobRunState !== "RUNNING"),
    );
    expect(failed.JobRunState).toBe("FAILED");
    expect(await finished(platform, key, version)).toBe("processed");
    expect(await outputRows(platform, key)).toHaveLength(rows);
    const finisher = await runOf(key, version);
    expect(finisher).not.toBe(Id);
    // a function's log is there at its end, which may be behind the run's
    const starter = await eventually("the start in a log", () => starterOf(finisher));
    expect(["uploads-job-ended", "uploads-reconciler"]).toContain(starter);
  });

  test.each([0.85, 1])(
    "processes a file that arrives after %d of the time for which the run waits for more",
    async (part) => {
      await idle(platform);
      const first = await put(platform, `before-${part}.csv`, customers(1));
      expect(await finished(platform, first.key, first.version)).toBe("processed");
      // whichever side of the run's end it falls on: one of two ways has to take the file
      await sleep(part * environment.uploads.settleSeconds * 1000);
      const { key, version } = await put(platform, `after-${part}.csv`, customers(2));
      expect(await finished(platform, key, version)).toBe("processed");
      expect(await outputRows(platform, key)).toHaveLength(2);
    },
  );

  test("finds a file that no event announced", async () => {
    const { key, version } = await withoutNotification(platform, () =>
      put(platform, "silent.csv", customers(2)),
    );
    expect(await finished(platform, key, version)).toBe("processed");
    expect(await outputRows(platform, key)).toHaveLength(2);
  });
});

describe("the roles of functions and jobs, which are enforced", () => {
  test("let a file be processed", async () => {
    const { key, version } = await put(platform, "enforced.csv", customers(3));
    expect(await finished(platform, key, version)).toBe("processed");
    expect(await outputRows(platform, key)).toHaveLength(3);
  });

  test("refuse the job what its work does not need", async () => {
    const { key } = await put(platform, "kept.csv", customers(1));
    const s3 = new S3Client(await as(uploadsJobName(environment)));
    await expect(s3.send(new DeleteObjectCommand({ Bucket: rawBucket, Key: key }))).rejects.toMatchObject(
      DENIED,
    );
  });

  test.each([
    [uploadsJobName(environment), "curated", "tables/clicks/x"],
    [uploadsJobName(environment), "quarantine", "dead-letters/clicks/x"],
    [manifestsJobName(environment), "curated", "tables/customers/x"],
    [manifestsJobName(environment), "quarantine", "dead-letters/customers/x"],
    [manifestsJobName(environment), "quarantine", "quarantine/ml_events/x"],
    [ledgerBatchJobName(environment), "curated", "tables/customers/x"],
    [ledgerBatchJobName(environment), "raw", "raw-json-data/x"],
    [ledgerListerJobName(environment), "artifacts", "glue/x"],
  ] as const)("refuse %s a PUT in %s to %s", async (job, bucket, Key) => {
    const s3 = new S3Client(await as(job));
    const write = new PutObjectCommand({ Bucket: bucketName(environment, bucket), Key, Body: "x" });
    await expect(s3.send(write)).rejects.toMatchObject(DENIED);
  });

  test("let nobody of the environment change code, whatever else a role may do", async () => {
    const s3 = new S3Client(await as(await almightyRole()));
    const Bucket = bucketName(environment, "artifacts");
    const write = (Key: string) => s3.send(new PutObjectCommand({ Bucket, Key, Body: "x" }));
    for (const folder of ["glue", "wheels", "functions"]) {
      await expect(write(`${folder}/x`)).rejects.toMatchObject(DENIED);
    }
    await write("elsewhere/x");
    await expect(platform.s3.send(new PutObjectCommand({ Bucket, Key: "glue/x" }))).resolves.toBeDefined();
  });
});

// the release before audits nothing
auditLake(
  () => platform,
  () => files.rounds.at(-1) ?? new Set(),
);

smokeTestAsWorkflow(() => platform);

// behind all that uses them
test("every statement of a role was used, or has a reason", () => {
  expect(unreviewed(unusedStatements(platform), UNUSED)).toEqual([]);
});

describe("the end of an environment", () => {
  test("takes the stacks and their data away, and then the bucket of their states", async () => {
    const early = await destroyed("--state-bucket");
    expect(early).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/stays: .* still has \d+ resources/),
    });
    const output = join(platform.output, "cdktf.out");
    expect(await destroyed("--auto-approve", "--output", output)).toMatchObject({ code: 0 });
    const names = async () =>
      (await platform.s3.send(new ListBucketsCommand({}))).Buckets?.map(({ Name }) => Name);
    expect(await names()).toEqual([stateBucketName(environment)]);
    expect(await destroyed("--state-bucket")).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^would be removed: state bucket /),
    });
    expect(await names()).toEqual([stateBucketName(environment)]);
    expect(await destroyed("--state-bucket", "--yes")).toMatchObject({ code: 0 });
    expect(await names()).toEqual([]);
    expect(await destroyed("--state-bucket", "--yes")).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/is not there/),
    });
  });
});

// behind all that the workflows do
test("every action that the workflows' roles may do was asked for, or has a reason", () => {
  expect(unreviewed(unusedActions(platform), UNUSED_ACTIONS)).toEqual([]);
});

/** Runs `npm run destroy` on the local environment: what the role of the workflow that deploys can also take away. */
async function destroyed(...words: readonly string[]): Promise<Outcome> {
  const command = [process.execPath, "--import", "tsx", "cli/destroy.ts", "--environment", "local", ...words];
  // the bucket of the states is its maker's, as bootstrap made it
  const role = words.includes("--state-bucket") ? {} : await workflowVariables(platform.aws, "apply");
  return outcomeOf(command, ROOT, { ...platform.variables, ...role });
}

/** The run at work, once there is one. */
function runningJob(): Promise<JobRun> {
  return eventually("a running job", async () =>
    (await jobRuns(platform)).find(({ JobRunState }) => JobRunState === "RUNNING"),
  );
}

async function outputHead(key: string) {
  const name = `tables/customers/${outputName(key)}.parquet`;
  const { ETag, VersionId, LastModified } = await platform.s3.send(
    new HeadObjectCommand({ Bucket: curatedBucket, Key: name }),
  );
  return { ETag, VersionId, LastModified };
}

/** Hands uploads-trigger the event that S3 would send. */
async function announce(key: string, versionId: string, sequencer: string): Promise<void> {
  const s3 = {
    bucket: { name: rawBucket },
    object: { key: encodeURIComponent(key), size: 1, versionId, sequencer },
  };
  const record = {
    eventSource: "aws:s3",
    eventName: "ObjectCreated:Put",
    eventTime: "2026-01-01T00:00:00.000Z",
    s3,
  };
  const { FunctionError } = await platform.lambda.send(
    new InvokeCommand({
      FunctionName: functionName(environment, "uploads-trigger"),
      Payload: Buffer.from(JSON.stringify({ Records: [record] })),
    }),
  );
  expect(FunctionError).toBeUndefined();
}

/** The run that processed a version. */
async function runOf(key: string, version: string): Promise<string> {
  const { Item } = await platform.dynamo.send(
    new GetItemCommand({
      TableName: uploadsTableName(environment),
      Key: { object: { S: `${rawBucket}/${key}` }, version: { S: version } },
      ConsistentRead: true,
    }),
  );
  return Item?.["run_id"]?.S ?? "";
}

/** The function that started a run, as its log tells. */
async function starterOf(runId: string): Promise<string | undefined> {
  const client = new CloudWatchLogsClient({
    endpoint: platform.aws.endpoint,
    region: environment.region,
    credentials: await platform.s3.config.credentials(),
  });
  for (const name of ["uploads-trigger", "uploads-job-ended", "uploads-reconciler"] as const) {
    const logGroupName = `/aws/lambda/${functionName(environment, name)}`;
    for await (const { events = [] } of paginateFilterLogEvents({ client }, { logGroupName })) {
      if (events.some(({ message = "" }) => message.includes("started a job run") && message.includes(runId)))
        return name;
    }
  }
  return undefined;
}

/** Whether a run holds the lease of this object. */
async function claimed(key: string): Promise<boolean> {
  const { Item } = await platform.dynamo.send(
    new GetItemCommand({
      TableName: uploadsTableName(environment),
      Key: { object: { S: `${rawBucket}/${key}` }, version: { S: "#head" } },
      ConsistentRead: true,
    }),
  );
  return Item?.["lease_owner"]?.S !== undefined;
}

/** Options of clients with the rights of a role of the environment. */
async function as(role: string) {
  const common = { endpoint: platform.aws.endpoint, region: environment.region };
  const sts = new STSClient({ ...common, credentials: await platform.s3.config.credentials() });
  const RoleArn = `arn:aws:iam::${environment.account}:role/${role}`;
  const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "test" }));
  const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "" } = Credentials ?? {};
  return {
    ...common,
    forcePathStyle: true,
    credentials: { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken },
  };
}

/** Makes a role that has the name of the environment's and may do everything; returns its name. */
async function almightyRole(): Promise<string> {
  const iam = new IAMClient({
    endpoint: platform.aws.endpoint,
    region: environment.region,
    credentials: await platform.s3.config.credentials(),
  });
  const RoleName = resourceName(environment, "almighty");
  const document = (statement: object) => JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  const trust = { Effect: "Allow", Principal: { Service: "glue.amazonaws.com" }, Action: "sts:AssumeRole" };
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: document(trust) }));
  const PolicyDocument = document({ Effect: "Allow", Action: "*", Resource: "*" });
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "all", PolicyDocument }));
  return RoleName;
}
