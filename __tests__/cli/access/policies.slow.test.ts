import { describe, expect, test } from "@jest/globals";
import { accessPolicies, accessRoles, ownBoundary } from "../../../cli/access/access";
import { boundaryStatements } from "../../../cli/access/boundary";
import { guardStatements } from "../../../cli/access/guard";
import { keepingPolicies, readingPolicies } from "../../../cli/access/reading";
import { ROLE_SERVICES } from "../../../cli/access/roles";
import { policyText, type Statement } from "../../../cli/access/statement";
import { githubTrust } from "../../../cli/access/trust";
import { writingPolicies } from "../../../cli/access/writing";
import {
  applyRoleName,
  databaseName,
  type Environment,
  environmentNames,
  iamArn,
  loadEnvironment,
  loadEnvironments,
  permissionsBoundaryArn,
  planRoleName,
} from "../../../environments/schema";
import { resourcesOf, statementsOf } from "../../support/resources";
import { stacksOf } from "../../support/stacks";

/** Maximum number of characters of a managed policy, and of managed policies of a role. */
const CHARACTERS = 6144;
const ATTACHED = 10;

const dev = loadEnvironment("dev");
const longest: Environment = {
  ...dev,
  project: "p".repeat(16),
  name: "e".repeat(12),
  storage: { ...dev.storage, lakeFormation: "iam" },
};
const everyone = [...loadEnvironments(), longest].map(
  (environment) => [environment.name, environment] as const,
);
const stacks = stacksOf(...environmentNames());

function matches(pattern: string, value: string): boolean {
  const parts = pattern.split("*").map((part) => part.replaceAll(/[\\^$.|?+()[\]{}]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join(".*")}$`).test(value);
}

/** Returns whether statements allow an action on a resource, whatever their conditions ask for. */
function allows(statements: readonly Statement[], action: string, resource: string): boolean {
  const concerns = ({ Action, NotAction, Resource }: Statement) =>
    (Action?.some((each) => matches(each, action)) ?? !NotAction?.some((each) => matches(each, action))) &&
    Resource.some((each) => matches(each, resource));
  const found = (effect: string) => statements.some((each) => each.Effect === effect && concerns(each));
  return found("Allow") && !found("Deny");
}

const planning = (environment: Environment) => Object.values(readingPolicies(environment)).flat();
const deploying = (environment: Environment) => [
  ...planning(environment),
  ...Object.values(writingPolicies(environment)).flat(),
];
const granted = (statements: readonly Statement[]) =>
  statements.filter(({ Effect }) => Effect === "Allow").flatMap(({ Action = [] }) => Action);

describe.each(everyone)("the policies of %s", (_, environment) => {
  test("have room in IAM", () => {
    const policies = [...accessPolicies(environment), ownBoundary(environment)];
    for (const policy of policies)
      expect(policyText(policy?.statements ?? []).length).toBeLessThan(CHARACTERS);
    for (const { policies: attached } of accessRoles(environment, githubTrust(environment, "a/b"))) {
      expect(attached.length).toBeLessThanOrEqual(ATTACHED);
    }
  });

  test("name each statement once in a policy, and each action once in a statement", () => {
    for (const { statements } of accessPolicies(environment)) {
      const sids = statements.map(({ Sid }) => Sid);
      expect(sids).toEqual([...new Set(sids)]);
      for (const { Action = [] } of statements) expect(Action).toEqual([...new Set(Action)]);
    }
  });
});

describe("a plan", () => {
  test("reads, and nothing else", () => {
    const words = granted(planning(dev)).map((action) => action.split(":")[1]);
    for (const word of words) expect(word).toMatch(/^(Describe|Get|List|View)|^Decrypt$/);
  });

  test.each([
    ["s3:GetObject", "arn:aws:s3:::tributary-dev-raw-111111111111/input/x.csv"],
    ["s3:GetObjectVersion", "arn:aws:s3:::tributary-dev-curated-111111111111/tables/x"],
    ["s3:GetObject", "arn:aws:s3:::tributary-state-111111111111-us-east-1/tributary/prod/storage.tfstate"],
    [
      "s3:PutObject",
      "arn:aws:s3:::tributary-state-111111111111-us-east-1/tributary/dev/network.tfstate.tflock",
    ],
    ["dynamodb:GetItem", "arn:aws:dynamodb:us-east-1:111111111111:table/tributary-dev-uploads"],
    ["sqs:ReceiveMessage", "arn:aws:sqs:us-east-1:111111111111:tributary-dev-ledger-inputs"],
    ["secretsmanager:GetSecretValue", "arn:aws:secretsmanager:us-east-1:111111111111:secret:rds!db-1"],
    ["logs:GetLogEvents", "arn:aws:logs:us-east-1:111111111111:log-group:/aws/lambda/tributary-dev-x:*"],
    ["lambda:GetFunction", "arn:aws:lambda:us-east-1:111111111111:function:other"],
  ])("has no %s on %s", (action, resource) => {
    expect(allows(planning(dev), action, resource)).toBe(false);
  });

  test("keeps plans of its environment, which it neither reads nor writes over, and who deploys reads alone", () => {
    const keeping = Object.values(keepingPolicies(dev)).flat();
    expect(granted(keeping)).toEqual(["s3:PutObject"]);
    expect(keeping.map(({ Condition }) => Condition)).toEqual([{ Null: { "s3:if-none-match": "false" } }]);
    const plan = (name: string) =>
      `arn:aws:s3:::tributary-state-111111111111-us-east-1/_plans/${name}/tree/1.json.gz`;
    const all = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"];
    const may = (statements: readonly Statement[], name: string) =>
      all.filter((action) => allows(statements, action, plan(name)));
    expect(may([...planning(dev), ...keeping], "dev")).toEqual(["s3:PutObject"]);
    expect(may(deploying(dev), "dev")).toEqual(["s3:GetObject"]);
    expect(may([...deploying(dev), ...keeping], "prod")).toEqual([]);
    const [planner, deployer] = accessRoles(dev, githubTrust(dev, "a/b"));
    const policy = iamArn(dev, "policy", "tributary-dev.keeps-plans");
    expect([planner, deployer].map((role) => role?.policies.includes(policy))).toEqual([true, false]);
  });

  test("reads the state of its environment and the code that is there", () => {
    const state = "arn:aws:s3:::tributary-state-111111111111-us-east-1/tributary/dev/storage.tfstate";
    expect(allows(planning(dev), "s3:GetObject", state)).toBe(true);
    const code = "arn:aws:s3:::tributary-dev-artifacts-111111111111/glue/x.py";
    expect(allows(planning(dev), "s3:GetObject", code)).toBe(true);
  });
});

describe("a deploy", () => {
  const role = (name: string) => iamArn(dev, "role", name);
  const policy = (name: string) => iamArn(dev, "policy", name);

  test.each([
    ["iam:DeleteRolePermissionsBoundary", role("tributary-dev-uploads-job")],
    ["iam:CreateUser", "arn:aws:iam::111111111111:user/tributary-dev-x"],
    ["iam:CreateAccessKey", "arn:aws:iam::111111111111:user/x"],
    ["iam:CreateRole", role("administrator")],
    ["iam:PutRolePolicy", role(applyRoleName(dev))],
    ["iam:AttachRolePolicy", role(planRoleName(dev))],
    ["iam:UpdateAssumeRolePolicy", role(applyRoleName(dev))],
    ["iam:CreatePolicyVersion", policy("tributary-dev.boundary")],
    ["iam:CreatePolicyVersion", policy("tributary-dev.guard")],
    ["iam:DeletePolicy", policy("tributary-dev.writes-roles")],
    ["iam:SetDefaultPolicyVersion", policy("tributary-dev.boundary")],
    ["iam:CreatePolicyVersion", policy("tributary-dev-eu.boundary")],
    ["iam:CreatePolicyVersion", policy("tributary-dev-eu.guard")],
    ["iam:UpdateAssumeRolePolicy", role("tributary-dev-eu.apply")],
    ["iam:PassRole", role("administrator")],
    ["iam:UpdateOpenIDConnectProviderThumbprint", "arn:aws:iam::111111111111:oidc-provider/x"],
    ["sts:AssumeRole", role("tributary-dev-uploads-job")],
    ["s3:GetObject", "arn:aws:s3:::tributary-dev-raw-111111111111/input/x.csv"],
    ["s3:PutObject", "arn:aws:s3:::tributary-dev-curated-111111111111/tables/x"],
    ["s3:DeleteObject", "arn:aws:s3:::tributary-state-111111111111-us-east-1/tributary/dev/network.tfstate"],
    ["s3:PutObject", "arn:aws:s3:::tributary-dev-raw-111111111111/input/customers/x.csv"],
    ["s3:GetObject", "arn:aws:s3:::tributary-dev-curated-111111111111/tables/customers/x"],
    ["s3:DeleteObjectVersion", "arn:aws:s3:::tributary-dev-raw-111111111111/input/customers/x.csv"],
    ["dynamodb:UpdateItem", "arn:aws:dynamodb:us-east-1:111111111111:table/tributary-dev-control"],
    ["glue:StartJobRun", "arn:aws:glue:us-east-1:111111111111:job/tributary-dev-uploads-job"],
    ["lambda:InvokeFunction", "arn:aws:lambda:us-east-1:111111111111:function:tributary-dev-control-plane"],
    ["lambda:UpdateFunctionCode", "arn:aws:lambda:us-east-1:111111111111:function:other"],
  ])("has no %s on %s", (action, resource) => {
    expect(
      allows(deploying({ ...dev, storage: { ...dev.storage, forceDestroy: false } }), action, resource),
    ).toBe(false);
  });

  test("deletes objects of data only where the settings empty a bucket that is destroyed", () => {
    const object = "arn:aws:s3:::tributary-dev-raw-111111111111/input/x.csv";
    expect(allows(deploying(dev), "s3:DeleteObjectVersion", object)).toBe(dev.storage.forceDestroy);
    expect(allows(deploying(dev), "s3:GetObject", object)).toBe(false);
  });

  test("is followed by a smoke test, which reaches no other items of tables whose keys tell them apart", () => {
    const limited = deploying(dev)
      .filter(({ Action = [] }) => Action.some((action) => /^dynamodb:\w+Item$/.test(action)))
      .map(({ Sid, Condition }) => [Sid, Condition?.["ForAllValues:StringLike"]?.["dynamodb:LeadingKeys"]]);
    expect(limited).toEqual([
      ["UseSmokeUploads", ["tributary-dev-raw-111111111111/input/smoke_uploads/*"]],
      ["UseSmokeFiles", undefined],
      ["ReadStreamingJob", ["streaming-job"]],
    ]);
  });

  // on the emulator Athena reads and writes, and S3 encrypts, without being asked who wants it
  test.each([
    [
      "s3:GetObject",
      "arn:aws:s3:::tributary-dev-curated-111111111111/tables/smoke_ledger/kind=smoke/x.parquet",
    ],
    ["s3:ListBucket", "arn:aws:s3:::tributary-dev-curated-111111111111"],
    ["s3:GetBucketLocation", "arn:aws:s3:::tributary-dev-results-111111111111"],
    ["s3:ListBucket", "arn:aws:s3:::tributary-dev-results-111111111111"],
    ["s3:PutObject", "arn:aws:s3:::tributary-dev-results-111111111111/x.csv"],
    ["s3:GetObject", "arn:aws:s3:::tributary-dev-results-111111111111/x.csv"],
    ["glue:GetDatabase", `arn:aws:glue:us-east-1:111111111111:database/${databaseName(dev)}`],
    ["glue:GetTable", `arn:aws:glue:us-east-1:111111111111:table/${databaseName(dev)}/smoke_uploads`],
    ["kms:Decrypt", "arn:aws:kms:us-east-1:111111111111:key/x"],
    ["kms:GenerateDataKey", "arn:aws:kms:us-east-1:111111111111:key/x"],
  ])("has %s on %s, for the query and the encryption of a smoke test", (action, resource) => {
    expect(allows(deploying(dev), action, resource)).toBe(true);
  });

  test("gives and takes grants of Lake Formation only where the settings make some", () => {
    const settings = (lakeFormation: "iam" | "defaults") => ({
      ...dev,
      storage: { ...dev.storage, lakeFormation },
    });
    const grants = (statements: readonly Statement[]) =>
      granted(statements).filter((action) => action.startsWith("lakeformation:"));
    expect(grants(deploying(settings("iam")))).toEqual([
      "lakeformation:ListPermissions",
      "lakeformation:GrantPermissions",
      "lakeformation:RevokePermissions",
    ]);
    expect(grants(planning(settings("iam")))).toEqual(["lakeformation:ListPermissions"]);
    expect(grants(deploying(settings("defaults")))).toEqual([]);
  });

  test("makes roles, and what they may do, within the boundary alone", () => {
    const giving = /^iam:(CreateRole|PutRolePolicy|AttachRolePolicy|PutRolePermissionsBoundary)$/;
    const found = deploying(dev).filter(({ Action = [] }) => Action.some((action) => giving.test(action)));
    expect(found).toHaveLength(1);
    expect(found[0]?.Condition).toEqual({
      StringEquals: { "iam:PermissionsBoundary": permissionsBoundaryArn(dev) },
    });
  });

  test("passes roles to the services that take them, and to no other", () => {
    const trusted = [...stacks.values()]
      .flatMap((stack) => resourcesOf(stack, "aws_iam_role"))
      .flatMap(([, { assume_role_policy }]) => statementsOf(assume_role_policy))
      .map(({ Principal }) => (Principal as { Service: string }).Service);
    expect([...new Set(trusted)].sort()).toEqual([...ROLE_SERVICES]);
    const [passing] = deploying(dev).filter(({ Action }) => Action?.includes("iam:PassRole"));
    expect(passing?.Condition).toEqual({ StringEquals: { "iam:PassedToService": ROLE_SERVICES } });
  });

  test("tags what it makes and what is the environment's, so that it deletes no other's network", () => {
    const tagging = deploying(dev).filter(({ Action = [] }) =>
      Action.some((each) => /^ec2:.*Tags$/.test(each)),
    );
    const asked = tagging.map(({ Condition = {} }) =>
      Object.keys(Object.assign({}, ...Object.values(Condition))),
    );
    expect(tagging.length).toBeGreaterThan(0);
    for (const keys of asked) {
      expect(keys.filter((key) => /^aws:\w+Tag\/(project|environment)$/.test(key)).length).toBeGreaterThan(1);
    }
    // a request's tags alone would be whatever the caller likes
    const [rules = "", ...others] = tagging
      .filter(({ Condition = {} }) => !JSON.stringify(Condition).match(/aws:ResourceTag|ec2:CreateAction/))
      .flatMap(({ Resource }) => Resource);
    expect([rules.split(":").at(-1), others]).toEqual(["security-group-rule/*", []]);
  });

  test("changes no network with another environment's tags, and what it made a moment ago, whose tags may not count", () => {
    const [making] = deploying(dev).filter(({ Sid }) => Sid === "MakeNetwork");
    expect(making?.Action).toEqual(
      expect.arrayContaining([
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:ReplaceRoute",
        "ec2:ModifyVpcAttribute",
      ]),
    );
    expect(making?.Condition).toMatchObject({
      StringEqualsIfExists: { "aws:ResourceTag/project": "tributary", "aws:ResourceTag/environment": "dev" },
    });
  });

  test("gets by whatever is attached to its role no further rights in IAM", () => {
    const writes = new Set(granted(deploying(dev)).filter((action) => action.startsWith("iam:")));
    const within = new Set(granted(guardStatements(dev)));
    expect(within).toEqual(writes);
    for (const action of ["iam:CreateUser", "sts:AssumeRole", "organizations:LeaveOrganization"]) {
      expect(allows(guardStatements(dev), action, "*")).toBe(false);
    }
  });
});

describe("the boundary of an environment's roles", () => {
  test.each(environmentNames())("has room for all that the roles of %s do", (name) => {
    const boundary = boundaryStatements(loadEnvironment(name));
    const lacking = policiesOf(name)
      .flatMap(statementsOf)
      .filter(({ Effect }) => Effect === "Allow")
      .flatMap(({ Action, Resource }) => Action.flatMap((action) => Resource.map((each) => [action, each])))
      .filter(([action = "", each = ""]) => !covers(boundary, action, each));
    expect(lacking).toEqual([]);
  });

  test("lets roles set the tags that they set, and no others", () => {
    const tagging = ({ Effect, Action = [] }: { Effect: string; Action?: readonly string[] }) =>
      Effect === "Allow" && Action.includes("ec2:CreateTags");
    const [set] = policiesOf("prod").flatMap(statementsOf).filter(tagging);
    const [bound, ...others] = boundaryStatements(dev).filter(tagging);
    expect(bound?.Condition).toEqual({
      "ForAllValues:StringEquals": set?.Condition?.["ForAllValues:StringEquals"],
    });
    expect(set?.Condition).toHaveProperty(["ForAllValues:StringEquals", "aws:TagKeys"]);
    expect(others).toEqual([]);
  });

  test("has the secrets of the environment's own servers, and of no other's", () => {
    const managed = [...boundaryStatements(dev), ...deploying(dev)].filter(({ Resource }) =>
      Resource.some((each) => each.includes(":secret:rds!")),
    );
    const servers = "arn:aws:rds:us-east-1:111111111111:db:tributary-dev-*";
    expect(managed.map(({ Sid }) => Sid)).toEqual(["ServerSecrets", "MakeDatabaseSecret"]);
    for (const { Condition } of managed) {
      expect(Condition?.["ArnLikeIfExists"]).toEqual({
        "aws:ResourceTag/aws:rds:primaryDBInstanceArn": servers,
      });
    }
  });

  test("lets roles use keys through every service that they use them through", () => {
    const [keys] = boundaryStatements(dev).filter(({ Sid }) => Sid === "Keys");
    const through = keys?.Condition?.["StringEquals"]?.["kms:ViaService"];
    const used = policiesOf("dev")
      .flatMap(statementsOf)
      .filter(({ Action }) => Action.some((action) => action.startsWith("kms:")))
      .map(({ Condition }) => Condition?.["StringEquals"]?.["kms:ViaService"]);
    expect(used.length).toBeGreaterThan(10);
    for (const service of new Set(used)) expect(through).toContain(service);
  });

  test.each([
    ["iam:CreateRole", "arn:aws:iam::111111111111:role/tributary-dev-x"],
    ["lambda:UpdateFunctionCode", "arn:aws:lambda:us-east-1:111111111111:function:tributary-dev-x"],
    ["s3:PutObject", "arn:aws:s3:::tributary-dev-artifacts-111111111111/glue/x.py"],
    ["s3:PutBucketPolicy", "arn:aws:s3:::tributary-dev-raw-111111111111"],
    ["s3:GetObject", "arn:aws:s3:::tributary-prod-raw-111111111111/x"],
    ["kms:PutKeyPolicy", "arn:aws:kms:us-east-1:111111111111:key/x"],
    ["dynamodb:DeleteTable", "arn:aws:dynamodb:us-east-1:111111111111:table/tributary-dev-uploads"],
    ["sts:AssumeRole", "arn:aws:iam::111111111111:role/tributary-dev-x"],
    // whoever deploys makes roles: their tags would be his
    ["ec2:CreateTags", "arn:aws:ec2:us-east-1:111111111111:vpc/vpc-1"],
  ])("has none for %s on %s", (action, resource) => {
    expect(allows(boundaryStatements(dev), action, resource)).toBe(false);
  });
});

/** Policies of the roles of an environment. */
function policiesOf(name: string): unknown[] {
  return [...stacks]
    .filter(([stack]) => stack.startsWith(`${name}-`))
    .flatMap(([, stack]) => [
      ...resourcesOf(stack, "aws_iam_role_policy"),
      ...resourcesOf(stack, "aws_iam_policy"),
    ])
    .map(([, { policy }]) => policy);
}

/** Returns whether the boundary covers a permission; what has a name only after a deploy is compared by its action. */
function covers(boundary: readonly Statement[], action: string, resource: string): boolean {
  if (resource.includes("${")) return granted(boundary).some((each) => matches(each, action));
  // a pattern is covered where one of the boundary's matches it as it stands
  return allows(boundary, action, resource);
}
