import { beforeAll, describe, expect, test } from "@jest/globals";
import { accessPolicies, accessRoles, ownBoundary } from "../../../cli/access/access";
import { policyText } from "../../../cli/access/statement";
import { githubTrust } from "../../../cli/access/trust";
import { loadEnvironments } from "../../../environments/schema";
import { stacksOf } from "../../support/stacks";
import { unreviewed } from "../reviewed";
import { checkPolicy } from "./check-policy";
import { type Definitions, publishedDefinitions } from "./definitions";
import { EXCEPTIONS } from "./exceptions";
import { type Policy, stackPolicies, statementsOf } from "./stack-policies";

/** Policies that no stack has: those of the roles that plan and deploy. */
const FURTHER: readonly Policy[] = loadEnvironments(["dev", "staging", "prod"]).flatMap((environment) => {
  const trust = githubTrust(environment, "acme/lake");
  const texts = [
    ...[...accessPolicies(environment), ...[ownBoundary(environment) ?? []].flat()].map(
      ({ name, statements }) => [name, policyText(statements)] as const,
    ),
    ...accessRoles(environment, trust).map((role) => [`${role.name}-trust`, role.trust] as const),
  ];
  return texts.map(([name, text]) => ({
    where: `${environment.name}-access ${name}`,
    statements: statementsOf(text),
    grouped: true,
  }));
});

const policies = [...stackPolicies(stacksOf("dev", "staging", "prod")), ...FURTHER];
let definitions: Definitions;
beforeAll(async () => {
  definitions = await publishedDefinitions();
});

test("the policies of all stacks name what AWS's published definitions have", () => {
  const findings = policies.flatMap((policy) => checkPolicy(policy, definitions));
  expect(unreviewed(findings, EXCEPTIONS)).toEqual([]);
});

test("the policies are those of roles, of who may assume them, and of resources", () => {
  const types = new Set(policies.map(({ where }) => where.replace(/^\S+ (\w+)\..*$/, "$1")));
  expect([...types].sort()).toEqual(
    expect.arrayContaining([
      "aws_iam_role",
      "aws_iam_role_policy",
      "aws_kms_key",
      "aws_s3_bucket_policy",
      "aws_sns_topic_policy",
      "aws_sqs_queue",
      "aws_vpc_endpoint",
    ]),
  );
});

describe("a statement", () => {
  const right = {
    Action: "s3:ListBucket",
    Resource: "arn:aws:s3:::raw",
    Condition: { StringLike: { "s3:prefix": "input/*" } },
  };

  test.each([
    ["as AWS publishes it", {}, []],
    ["with wildcards", { Action: "s3:List*", Resource: "*" }, []],
    [
      "of an action that is not there",
      { Action: "s3:ListBuckets" },
      ["unknown-action policy s3:ListBuckets"],
    ],
    [
      "on a resource of another type",
      { Resource: "arn:aws:s3:::raw/*" },
      ["wrong-resource policy s3:ListBucket arn:aws:s3:::raw/*"],
    ],
    [
      "on a resource, of an action that has none",
      { Action: "s3:ListAllMyBuckets", Condition: {} },
      ["wrong-resource policy s3:ListAllMyBuckets arn:aws:s3:::raw"],
    ],
    [
      "on a condition of which requests say nothing",
      { Condition: { StringLike: { "s3:x-amz-acl": "private" } } },
      ["unknown-condition-key policy s3:ListBucket s3:x-amz-acl"],
    ],
    [
      "on a global condition that is not there",
      { Condition: { StringEquals: { "aws:SourceAcount": "111122223333" } } },
      ["unknown-condition-key policy s3:ListBucket aws:SourceAcount"],
    ],
    [
      "with an operator that is not there",
      { Condition: { StringMatches: { "s3:prefix": "input/*" } } },
      ["unknown-operator policy StringMatches"],
    ],
  ])("%s", (_, difference, problems) => {
    const statements = statementsOf(JSON.stringify({ Statement: { ...right, ...difference } }));
    const found = checkPolicy({ where: "policy", statements }, definitions);
    expect(found.map(({ rule, where }) => `${rule} ${where}`)).toEqual(problems);
  });
});
