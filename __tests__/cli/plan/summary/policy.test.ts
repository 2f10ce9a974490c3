import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import type { Change, ResourceChange } from "../../../../cli/plan/plan-json";
import { denialsOf, findingsOf } from "../../../../cli/plan/summary/policy";
import { summaryOf } from "../../../../cli/plan/summary/summary";
import { loadEnvironment, loadPlanPolicy } from "../../../../environments/schema";
import { parsePlanPolicy } from "../../../../environments/schema/plan-policy";
import { ROOT } from "../../../../setup/paths";
import { change, HEADING, planOf, replacement, resource } from "./plans";

const findings = (
  name: string,
  resources: readonly ResourceChange[],
  policy = loadPlanPolicy(name),
  stack = `${name}-storage`,
) => findingsOf([planOf(resources, { stack })], loadEnvironment(name), policy);

const policyWith = (settings: unknown, name = "prod") =>
  parsePlanPolicy(settings, name, ["dev", "local", "prod", "staging"]);

const GONE = { action_reason: "delete_because_no_resource_config" };
const document = (...statements: readonly object[]) => JSON.stringify({ Statement: statements });
const allowed = { Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::raw/*" };
const trust = (...services: readonly string[]) =>
  document({ Effect: "Allow", Principal: { Service: services }, Action: "sts:AssumeRole" });
const group = (block: string) => ({ ip_protocol: "tcp", from_port: 443, to_port: 443, cidr_ipv4: block });

const BROKEN: readonly (readonly [string, string, string, Change, Partial<ResourceChange>?])[] = [
  ["dataLost", "a queue that goes", "aws_sqs_queue.inputs", change({}, null)],
  ["dataLost", "a topic deleted from the code", "aws_sns_topic.alerts", change({}, null), GONE],
  ["dataLost", "a table that is replaced", "aws_dynamodb_table.t", replacement({ name: "a" }, {}, "name")],
  [
    "publicAccess",
    "a policy for everybody",
    "aws_s3_bucket_policy.raw",
    change({ policy: document() }, { policy: document({ ...allowed, Principal: { AWS: "*" } }) }),
  ],
  [
    "publicAccess",
    "a block that is lifted",
    "aws_s3_bucket_public_access_block.raw",
    change({ block_public_policy: true }, { block_public_policy: false }),
  ],
  ["publicAccess", "a block that goes", "aws_s3_bucket_public_access_block.raw", change({}, null)],
  [
    "publicAccess",
    "a port for everybody",
    "aws_vpc_security_group_ingress_rule.all",
    change(null, group("0.0.0.0/1")),
  ],
  [
    "publicAccess",
    "a function's address without authorization",
    "aws_lambda_function_url.u",
    change(null, { authorization_type: "NONE" }),
  ],
  [
    "publicAccess",
    "a server on the internet",
    "aws_db_instance.p",
    change({}, { publicly_accessible: true }),
  ],
  ["internetOpened", "a way out", "aws_vpc_security_group_egress_rule.all", change(null, group("0.0.0.0/0"))],
  ["internetOpened", "a gateway", "aws_internet_gateway.main", change(null, {})],
  [
    "protectionWeakened",
    "fewer days",
    "aws_cloudwatch_log_group.f",
    change({ retention_in_days: 365 }, { retention_in_days: 7 }),
  ],
  ["protectionWeakened", "an alarm that goes", "aws_cloudwatch_metric_alarm.a", change({}, null)],
  [
    "wildcardGained",
    "all of S3",
    "aws_iam_role_policy.p",
    change({ policy: document(allowed) }, { policy: document({ ...allowed, Action: "s3:*" }) }),
  ],
  [
    "trustWidened",
    "another service",
    "aws_iam_role.r",
    change(
      { assume_role_policy: trust("lambda.amazonaws.com") },
      { assume_role_policy: trust("lambda.amazonaws.com", "glue.amazonaws.com") },
    ),
  ],
  [
    "permissionUnknown",
    "what is known later",
    "aws_iam_role_policy.p",
    change({ policy: document(allowed) }, {}, { after_unknown: { policy: true } }),
  ],
];

describe("a policy", () => {
  test.each(BROKEN)("%s finds %s", (rule, _, address, of, further = {}) => {
    expect(findings("prod", [resource(address, of, further)])).toContainEqual(
      expect.objectContaining({ rule, where: `prod-storage ${address}` }),
    );
  });

  test.each<[string, string, Change]>([
    ["a queue that comes", "aws_sqs_queue.inputs", change(null, {})],
    ["a bucket that is forgotten", "aws_s3_bucket.raw", change({}, null, { actions: ["forget"] })],
    ["a role that comes with its trust", "aws_iam_role.r", change(null, { assume_role_policy: trust("x") })],
    ["a port for the network", "aws_vpc_security_group_ingress_rule.own", change(null, group("10.0.0.0/8"))],
    [
      "everybody who is denied",
      "aws_s3_bucket_policy.raw",
      change(null, { policy: document({ ...allowed, Effect: "Deny", Principal: "*" }) }),
    ],
  ])("finds nothing in %s", (_, address, of) => {
    expect(findings("prod", [resource(address, of)])).toEqual([]);
  });

  test("judges a bucket that goes, and not what goes with it", () => {
    const gone = (name: string) => change({ bucket: name }, null);
    const block = (name: string) => resource(`aws_s3_bucket_public_access_block.${name}`, gone(name));
    const found = findings("prod", [
      resource("aws_s3_bucket.raw", gone("raw")),
      block("raw"),
      block("other"),
    ]);
    expect(found.filter(({ level }) => level === "deny")).toEqual([
      expect.objectContaining({ rule: "dataLost", where: "prod-storage aws_s3_bucket.raw" }),
      expect.objectContaining({
        rule: "publicAccess",
        where: "prod-storage aws_s3_bucket_public_access_block.other",
      }),
    ]);
  });

  test.each([
    ["named accounts", { StringEquals: { "kms:CallerAccount": "333333333333" } }, false],
    ["an organization", { StringEquals: { "aws:PrincipalOrgID": ["o-1", "o-2"] } }, false],
    ["accounts of any name", { StringEquals: { "aws:SourceAccount": ["1", "*"] } }, true],
    ["accounts, if they are told", { StringEqualsIfExists: { "aws:SourceAccount": "1" } }, true],
    ["all other accounts", { StringNotEquals: { "aws:PrincipalAccount": "1" } }, true],
    ["a service", { StringEquals: { "kms:ViaService": "dynamodb.us-east-1.amazonaws.com" } }, true],
  ])("by everybody under a condition of %s, is public or not", (_, Condition, isPublic) => {
    const policy = document({ ...allowed, Resource: "*", Principal: { AWS: "*" }, Condition });
    const rules = findings("prod", [resource("aws_kms_key.k", change(null, { policy }))]).map(
      ({ rule }) => rule,
    );
    expect(rules.includes("publicAccess")).toBe(isPublic);
  });

  const queue = resource("aws_sqs_queue.inputs", change({}, null), GONE);

  test.each([
    ["prod", "deny"],
    ["staging", "deny"],
    ["dev", "warn"],
    ["local", "warn"],
  ])("by default in %s gives a loss of data: %s", (name, level) => {
    expect(findings(name, [queue]).map((each) => each.level)).toEqual([level]);
  });

  test("denies a loss that somebody may allow, with no guard and the code gone", () => {
    expect(denialsOf(findings("prod", [queue]), "prod")).toEqual([
      'prod-storage aws_sqs_queue.inputs: it goes, with what it holds, which dataLost in environments/plan-policy.ts denies in prod; the way out is an exception, reviewed with the change: { rule: "dataLost", where: "prod-storage aws_sqs_queue.inputs", reason: "…" }',
    ]);
  });

  const where = "prod-storage aws_sqs_queue.inputs";
  const excepted = policyWith({ exceptions: [{ rule: "dataLost", where, reason: "nobody sends" }] });

  test("lets through what an exception names, in its stack and environment alone", () => {
    expect(findings("prod", [queue], excepted)).toEqual([
      expect.objectContaining({ level: "excepted", rule: "dataLost", what: "nobody sends" }),
    ]);
    expect(denialsOf(findings("prod", [queue], excepted, "prod-compute"), "prod")).toHaveLength(1);
    expect(denialsOf(findings("staging", [queue], excepted), "staging")).toHaveLength(1);
  });

  test("warns of an exception that nothing needs any more", () => {
    expect(findings("prod", [], excepted)).toEqual([
      expect.objectContaining({ level: "warn", where, wayOut: "take it away" }),
    ]);
    expect(findings("prod", [], excepted, "prod-compute")).toEqual([]);
  });

  test("counts what one plan ends, and what it costs more", () => {
    const many = Array.from({ length: 11 }, (_, index) =>
      resource(`aws_iam_role.r${index}`, change({}, null)),
    );
    expect(findings("dev", many).map(({ rule, what }) => [rule, what])).toEqual([
      ["resourcesDestroyed", "11 resources are destroyed or replaced, more than 10"],
    ]);
    expect(findings("dev", many.slice(1))).toEqual([]);
    const alarms = Array.from({ length: 1001 }, (_, index) =>
      resource(`aws_cloudwatch_metric_alarm.a${index}`, change(null, { period: 60 })),
    );
    expect(findings("dev", alarms).map(({ rule, what }) => [rule, what])).toEqual([
      ["costRise", "a month costs 100.10 USD more, above 100"],
    ]);
    expect(findings("dev", alarms.slice(1))).toEqual([]);
    const strict = policyWith(
      { rules: { dev: { costRise: { level: "deny" }, resourcesDestroyed: { level: "allow" } } } },
      "dev",
    );
    expect(denialsOf(findings("dev", [...many, ...alarms], strict), "dev")).toHaveLength(1);
  });
});

test("the part of a summary on the policy comes first, with what is alike in a row", () => {
  const gone = ["aws_sqs_queue.a", "aws_sns_topic.b"].map((each) => resource(each, change({}, null)));
  const cells = [
    "`dataLost`",
    "`prod-storage` `aws_sqs_queue.a` `aws_sns_topic.b`",
    "it goes, with what it holds",
  ];
  const where = "prod-storage aws_kms_key.c";
  const policy = policyWith({
    exceptions: [{ rule: "dataLost", where, reason: "**no** data" }],
    rules: { prod: { protectionWeakened: "warn" } },
  });
  const plan = planOf(
    [
      ...gone,
      resource("aws_kms_key.c", change({}, null)),
      resource("aws_cloudwatch_metric_alarm.d", change({}, null)),
    ],
    { stack: "prod-storage" },
  );
  const { sections } = summaryOf([plan], { ...HEADING, environment: loadEnvironment("prod"), policy });
  expect(sections[0]).toMatchObject({
    heading: "Policy: 2 denied, 1 to look at, 1 excepted",
    rows: [
      ["**deny**", ...cells, "an exception, reviewed with the change"],
      [
        "warn",
        "`protectionWeakened`",
        "`prod-storage` `aws_cloudwatch_metric_alarm.d`",
        "a protection gets weaker",
        "look at “Encryption, retention and guards”",
      ],
      ["excepted", "`dataLost`", "`prod-storage` `aws_kms_key.c`", "`**no** data`", ""],
    ],
  });
});

describe("the file of the policy", () => {
  test.each<[string, unknown, string]>([
    [
      "a level",
      { rules: { prod: { dataLost: "no" } } },
      'rules.prod.dataLost: expected one of deny, warn, allow, got "no"',
    ],
    ["a rule", { rules: { prod: { dataLoss: "deny" } } }, 'rules.prod: unknown key "dataLoss"'],
    ["an environment", { rules: { prd: { dataLost: "deny" } } }, 'rules: unknown key "prd"'],
    [
      "a stack of an exception",
      { exceptions: [{ rule: "dataLost", where: "prd-storage aws_sqs_queue.a", reason: "no use" }] },
      "exceptions[0].where: expected a stack of one of dev, local, prod, staging",
    ],
    [
      "an exception's missing reason",
      { exceptions: [{ rule: "dataLost", where: "prod-storage aws_sqs_queue.a", reason: "" }] },
      "exceptions[0].reason: expected a reason in words",
    ],
    [
      "a number",
      { rules: { prod: { costRise: { aboveDollars: -1 } } } },
      "rules.prod.costRise.aboveDollars: expected a whole number from 0 to 10000000 USD a month, got -1",
    ],
  ])("is refused for %s that there is not", (_, settings, problem) => {
    expect(() => policyWith(settings)).toThrow(`environments/plan-policy.ts: ${problem}`);
  });

  test("denies losses and public access of an environment that it does not name", () => {
    expect(policyWith({})).toMatchObject({ dataLost: "deny", publicAccess: "deny", wildcardGained: "warn" });
  });
});

test("the table in the docs has every rule with its default", () => {
  const page = readFileSync(join(ROOT, "docs", "plans.md"), "utf8");
  const { exceptions: _, ...rules } = policyWith({});
  const defaults = Object.entries(rules).map(([rule, of]) =>
    typeof of === "string" ? [rule, `\`${of}\``] : [rule, `\`${of.level}\` above ${Object.values(of)[1]}`],
  );
  for (const [rule, of] of defaults) {
    expect(page).toMatch(new RegExp(`^\\| \`${rule}\` \\| .* \\| ${of}( USD)?(; here .*)? \\|$`, "m"));
  }
});
