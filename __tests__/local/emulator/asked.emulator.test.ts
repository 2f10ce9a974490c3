import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateTriggerCommand, GlueClient } from "@aws-sdk/client-glue";
import {
  AddClientIDToOpenIDConnectProviderCommand,
  AttachRolePolicyCommand,
  CreateOpenIDConnectProviderCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  IAMClient,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import {
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  GetFunctionEventInvokeConfigCommand,
  LambdaClient,
  PutFunctionEventInvokeConfigCommand,
} from "@aws-sdk/client-lambda";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { assumeRole, type Credentials } from "../../../local/emulator/assume-role";
import {
  ACCOUNT,
  type Emulator,
  REGION,
  ROOT_CREDENTIALS,
  startEmulator,
} from "../../../local/emulator/emulator";
import { ensurePython } from "../../../setup/python";
import { functionArchive } from "../platform";
import { send, signed } from "../strangers";

const MESSAGE =
  "the emulator asks by itself for what AWS asks for: remove this from local/emulator/authorization.py, or repairs.py";
const TRUST = JSON.stringify({
  Version: "2012-10-17",
  Statement: [
    { Effect: "Allow", Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: "sts:AssumeRole" },
  ],
});
const role = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;
const fn = (name: string) => `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`;

let folder: string;
let python: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tributary-test-"));
  ({ python } = await ensurePython("run", () => undefined));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Whether an emulator asks as AWS does. */
const BEHAVIOURS: [string, (emulator: Emulator) => Promise<boolean>][] = [
  ["takes Lambda's calls for what they are", namesCalls],
  ["names the resources that AWS names", namesResources],
  ["names roles with their paths", namesPaths],
  ["tells conditions the boundary of a role", tellsBoundary],
  ["tells conditions the tags of a network", tellsTagsOfNetworks],
  ["names what is tagged in a network", namesWhatIsTagged],
  ["tells conditions the function of a mapping", tellsFunction],
  ["asks who passes a role whether he may", asksForPassing],
  ["admits an audience to a provider", admitsAudience],
];

describe.each([true, false])("an emulator that is repaired: %s", (repaired) => {
  let emulator: Emulator;

  beforeAll(async () => {
    emulator = await startEmulator({ python, folder, auth: true, repaired });
    const trusted = { RoleName: "function", AssumeRolePolicyDocument: TRUST };
    await new IAMClient(rootOf(emulator)).send(new CreateRoleCommand(trusted));
    const lambda = new LambdaClient(rootOf(emulator));
    for (const FunctionName of ["own", "other"]) await lambda.send(create(FunctionName));
    await lambda.send(
      new PutFunctionEventInvokeConfigCommand({ FunctionName: "own", MaximumRetryAttempts: 1 }),
    );
    await new SQSClient(rootOf(emulator)).send(new CreateQueueCommand({ QueueName: "queue" }));
  });
  afterAll(() => emulator.stop());

  test.each(BEHAVIOURS)("%s", async (_, isRight) => {
    if (repaired) expect(await isRight(emulator)).toBe(true);
    else if (await isRight(emulator)) throw new Error(MESSAGE);
  });
});

function rootOf({ endpoint }: Emulator) {
  return { endpoint, region: REGION, credentials: ROOT_CREDENTIALS };
}

type CallerCredentials = Pick<Credentials, "accessKeyId" | "secretAccessKey">;

let roles = 0;

/** Settings of clients of a role that may do just that. */
async function who(emulator: Emulator, actions: readonly string[], resource: string, condition: object = {}) {
  const iam = new IAMClient(rootOf(emulator));
  roles += 1;
  const RoleName = `caller-${roles}`;
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: TRUST }));
  const Statement = [{ Effect: "Allow", Action: actions, Resource: resource, Condition: condition }];
  const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "own", PolicyDocument }));
  return { ...rootOf(emulator), credentials: await assumeRole(emulator.endpoint, RoleName, "test") };
}

/** Returns whether a call is let through; what else becomes of it does not matter. */
async function passes(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    return !/not authorized|AccessDenied/.test(`${(error as Error).name} ${(error as Error).message}`);
  }
}

function create(FunctionName: string): CreateFunctionCommand {
  return new CreateFunctionCommand({
    FunctionName,
    Runtime: "nodejs22.x",
    Handler: "index.handler",
    Role: role("function"),
    Code: { ZipFile: functionArchive(python, folder, "exports.handler = async () => {};") },
  });
}

async function namesCalls(emulator: Emulator): Promise<boolean> {
  const lambda = new LambdaClient(await who(emulator, ["lambda:GetFunctionEventInvokeConfig"], fn("own")));
  return passes(lambda.send(new GetFunctionEventInvokeConfigCommand({ FunctionName: "own" })));
}

async function namesResources(emulator: Emulator): Promise<boolean> {
  const trigger = `arn:aws:glue:${REGION}:${ACCOUNT}:trigger/own`;
  const glue = new GlueClient(await who(emulator, ["glue:CreateTrigger"], trigger));
  const make = (Name: string) =>
    passes(glue.send(new CreateTriggerCommand({ Name, Type: "ON_DEMAND", Actions: [{ JobName: "job" }] })));
  return (await make("own")) && !(await make("other"));
}

async function namesPaths(emulator: Emulator): Promise<boolean> {
  const iam = new IAMClient(await who(emulator, ["iam:CreateRole", "iam:PutRolePolicy"], role("lake/*")));
  const made = (RoleName: string, Path: string) =>
    passes(iam.send(new CreateRoleCommand({ RoleName, Path, AssumeRolePolicyDocument: TRUST })));
  const PolicyDocument = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "s3:ListAllMyBuckets", Resource: "*" }],
  });
  const put = { RoleName: "pathed", PolicyName: "x", PolicyDocument };
  return (
    (await made("pathed", "/lake/")) &&
    !(await made("unpathed", "/")) &&
    (await passes(iam.send(new PutRolePolicyCommand(put))))
  );
}

async function tellsBoundary(emulator: Emulator): Promise<boolean> {
  const document = {
    PolicyName: "boundary",
    PolicyDocument: TRUST.replace(/"Principal":\{[^}]*\},/, '"Resource":"*",'),
  };
  const { Policy } = await new IAMClient(rootOf(emulator)).send(new CreatePolicyCommand(document));
  const PermissionsBoundary = Policy?.Arn ?? "";
  const actions = ["iam:CreateRole", "iam:AttachRolePolicy"];
  const condition = { StringEquals: { "iam:PermissionsBoundary": PermissionsBoundary } };
  const iam = new IAMClient(await who(emulator, actions, "*", condition));
  const made = (RoleName: string, more: object) =>
    passes(iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: TRUST, ...more })));
  return (
    (await made("bounded", { PermissionsBoundary })) &&
    !(await made("unbounded", {})) &&
    (await passes(
      iam.send(new AttachRolePolicyCommand({ RoleName: "bounded", PolicyArn: PermissionsBoundary })),
    ))
  );
}

/** Asks EC2, whose calls are forms. */
async function askEc2(
  emulator: Emulator,
  parameters: Record<string, string>,
  credentials: CallerCredentials = ROOT_CREDENTIALS,
) {
  const body = new URLSearchParams({ Version: "2016-11-15", ...parameters }).toString();
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const call = { method: "POST", path: "/", headers, body } as const;
  return send(emulator.endpoint, await signed(emulator.endpoint, call, { service: "ec2", credentials }));
}

async function makeVpc(emulator: Emulator, owner: string): Promise<string> {
  const tagged = { "TagSpecification.1.ResourceType": "vpc", "TagSpecification.1.Tag.1.Key": "owner" };
  const named = { ...tagged, "TagSpecification.1.Tag.1.Value": owner };
  const { text } = await askEc2(emulator, { Action: "CreateVpc", CidrBlock: "10.0.0.0/16", ...named });
  return /<vpcId>(.*?)<\/vpcId>/.exec(text)?.[1] ?? "";
}

async function tellsTagsOfNetworks(emulator: Emulator): Promise<boolean> {
  const condition = { StringEquals: { "aws:ResourceTag/owner": "us" } };
  const { credentials } = await who(emulator, ["ec2:DeleteVpc"], "*", condition);
  const deleted = async (owner: string) => {
    const VpcId = await makeVpc(emulator, owner);
    return (await askEc2(emulator, { Action: "DeleteVpc", VpcId }, credentials)).status === 200;
  };
  return (await deleted("us")) && !(await deleted("them"));
}

async function namesWhatIsTagged(emulator: Emulator): Promise<boolean> {
  const id = await makeVpc(emulator, "them");
  const tag = { "ResourceId.1": id, "Tag.1.Key": "owner", "Tag.1.Value": "us" };
  const tags = async (kind: string) => {
    const resource = `arn:aws:ec2:${REGION}:${ACCOUNT}:${kind}/*`;
    const { credentials } = await who(emulator, ["ec2:CreateTags"], resource);
    return (await askEc2(emulator, { Action: "CreateTags", ...tag }, credentials)).status === 200;
  };
  return (await tags("vpc")) && !(await tags("security-group"));
}

async function tellsFunction(emulator: Emulator): Promise<boolean> {
  const condition = { ArnLike: { "lambda:FunctionArn": fn("own") } };
  const lambda = new LambdaClient(await who(emulator, ["lambda:CreateEventSourceMapping"], "*", condition));
  const EventSourceArn = `arn:aws:sqs:${REGION}:${ACCOUNT}:queue`;
  const map = (FunctionName: string) =>
    passes(lambda.send(new CreateEventSourceMappingCommand({ FunctionName, EventSourceArn })));
  return (await map("own")) && !(await map("other"));
}

async function asksForPassing(emulator: Emulator): Promise<boolean> {
  const may = ["lambda:CreateFunction"];
  const made = async (actions: readonly string[], name: string) =>
    passes(new LambdaClient(await who(emulator, actions, "*")).send(create(name)));
  return (await made([...may, "iam:PassRole"], "passed")) && !(await made(may, "refused"));
}

async function admitsAudience(emulator: Emulator): Promise<boolean> {
  const iam = new IAMClient(rootOf(emulator));
  const { OpenIDConnectProviderArn } = await iam.send(
    new CreateOpenIDConnectProviderCommand({ Url: "https://ci.example.com", ClientIDList: ["one"] }),
  );
  const added = { OpenIDConnectProviderArn, ClientID: "two" };
  return iam.send(new AddClientIDToOpenIDConnectProviderCommand(added)).then(
    () => true,
    () => false,
  );
}
