import { describe, expect, test } from "@jest/globals";
import { environmentNames, LAYERS, loadEnvironment } from "../../environments/schema";
import { resource, resourcesOf, type Statement, statement, statementsOf } from "../support/resources";
import { type StackJson, stacksOf } from "../support/stacks";

const stacks = stacksOf(...environmentNames());
const cases = environmentNames().flatMap((name) => LAYERS.map((layer) => [name, layer] as const));

function stack(name: string): StackJson {
  const found = stacks.get(name);
  if (found === undefined) throw new Error(`no stack ${name} among ${[...stacks.keys()]}`);
  return found;
}

/** Keys of the states that a stack reads. */
function readStates(name: string): string[] {
  return Object.values(stack(name).data?.["terraform_remote_state"] ?? {}).map((each) =>
    String(each.config["key"]),
  );
}

describe.each(cases)("%s %s", (name, layer) => {
  const environment = loadEnvironment(name);
  const { provider, terraform } = stack(`${name}-${layer}`);

  test("keeps its state encrypted, locked, and apart from all others", () => {
    expect(terraform.backend.s3).toMatchObject({
      bucket: `tributary-state-${environment.account}-us-east-1`,
      key: `tributary/${name}/${layer}.tfstate`,
      encrypt: true,
      use_lockfile: true,
      use_path_style: name === "local",
    });
  });

  test("refuses any other account, and tags everything", () => {
    expect(provider["aws"]).toEqual([
      expect.objectContaining({
        allowed_account_ids: [environment.account],
        default_tags: [
          {
            tags: expect.objectContaining({
              project: "tributary",
              environment: name,
              deployment: `tributary.${name}`,
              layer,
              "managed-by": "terraform",
            }),
          },
        ],
      }),
    ]);
  });
});

describe("the layers", () => {
  test.each([
    ["network", []],
    ["storage", []],
    ["ledger", ["network", "storage"]],
    ["compute", ["ledger", "network", "storage"]],
    // what it watches it knows by name
    ["observability", ["storage"]],
  ])("read of each other: %s reads %j", (layer, read) => {
    expect(readStates(`prod-${layer}`).sort()).toEqual(read.map((each) => `tributary/prod/${each}.tfstate`));
  });

  test("reach a remote state as the environment addresses buckets", () => {
    const states = Object.values(stack("local-compute").data?.["terraform_remote_state"] ?? {});
    expect(states.map((state) => state.config["use_path_style"])).toEqual([true, true, true]);
  });
});

const GUARDED = [
  "aws_s3_bucket",
  "aws_kms_key",
  "aws_dynamodb_table",
  "aws_db_instance",
  "aws_glue_catalog_database",
  "aws_glue_catalog_table",
];

describe.each([
  ["dev", false],
  ["staging", true],
  ["prod", true],
])("in %s", (name, guarded) => {
  const resources = GUARDED.flatMap((type) =>
    LAYERS.flatMap((layer) => resourcesOf(stack(`${name}-${layer}`), type)),
  );

  test(`prevents the destruction of what holds data: ${guarded}`, () => {
    expect(resources.length).toBeGreaterThanOrEqual(15);
    for (const [, resource] of resources) {
      expect(resource["lifecycle"]).toMatchObject({ prevent_destroy: guarded });
    }
  });
});

/** Actions that AWS grants on no named resource, or only with the condition beside it. */
const UNNAMED: Readonly<Record<string, string | undefined>> = {
  "cloudwatch:PutMetricData": "cloudwatch:namespace",
  "logs:DescribeLogGroups": undefined,
  "ec2:DescribeNetworkInterfaces": undefined,
  "ec2:DescribeRouteTables": undefined,
  "ec2:DescribeSecurityGroups": undefined,
  "ec2:DescribeSubnets": undefined,
  "ec2:DescribeVpcAttribute": undefined,
  "ec2:DescribeVpcEndpoints": undefined,
};

function roleStatements(name: string): [string, Statement][] {
  return LAYERS.flatMap((layer) => resourcesOf(stack(`${name}-${layer}`), "aws_iam_role_policy")).flatMap(
    ([id, policy]) => statementsOf(policy["policy"]).map((each): [string, Statement] => [id, each]),
  );
}

describe("the jobs", () => {
  const jobsOf = (name: string) => resourcesOf(stack(`${name}-compute`), "aws_glue_job");

  test.each(["staging", "prod"])("all run in the private subnets in %s", (name) => {
    const connections = jobsOf(name).map(([, job]) => job["connections"]);
    expect(connections).toHaveLength(4);
    for (const each of connections) expect(each).toEqual(connections[0]);
    expect(connections[0]).toHaveLength(loadEnvironment(name).network.zones.length);
  });

  test.each(["local", "dev"])("run there in %s where they speak to PostgreSQL", (name) => {
    const connected = jobsOf(name).filter(([, job]) => job["connections"] !== undefined);
    expect(connected.map(([id]) => id.split("_")[1])).toEqual(["batch", "lister"]);
  });

  test.each(environmentNames())("of %s are started by those who are to, each by its own", (name) => {
    const starting = roleStatements(name).filter(([, { Action }]) => Action.includes("glue:StartJobRun"));
    const jobs = starting.map(([id, { Resource }]) => [
      id
        .replace(/^manifests_/, "")
        .replace(/^ledger_/, "ledger-")
        .split("_")[0],
      Resource.map((arn) => arn.split(`:job/tributary-${name}-`)[1]),
    ]);
    expect(Object.fromEntries(jobs)).toEqual({
      "uploads-trigger": ["uploads-job"],
      "uploads-job-ended": ["uploads-job"],
      "uploads-reconciler": ["uploads-job"],
      "control-plane": ["manifests-stream"],
      "ledger-starter": ["ledger-batch"],
    });
  });
});

/** Prefixes of outputs and their datasets, by role: who else could write there, spoils another's rows. */
test.each(environmentNames())("no two roles of %s write to the same outputs", (name) => {
  const outputs = roleStatements(name).flatMap(([id, { Action, Effect, Resource }]) =>
    Effect === "Allow" && Action.some((action) => /^s3:(Put|Delete)Object$/.test(action))
      ? Resource.filter((each) => /curated|\/dead-letters\/|\/files\//.test(each)).map((each) => [each, id])
      : [],
  );
  expect(outputs.length).toBeGreaterThanOrEqual(10);
  expect(new Set(outputs.map(([place]) => place)).size).toBe(outputs.length);
  for (const [place] of outputs) expect(place).toMatch(/\/(\w|-)+\/\w+\/\*$|\/_staging\/\*$/);
});

describe("the roles", () => {
  test.each(environmentNames())("of %s name every action", (name) => {
    const wild = roleStatements(name).filter(([, { Action }]) =>
      Action.some((action) => action.includes("*")),
    );
    expect(wild).toEqual([]);
  });

  test.each(environmentNames())("of %s name every resource that AWS lets one name", (name) => {
    const unnamed = roleStatements(name).filter(
      ([, { Effect, Resource }]) => Effect === "Allow" && Resource.includes("*"),
    );
    expect(unnamed.length).toBeGreaterThan(0);
    for (const [, { Action, Condition }] of unnamed) {
      expect(Object.keys(UNNAMED)).toEqual(expect.arrayContaining([...Action]));
      for (const action of Action) {
        const limit = UNNAMED[action];
        if (limit !== undefined) expect(JSON.stringify(Condition)).toContain(limit);
      }
    }
  });

  const roles = LAYERS.flatMap((layer) => resourcesOf(stack(`prod-${layer}`), "aws_iam_role")).map(
    ([, role]) => JSON.parse(String(role["assume_role_policy"])).Statement,
  );

  const isSchedulers = (statements: { Principal: { Service: string } }[]) =>
    statements.some(({ Principal }) => Principal.Service === "scheduler.amazonaws.com");

  test("are assumed by one service, for this account only", () => {
    expect(roles.length).toBe(27);
    for (const statements of roles) {
      expect(statements).toEqual([
        expect.objectContaining({
          Principal: { Service: expect.stringMatching(/^[\w.-]+\.amazonaws\.com$/) },
          Condition: {
            // of the scheduler alone AWS documents that it names the account
            [isSchedulers(statements) ? "StringEquals" : "StringEqualsIfExists"]: {
              "aws:SourceAccount": "333333333333",
            },
          },
        }),
      ]);
    }
  });
});

describe("the rules of the event bus", () => {
  const all = environmentNames().flatMap((name) =>
    LAYERS.flatMap((layer) => resourcesOf(stack(`${name}-${layer}`), "aws_cloudwatch_event_target")).map(
      ([id, target]) => [name, id, target] as const,
    ),
  );

  test.each(all)("of %s keep what no target takes: %s", (_, __, target) => {
    expect(target["dead_letter_config"]).toEqual({
      arn: expect.stringContaining("undelivered-events"),
    });
  });

  test.each(environmentNames())("of %s, and no others, may send to that queue", (name) => {
    const queue = resource(stack(`${name}-storage`), "aws_sqs_queue", "undelivered-events");
    const { account } = loadEnvironment(name);
    expect(queue["name"]).toBe(`tributary-${name}-undelivered-events`);
    expect(statement(queue["policy"], "RulesKeepEvents")).toMatchObject({
      Principal: { Service: "events.amazonaws.com" },
      Action: ["sqs:SendMessage"],
      Resource: [`arn:aws:sqs:us-east-1:${account}:tributary-${name}-undelivered-events`],
      Condition: {
        ArnLike: { "aws:SourceArn": `arn:aws:events:us-east-1:${account}:rule/tributary-${name}-*` },
      },
    });
    const rules = LAYERS.flatMap((layer) =>
      resourcesOf(stack(`${name}-${layer}`), "aws_cloudwatch_event_rule"),
    ).map(([, rule]) => rule["name"]);
    expect(rules.length).toBeGreaterThanOrEqual(6);
    for (const rule of rules) expect(rule).toMatch(new RegExp(`^tributary-${name}-`));
  });
});
