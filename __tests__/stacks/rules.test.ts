import { describe, expect, test } from "@jest/globals";
import { accessPolicies } from "../../cli/access/access";
import { policyText } from "../../cli/access/statement";
import { environmentNames, loadEnvironment } from "../../environments/schema";
import { unreviewed } from "../checks/reviewed";
import { stacksOf } from "../support/stacks";
import { EXCEPTIONS } from "./rule-exceptions";
import { brokenRules, type Placed, passesAnyRole, placed, RULES, statementsIn } from "./rules";

const prod = placed(stacksOf("prod"));

test("the stacks of all environments break no rule but where that was reviewed", () => {
  const findings = environmentNames().flatMap((name) => brokenRules(placed(stacksOf(name))));
  expect(unreviewed(findings, EXCEPTIONS)).toEqual([]);
});

test("the roles that plan and deploy pass on none but named roles, to named services", () => {
  const statements = environmentNames()
    .flatMap((name) => accessPolicies(loadEnvironment(name)))
    .flatMap((policy) => statementsIn(policyText(policy.statements)));
  expect(JSON.stringify(statements)).toContain("iam:PassRole");
  expect(statements.filter(passesAnyRole)).toEqual([]);
});

type Values = Placed["values"];

const policyOf = (statement: object) => JSON.stringify({ Statement: [{ Effect: "Allow", ...statement }] });
const withPolicy = (statement: object) => (values: Values) => ({ ...values, policy: policyOf(statement) });
const lacking = (name: string) => (values: Values) => ({ ...values, [name]: undefined });

/** What breaks a rule: the type that is changed in all stacks, and how; without the latter it is gone. */
const BREAKS: Readonly<Record<string, readonly [string, ((values: Values) => Values)?]>> = {
  "queue without an alarm": ["aws_cloudwatch_metric_alarm"],
  "function without an alarm": ["aws_cloudwatch_metric_alarm"],
  "job without an alarm": ["aws_cloudwatch_event_rule"],
  "asynchronous function without dead letters": ["aws_lambda_function_event_invoke_config"],
  "queue without dead letters": ["aws_sqs_queue", lacking("redrive_policy")],
  "event target without dead letters": ["aws_cloudwatch_event_target", lacking("dead_letter_config")],
  "log group without an end": ["aws_cloudwatch_log_group", (values) => ({ ...values, retention_in_days: 0 })],
  "bucket without a public access block": [
    "aws_s3_bucket_public_access_block",
    (values) => ({ ...values, block_public_policy: false }),
  ],
  "bucket without encryption": ["aws_s3_bucket_server_side_encryption_configuration"],
  "bucket without TLS": ["aws_s3_bucket_policy", withPolicy({ Effect: "Deny", Principal: "*" })],
  "topic without TLS": ["aws_sns_topic_policy"],
  "queue without TLS": ["aws_sqs_queue", lacking("policy")],
  "unencrypted queue, topic or table": ["aws_sqs_queue", lacking("kms_master_key_id")],
  "key that does not rotate": ["aws_kms_key", lacking("enable_key_rotation")],
  "wildcard in a policy": ["aws_iam_role_policy", withPolicy({ Action: "s3:*", Resource: "arn:x" })],
  "any role passed on": [
    "aws_iam_role_policy",
    withPolicy({ Action: "iam:PassRole", Resource: "arn:aws:iam::333333333333:role/*" }),
  ],
};

/** How a rule is kept that all of prod's break, with a reason. */
const KEEPS: Readonly<Record<string, readonly [string, (values: Values) => Values]>> = {
  "subscription without dead letters": [
    "aws_sns_topic_subscription",
    (values) => ({ ...values, redrive_policy: "{}" }),
  ],
  "schedule without dead letters": [
    "aws_scheduler_schedule",
    (values) => ({ ...values, target: { dead_letter_config: { arn: "arn" } } }),
  ],
};

describe("a rule", () => {
  const broken = (rule: string, all: readonly Placed[]) => RULES[rule]?.(all).length;
  const changed = (type: string, change?: (values: Values) => Values) =>
    prod.flatMap((each) => {
      if (each.type !== type) return [each];
      return change === undefined ? [] : [{ ...each, values: change(each.values) }];
    });

  test.each(Object.entries(BREAKS))("finds: %s", (rule, [type, change]) => {
    expect(broken(rule, changed(type, change))).toBeGreaterThan(broken(rule, prod) ?? 0);
  });

  test.each(Object.entries(KEEPS))("finds, and no more when it is mended: %s", (rule, [type, change]) => {
    expect(broken(rule, prod)).toBeGreaterThan(0);
    expect(broken(rule, changed(type, change))).toBe(0);
  });

  test("is broken here, each", () => {
    expect([...Object.keys(BREAKS), ...Object.keys(KEEPS)].sort()).toEqual(Object.keys(RULES).sort());
  });
});
