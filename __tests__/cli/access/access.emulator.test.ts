import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  AttachRolePolicyCommand,
  CreateOpenIDConnectProviderCommand,
  CreatePolicyVersionCommand,
  CreateRoleCommand,
  DeleteRolePermissionsBoundaryCommand,
  GetOpenIDConnectProviderCommand,
  IAMClient,
  ListPoliciesCommand,
  ListRolesCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { CreateFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { accessPolicies, ownBoundary } from "../../../cli/access/access";
import { changesOf } from "../../../cli/access/commands";
import { removalsOf } from "../../../cli/access/removals";
import { githubTrust } from "../../../cli/access/trust";
import {
  applyRoleName,
  boundaryName,
  GITHUB_ISSUER,
  guardName,
  iamArn,
  loadEnvironment,
  oidcProviderArn,
  planRoleName,
  resourceName,
} from "../../../environments/schema";
import { ACCOUNT, REGION, ROOT_CREDENTIALS } from "../../../local/emulator/emulator";
import { type LocalAws, startLocalAws } from "../../../local/platform/aws";
import { ensurePython } from "../../../setup/python";
import { functionArchive } from "../../local/platform";
import { assumeByToken } from "../../support/web-identity";

const environment = loadEnvironment("local");
const trust = githubTrust(environment, "example/lake");
const PROVIDER = { OpenIDConnectProviderArn: oidcProviderArn(environment, GITHUB_ISSUER) };
const DEPLOYS = "repo:example/lake:environment:local";
const boundary = iamArn(environment, "policy", boundaryName(environment));
const own = resourceName(environment, "made-by-ci");
const anybody = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { AWS: "*" }, Action: "sts:AssumeRole" }],
});

let folder = "";
let aws: LocalAws;
let iam: IAMClient;
let s3: S3Client;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tributary-access-"));
  aws = await startLocalAws({ folder, auth: true, report: () => undefined });
  const settings = { endpoint: aws.endpoint, region: REGION, credentials: ROOT_CREDENTIALS };
  iam = new IAMClient(settings);
  s3 = new S3Client({ ...settings, forcePathStyle: true });
});

afterAll(async () => {
  await aws.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** What bootstrap would do, as it says it. */
async function planned(settings = environment): Promise<string[]> {
  return (await changesOf({ iam, s3 }, settings, trust)).map(({ what, done }) => `${what}: ${done}`);
}

async function carryOut(settings = environment): Promise<void> {
  for (const { make } of await changesOf({ iam, s3 }, settings, trust)) await make();
}

describe("access for CI", () => {
  test("is planned before anything changes", async () => {
    const plan = await planned();
    expect(plan).toEqual(await planned());
    const policies = [ownBoundary(environment), ...accessPolicies(environment)].map((policy) => policy?.name);
    expect(plan).toEqual([
      `state bucket tributary-state-${ACCOUNT}-us-east-1: created`,
      `OpenID Connect provider ${GITHUB_ISSUER}: created`,
      ...policies.map((name) => `policy ${name}: created`),
      "role tributary-local.plan: created",
      "role tributary-local.apply: created",
    ]);
    expect((await iam.send(new ListRolesCommand({}))).Roles).toEqual([]);
  });

  test("uses the provider that is there, and admits its audience", async () => {
    const other = { Url: `https://${GITHUB_ISSUER}`, ClientIDList: ["another"] };
    await iam.send(new CreateOpenIDConnectProviderCommand(other));
    expect(await planned()).toContain(
      `audience sts.amazonaws.com of OpenID Connect provider ${GITHUB_ISSUER}: admitted`,
    );
    await carryOut();
    const { ClientIDList } = await iam.send(new GetOpenIDConnectProviderCommand(PROVIDER));
    expect(ClientIDList).toEqual(["another", "sts.amazonaws.com"]);
  });

  test("is safe to repeat", async () => {
    expect(await planned()).toEqual([]);
  });

  test("repairs what was changed, as often as it is changed", async () => {
    const RoleName = applyRoleName(environment);
    const all = JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }],
    });
    const guard = iamArn(environment, "policy", guardName(environment));
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: anybody }));
    await iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary: boundary }));
    await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: boundary }));
    await iam.send(
      new CreatePolicyVersionCommand({ PolicyArn: guard, PolicyDocument: all, SetAsDefault: true }),
    );
    expect(await planned()).toEqual([
      `policy ${guardName(environment)}: changed`,
      `trust of role ${RoleName}: changed`,
      `boundary of role ${RoleName}: set`,
      `policy ${boundaryName(environment)} of role ${RoleName}: detached`,
    ]);
    await carryOut();
    expect(await planned()).toEqual([]);
  });

  test("follows the settings, however often they change", async () => {
    // one version more than IAM keeps
    for (const forceDestroy of [false, true, false, true, false, true]) {
      await carryOut({ ...environment, storage: { ...environment.storage, forceDestroy } });
    }
    expect(await planned()).toEqual([]);
  });
});

describe("the roles", () => {
  const role = (name: string) => iamArn(environment, "role", name);
  const assume = (name: string, claims: { sub: string; aud?: string; iss?: string }) =>
    assumeByToken(aws.endpoint, role(name), claims);

  test("are assumed by the workflow of their environment", async () => {
    expect(
      (await assume(planRoleName(environment), { sub: "repo:example/lake:environment:plan-local" })).status,
    ).toBe(200);
    expect((await assume(applyRoleName(environment), { sub: DEPLOYS })).status).toBe(200);
  });

  test.each([
    ["a pull request's plan deploys", "repo:example/lake:environment:plan-local", {}],
    ["a branch", "repo:example/lake:ref:refs/heads/main", {}],
    ["a pull request", "repo:example/lake:pull_request", {}],
    ["another environment", "repo:example/lake:environment:prod", {}],
    ["a repository of the same name", "repo:mallory/lake:environment:local", {}],
    ["a repository whose name begins so", "repo:example/lakes:environment:local", {}],
    ["who took over the name", "repo:example@1/lake@2:environment:local", {}],
    ["a token for somebody else", DEPLOYS, { aud: "https://github.com/example" }],
    ["another issuer", DEPLOYS, { iss: "https://tokens.example.com" }],
  ])("are not for %s", async (_, sub, claims) => {
    expect((await assume(applyRoleName(environment), { sub, ...claims })).status).toBe(403);
  });
});

describe("who deploys", () => {
  let deployer: IAMClient;
  let python: string;
  let lambda: LambdaClient;
  const trusted = { AssumeRolePolicyDocument: anybody };

  beforeAll(async () => {
    const { credentials } = await assumeByToken(
      aws.endpoint,
      iamArn(environment, "role", applyRoleName(environment)),
      {
        sub: DEPLOYS,
      },
    );
    if (credentials === undefined) throw new Error("the role that deploys cannot be assumed");
    const settings = { endpoint: aws.endpoint, region: REGION, credentials };
    deployer = new IAMClient(settings);
    lambda = new LambdaClient(settings);
    ({ python } = await ensurePython("run", () => undefined));
    await deployer.send(new CreateRoleCommand({ RoleName: own, ...trusted, PermissionsBoundary: boundary }));
    await iam.send(new CreateRoleCommand({ RoleName: "administrator", ...trusted }));
    await iam.send(new CreateRoleCommand({ RoleName: resourceName(environment, "unbounded"), ...trusted }));
  });

  const policy = {
    PolicyName: "all",
    PolicyDocument: JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: "s3:ListAllMyBuckets", Resource: "*" }],
    }),
  };
  const guard = iamArn(environment, "policy", guardName(environment));

  test("gives permissions to a role within the boundary", async () => {
    await expect(
      deployer.send(new PutRolePolicyCommand({ RoleName: own, ...policy })),
    ).resolves.toBeDefined();
  });

  test.each([
    ["makes no role without", new CreateRoleCommand({ RoleName: `${own}-x`, ...trusted })],
    [
      "makes no role within another",
      new CreateRoleCommand({ RoleName: `${own}-x`, ...trusted, PermissionsBoundary: guard }),
    ],
    [
      "gives no permissions to a role without",
      new PutRolePolicyCommand({ RoleName: resourceName(environment, "unbounded"), ...policy }),
    ],
    [
      "gives itself no permissions",
      new PutRolePolicyCommand({ RoleName: applyRoleName(environment), ...policy }),
    ],
    [
      "attaches no policy to itself",
      new AttachRolePolicyCommand({ RoleName: applyRoleName(environment), PolicyArn: boundary }),
    ],
    ["takes no boundary away", new DeleteRolePermissionsBoundaryCommand({ RoleName: own })],
    [
      "sets no other boundary",
      new PutRolePermissionsBoundaryCommand({ RoleName: own, PermissionsBoundary: guard }),
    ],
    [
      "leaves the boundary as it is",
      new CreatePolicyVersionCommand({ PolicyArn: boundary, PolicyDocument: policy.PolicyDocument }),
    ],
    [
      "leaves its own boundary as it is",
      new CreatePolicyVersionCommand({ PolicyArn: guard, PolicyDocument: policy.PolicyDocument }),
    ],
  ])("%s", async (_, call) => {
    await expect(deployer.send(call as CreateRoleCommand)).rejects.toMatchObject({ name: "AccessDenied" });
  });

  test("passes no role but the environment's to a function", async () => {
    const create = (Role: string) =>
      lambda.send(
        new CreateFunctionCommand({
          FunctionName: resourceName(environment, "x"),
          Role: iamArn(environment, "role", Role),
          Code: { ZipFile: functionArchive(python, folder, "exports.handler = async () => 1;") },
          Handler: "index.handler",
          Runtime: "nodejs22.x",
        }),
      );
    await expect(create("administrator")).rejects.toMatchObject({ name: "AccessDeniedException" });
    await expect(create(own)).resolves.toBeDefined();
  });
});

describe("access that is taken away", () => {
  test("leaves a boundary that roles are within", async () => {
    const { changes, kept } = await removalsOf(iam, environment);
    expect(changes.map(({ what }) => what)).not.toContain(`policy ${boundaryName(environment)}`);
    expect(kept).toEqual([`policy ${boundaryName(environment)} stays: 1 role(s) are within this boundary`]);
    for (const { make } of changes) await make();
    const names = (await iam.send(new ListPoliciesCommand({ Scope: "Local" }))).Policies?.map(
      ({ PolicyName }) => PolicyName,
    );
    expect(names).toEqual([boundaryName(environment)]);
    expect((await removalsOf(iam, environment)).changes).toEqual([]);
  });
});
