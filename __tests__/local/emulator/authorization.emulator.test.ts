import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  AthenaClient,
  CreateWorkGroupCommand,
  GetQueryExecutionCommand,
  StartQueryExecutionCommand,
} from "@aws-sdk/client-athena";
import { GetJobCommand, GlueClient, StartJobRunCommand } from "@aws-sdk/client-glue";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ACCOUNT, REGION, ROOT_CREDENTIALS, STATEMENTS } from "../../../local/emulator/emulator";
import {
  createJob,
  invokeFunction,
  logLines,
  startRun,
  startTestPlatform,
  type TestPlatform,
  waitForRun,
} from "../platform";

/** Says what the job's role may read. */
const PROBE = `
import boto3
from botocore.exceptions import ClientError
client = boto3.client("s3", config=boto3.session.Config(s3={"addressing_style": "path"}))
print(boto3.client("sts", "us-east-1").get_caller_identity()["Arn"])
for key in ("readable.py", "other.py"):
    try:
        client.get_object(Bucket="artifacts", Key=key)
    except ClientError as error:
        print(key, error.response["Error"]["Code"])`;
const LOGS = {
  Effect: "Allow",
  Action: ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
  Resource: `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:/aws-glue/jobs/*`,
};

let platform: TestPlatform;
beforeAll(async () => {
  platform = await startTestPlatform({ auth: true });
  await createRole("reader", [
    { Sid: "Read", Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::artifacts/readable.py" },
    { Sid: "Write", Effect: "Allow", Action: "s3:PutObject", Resource: "arn:aws:s3:::artifacts/*" },
    { Sid: "Refuse", Effect: "Deny", Action: "s3:GetObject", Resource: "arn:aws:s3:::artifacts/other.py" },
    LOGS,
  ]);
  await createRole("blind", [LOGS]);
  await createRole("probe", [LOGS]);
  await createRole("starter", [
    {
      Effect: "Allow",
      Action: "glue:StartJobRun",
      Resource: `arn:aws:glue:us-east-1:${ACCOUNT}:job/readable`,
    },
  ]);
  await createRole("asker", [
    {
      Effect: "Allow",
      Action: "athena:GetQueryExecution",
      Resource: `arn:aws:athena:us-east-1:${ACCOUNT}:workgroup/own`,
    },
  ]);
  await createJob(platform, "readable", PROBE, { Role: `arn:aws:iam::${ACCOUNT}:role/reader` });
  await createJob(platform, "unreadable", PROBE, { Role: "blind" });
});
afterAll(() => platform.stop());

describe("where roles are enforced", () => {
  test("nobody can tell the credentials of a function from its name and its role's", async () => {
    const source = "exports.handler = async () => process.env;";
    const variables = await invokeFunction(platform.client, platform.folder, source);
    expect(variables.AWS_ACCESS_KEY_ID).toMatch(/^ASIA/);
    expect(Object.values(variables)).not.toContain(ROOT_CREDENTIALS.secretAccessKey);
    // as MiniStack derives them by itself
    const hash = (text: string) => createHash("sha256").update(text).digest("hex");
    const names = [`lambda:${REGION}:${ACCOUNT}:function:probe`, `iam::${ACCOUNT}:role/probe`];
    const digest = hash(names.map((name) => `arn:aws:${name}`).join(":"));
    const credentials = {
      accessKeyId: `ASIA${digest.slice(0, 16).toUpperCase()}`,
      secretAccessKey: hash(`secret:${digest}`),
      sessionToken: hash(`token:${digest}`),
    };
    const sts = new STSClient({ ...platform.client, credentials });
    await expect(sts.send(new GetCallerIdentityCommand())).rejects.toThrow(/token .* is invalid/);
    sts.destroy();
  });

  test("a job has its role's rights and no more", async () => {
    const id = await startRun(platform, "readable");
    const run = await waitForRun(platform, "readable", id);
    expect(run).toMatchObject({ JobRunState: "SUCCEEDED" });
    expect(await logLines(platform, "/aws-glue/jobs/output", id)).toEqual([
      expect.stringMatching(/assumed-role\/reader\/GlueJobRunnerSession-/),
      "other.py AccessDenied",
    ]);
  });

  test("it is noted which statements of a role decided, once each", async () => {
    await waitForRun(platform, "readable", await startRun(platform, "readable"));
    const lines = readFileSync(join(platform.folder, STATEMENTS), "utf8").trimEnd().split("\n");
    const noted = lines.map((line) => JSON.parse(line)).filter(({ role }) => role === "reader");
    expect(noted.map(({ sid }) => sid).sort()).toEqual(["Read", "Refuse"]);
  });

  test("a job whose role may not read its script fails", async () => {
    const run = await waitForRun(platform, "unreadable", await startRun(platform, "unreadable"));
    expect(run).toMatchObject({ JobRunState: "FAILED" });
    expect(run.ErrorMessage).toMatch(/cannot download s3:\/\/artifacts\/unreadable\.py: .*not authorized/);
  });

  test("a role may make the Glue calls that its policy allows, and no other", async () => {
    const glue = await glueAs("starter");
    await expect(glue.send(new StartJobRunCommand({ JobName: "readable" }))).resolves.toMatchObject({
      JobRunId: expect.stringMatching(/^jr_/),
    });
    for (const command of [
      new StartJobRunCommand({ JobName: "unreadable" }),
      new GetJobCommand({ JobName: "readable" }),
    ]) {
      await expect(glue.send(command as GetJobCommand)).rejects.toMatchObject({
        name: "AccessDeniedException",
      });
    }
    glue.destroy();
  });

  test("a role reads the outcome of queries in the workgroup that its policy names, and of no others", async () => {
    const owner = new AthenaClient(platform.client);
    const asker = new AthenaClient({ ...platform.client, credentials: await credentialsOf("asker") });
    const outcomeIn = async (WorkGroup: string) => {
      await owner.send(new CreateWorkGroupCommand({ Name: WorkGroup }));
      const start = new StartQueryExecutionCommand({
        QueryString: "SELECT 1",
        WorkGroup,
        ResultConfiguration: { OutputLocation: "s3://artifacts/results/" },
      });
      const { QueryExecutionId } = await owner.send(start);
      return asker.send(new GetQueryExecutionCommand({ QueryExecutionId }));
    };
    expect((await outcomeIn("own")).QueryExecution).toMatchObject({ WorkGroup: "own" });
    await expect(outcomeIn("others")).rejects.toMatchObject({ name: "AccessDeniedException" });
    owner.destroy();
    asker.destroy();
  });

  test("a role's session with a wrong secret is refused, for the signature passes on unbroken", async () => {
    const glue = await glueAs("starter", { secretAccessKey: "wrong" });
    const start = new StartJobRunCommand({ JobName: "readable" });
    await expect(glue.send(start)).rejects.toThrow(/signature/i);
    glue.destroy();
  });
});

/** A role of the kind that our stacks make, assumable by a service of the account. */
async function createRole(name: string, Statement: unknown[]): Promise<void> {
  const iam = new IAMClient(platform.client);
  const trust = {
    Effect: "Allow",
    Principal: { Service: ["glue.amazonaws.com", "lambda.amazonaws.com"] },
    Action: "sts:AssumeRole",
    Condition: { StringEqualsIfExists: { "aws:SourceAccount": ACCOUNT } },
  };
  const document = (statements: unknown[]) =>
    JSON.stringify({ Version: "2012-10-17", Statement: statements });
  await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: document([trust]) }));
  await iam.send(
    new PutRolePolicyCommand({ RoleName: name, PolicyName: "own", PolicyDocument: document(Statement) }),
  );
  iam.destroy();
}

async function glueAs(role: string, changed: { secretAccessKey?: string } = {}): Promise<GlueClient> {
  const credentials = { ...(await credentialsOf(role)), ...changed };
  return new GlueClient({ ...platform.client, endpoint: platform.runner.endpoint, credentials });
}

async function credentialsOf(role: string) {
  const sts = new STSClient(platform.client);
  const RoleArn = `arn:aws:iam::${ACCOUNT}:role/${role}`;
  const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "test" }));
  sts.destroy();
  return {
    accessKeyId: Credentials?.AccessKeyId ?? "",
    secretAccessKey: Credentials?.SecretAccessKey ?? "",
    sessionToken: Credentials?.SessionToken ?? "",
  };
}
