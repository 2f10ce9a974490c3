import { describe, expect, test } from "@jest/globals";
import { boundaryStatements } from "../../cli/access/boundary";
import { writingPolicies } from "../../cli/access/writing";
import * as files from "../../environments/files";
import { type Environment, loadEnvironment } from "../../environments/schema";
import { parseEnvironment } from "../../environments/schema/environment";
import { resource, resourcesOf, statement, statementsOf } from "../support/resources";
import type { StackJson } from "../support/stacks";
import { synthesize, synthesizeHcl } from "../support/synthesize";

const TOPIC = "arn:aws:sns:us-east-1:111111111111:landing";
const KEY = "arn:aws:kms:us-east-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const PREFIXES = ["input/customers/", "input/smoke_uploads/"];

/** The environment dev with a raw bucket that was there before. */
function attached(name: string, events: string, keyArn?: string): Environment {
  const raw = { existing: { bucket: "shop-landing", events, ...(keyArn === undefined ? {} : { keyArn }) } };
  return parseEnvironment(name, {
    ...files.dev,
    storage: { ...files.dev.storage, raw },
    ledger: { ...files.dev.ledger, batch: { ...files.dev.ledger?.batch, archive: "tag" } },
  });
}

const topic = attached("topic", TOPIC, KEY);
const bus = attached("bus", "eventbridge");
const stacks = synthesize([topic, bus]);
const all = (name: string): StackJson[] =>
  [...stacks].filter(([stack]) => stack.startsWith(`${name}-`)).map(([, stack]) => stack);

test.each(["storage", "compute"])(
  "renders the stack %s of an environment whose bucket a topic tells of",
  (layer) => {
    expect(synthesizeHcl([topic]).get(`topic-${layer}`)).toMatchSnapshot();
  },
);

describe.each(["topic", "bus"])("a bucket that was there before, in %s,", (name) => {
  const compute = stacks.get(`${name}-compute`);

  test("gets nothing that would take the place of its owner's", () => {
    for (const stack of all(name)) {
      for (const type of Object.keys(stack.resource).filter((each) => /^aws_s3_bucket/.test(each))) {
        const named = resourcesOf(stack, type).filter(([, { bucket }]) => bucket === "shop-landing");
        expect([type, named]).toEqual([type, []]);
      }
    }
    expect(resourcesOf(compute, "aws_s3_bucket_notification").map(([id]) => id)).toEqual([
      expect.stringContaining("manifests-written"),
    ]);
  });

  test("is read, listed and tagged by name, and neither written nor emptied", () => {
    const of = (id: string) => resource(compute, "aws_iam_role_policy", id)["policy"];
    const bucket = "arn:aws:s3:::shop-landing";
    expect(statement(of("uploads-job_role"), "ReadInputs").Resource).toEqual(
      PREFIXES.map((prefix) => `${bucket}/${prefix}*`),
    );
    expect(statement(of("uploads-reconciler_role"), "ListInputs")).toMatchObject({
      Resource: [bucket],
      Condition: { StringLike: { "s3:prefix": PREFIXES.map((prefix) => `${prefix}*`) } },
    });
    expect(statement(of("ledger_batch_role"), "TagProcessed").Resource).toEqual([
      `${bucket}/raw-json-data/*`,
    ]);
    expect(statement(of("untaken-objects_finder_role"), "ListObjects").Condition).toEqual({
      StringLike: { "s3:prefix": ["input/*", "raw-json-data/*", "raw-json-data-processed/*"] },
    });
    const changing = resourcesOf(compute, "aws_iam_role_policy")
      .flatMap(([, { policy }]) => statementsOf(policy))
      .filter(({ Resource }) => Resource.some((each) => each.includes("shop-landing")))
      .flatMap(({ Action }) => Action.filter((each) => /Put|Delete|Abort/.test(each)));
    expect(changing).toEqual(["s3:PutObjectVersionTagging"]);
  });
});

test.each([topic, bus])("is within the boundary of the roles, in $name", (environment) => {
  const boundary = boundaryStatements(environment);
  const asked = resourcesOf(stacks.get(`${environment.name}-compute`), "aws_iam_role_policy")
    .flatMap(([, { policy }]) => statementsOf(policy))
    .flatMap(({ Action, Resource }) =>
      Resource.flatMap((each) => Action.map((action) => [action, each] as const)),
    )
    .filter(([, each]) => each.includes("shop-landing"));
  const outside = asked.filter(
    ([action, each]) =>
      !boundary.some(
        ({ Action = [], Resource }) =>
          Action.includes(action) && Resource.some((one) => each.startsWith(one.replace(/\*$/, ""))),
      ),
  );
  expect(asked.length).toBeGreaterThan(10);
  expect(outside).toEqual([]);
});

test("the role that deploys may subscribe to the topic, and where there is none to no other", () => {
  const subscribed = (environment: Environment) =>
    Object.values(writingPolicies(environment))
      .flat()
      .filter(({ Action }) => Action?.includes("sns:Subscribe"))
      .flatMap(({ Resource }) => Resource);
  expect(subscribed(topic)).toContain(TOPIC);
  expect(subscribed(bus)).toEqual([expect.stringMatching(/:tributary-bus-alerts$/)]);
});

describe("a topic that tells of the bucket", () => {
  const compute = stacks.get("topic-compute");

  test("hands each pipeline the created objects below its prefixes", () => {
    const subscriptions = resourcesOf(compute, "aws_sns_topic_subscription").map(([, each]) => each);
    expect(subscriptions.map(({ topic_arn, protocol }) => [topic_arn, protocol])).toEqual([
      [TOPIC, "sqs"],
      [TOPIC, "sqs"],
      [TOPIC, "lambda"],
    ]);
    expect(subscriptions.map(({ filter_policy_scope }) => filter_policy_scope)).toEqual(
      Array(3).fill("MessageBody"),
    );
    expect(JSON.parse(String(subscriptions[2]?.["filter_policy"]))).toEqual({
      Records: {
        eventName: [{ prefix: "ObjectCreated:" }],
        s3: { object: { key: PREFIXES.map((prefix) => ({ prefix })) } },
      },
    });
  });

  test("may invoke the function and send to the queues, under their key", () => {
    expect(resource(compute, "aws_lambda_permission", "raw-uploads")).toMatchObject({
      principal: "sns.amazonaws.com",
      source_arn: TOPIC,
    });
    for (const id of ["manifests_inputs", "ledger_inputs"]) {
      expect(statement(resource(compute, "aws_sqs_queue", id)["policy"], "TopicSends").Condition).toEqual({
        ArnEquals: { "aws:SourceArn": TOPIC },
      });
    }
    const key = resource(stacks.get("topic-storage"), "aws_kms_key", "operations-key")["policy"];
    expect(statement(key, "SnsWritesUnderKey").Action).toEqual(["kms:Decrypt", "kms:GenerateDataKey"]);
  });

  test("leaves the objects under their owner's key, which readers alone may use", () => {
    const users = resourcesOf(compute, "aws_iam_role_policy").filter(([, { policy }]) =>
      statementsOf(policy).some(({ Resource }) => Resource.includes(KEY)),
    );
    expect(users.map(([id]) => id.replace(/_role_policy_.*/, ""))).toEqual([
      "ledger_batch",
      "manifests_manifests-builder",
      "manifests_stream",
      "uploads-job",
    ]);
    for (const [, { policy }] of users) {
      expect(statement(policy, "UseRawKey")).toMatchObject({ Action: ["kms:Decrypt"], Resource: [KEY] });
    }
  });
});

describe("EventBridge", () => {
  const compute = stacks.get("bus-compute");

  test("hands each pipeline the created objects below its prefixes", () => {
    const rule = (id: string) =>
      JSON.parse(String(resource(compute, "aws_cloudwatch_event_rule", id)["event_pattern"]));
    expect(rule("raw-uploads-1")).toEqual({
      source: ["aws.s3"],
      "detail-type": ["Object Created"],
      detail: {
        bucket: { name: ["shop-landing"] },
        object: { key: PREFIXES.map((prefix) => ({ prefix })) },
      },
    });
    expect(rule("raw-ledger-1").detail.object.key).toEqual([{ prefix: "raw-json-data/" }]);
    for (const pipeline of ["uploads", "manifests", "ledger"]) {
      expect(resource(compute, "aws_cloudwatch_event_target", `raw-${pipeline}-1-target`)).toHaveProperty(
        "dead_letter_config",
      );
    }
  });

  test("is watched by an alarm a rule", () => {
    const alarms = (name: string) =>
      resourcesOf(stacks.get(`${name}-observability`), "aws_cloudwatch_metric_alarm").flatMap(
        ([, { dimensions }]) => {
          const { RuleName } = dimensions as { RuleName?: string };
          return RuleName?.includes("-raw-") ? [RuleName] : [];
        },
      );
    expect(alarms("bus").sort()).toEqual(
      ["ledger", "manifests", "uploads"].map((pipeline) => `tributary-bus-raw-${pipeline}-1`),
    );
    expect(alarms("topic")).toEqual([]);
  });

  test("may send to the queues for these rules alone, and no topic may use their key", () => {
    const { policy } = resource(compute, "aws_sqs_queue", "manifests_inputs");
    expect(statement(policy, "RulesSend").Condition).toEqual({
      ArnLike: { "aws:SourceArn": "arn:aws:events:us-east-1:111111111111:rule/tributary-bus-raw-*" },
    });
    const key = resource(stacks.get("bus-storage"), "aws_kms_key", "operations-key")["policy"];
    expect(statementsOf(key).map(({ Sid }) => Sid)).not.toContain("SnsWritesUnderKey");
  });
});

describe("the settings of a bucket that was there before", () => {
  test("ask for archiving by tag", () => {
    const raw = { existing: { bucket: "shop-landing", events: "eventbridge" } };
    expect(() => parseEnvironment("dev", { ...files.dev, storage: { ...files.dev.storage, raw } })).toThrow(
      "environments/dev.ts: ledger.batch.archive: expected tag (storage.raw.existing: nothing is written to",
    );
  });

  test.each([["sqs"], ["arn:aws:sqs:us-east-1:111111111111:landing"]])("refuse events by %s", (events) => {
    expect(() => attached("dev", events)).toThrow(
      "storage.raw.existing.events: expected eventbridge, or the ARN of a topic",
    );
  });

  test("are absent where the bucket is made here", () => {
    expect(loadEnvironment("prod").storage.raw).toEqual({ untakenMinutes: 60 });
  });
});
