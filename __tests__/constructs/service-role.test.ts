import { describe, expect, test } from "@jest/globals";
import type { PolicyStatement } from "../../constructs/policy";
import { ServiceRole } from "../../constructs/service-role";
import { resource, resourcesOf, statementsOf } from "../support/resources";
import { synthesizeConstruct } from "../support/synthesize";

function roleWith(statements: readonly PolicyStatement[]) {
  return synthesizeConstruct((scope) => {
    new ServiceRole(scope, "role", {
      roleName: "lake-dev-job",
      description: "permissions of a job",
      service: "glue.amazonaws.com",
      account: "123456789012",
      statements,
    });
  });
}

/** Statement about so many prefixes of 72 characters. */
function write(sid: string, datasets: number): PolicyStatement {
  const resources = Array.from(
    { length: datasets },
    (_, index) => `arn:aws:s3:::lake-dev-curated-123456789012/tables/${String(index).padStart(20, "0")}/*`,
  );
  return { sid, actions: ["s3:PutObject"], resources };
}

describe("a role", () => {
  test("has one inline policy as long as that has room, and nothing attached", () => {
    const stack = roleWith([write("First", 60), write("Second", 60)]);
    expect(statementsOf(resource(stack, "aws_iam_role_policy")["policy"]).map(({ Sid }) => Sid)).toEqual([
      "First",
      "Second",
    ]);
    expect(resourcesOf(stack, "aws_iam_policy")).toEqual([]);
  });

  test("keeps every permission of hundreds of datasets, in policies that IAM takes", () => {
    const all = [write("First", 60), write("Second", 300), write("Third", 1)];
    const stack = roleWith(all);
    const inline = String(resource(stack, "aws_iam_role_policy")["policy"]);
    const managed = resourcesOf(stack, "aws_iam_policy").map(([, { policy }]) => String(policy));
    expect(inline.length).toBeLessThanOrEqual(10_240);
    expect(managed.length).toBeGreaterThanOrEqual(2);
    for (const policy of managed) expect(policy.length).toBeLessThanOrEqual(6_144);
    const statements = [inline, ...managed].flatMap(statementsOf);
    expect(statements.flatMap(({ Resource }) => Resource)).toEqual(all.flatMap(({ resources }) => resources));
    expect(new Set(statements.map(({ Sid }) => Sid)).size).toBe(statements.length);
    const attached = resourcesOf(stack, "aws_iam_role_policy_attachment").map(
      ([, each]) => each["policy_arn"],
    );
    expect(attached).toHaveLength(managed.length);
  });

  test("keeps the condition of hundreds of prefixes, where there is one bucket", () => {
    const prefixes = Array.from({ length: 300 }, (_, index) => `input/${String(index).padStart(20, "0")}/*`);
    const condition = { StringLike: { "s3:prefix": prefixes } };
    const stack = roleWith([{ sid: "List", actions: ["s3:ListBucket"], resources: ["arn:raw"], condition }]);
    const policies = ["aws_iam_role_policy", "aws_iam_policy"].flatMap((type) =>
      resourcesOf(stack, type).map(([, { policy }]) => String(policy)),
    );
    for (const policy of policies.slice(1)) expect(policy.length).toBeLessThanOrEqual(6_144);
    const statements = policies.flatMap(statementsOf);
    expect(statements.map(({ Resource }) => Resource)).toEqual(statements.map(() => ["arn:raw"]));
    const kept = statements.flatMap(
      ({ Condition }) => (Condition as typeof condition).StringLike["s3:prefix"],
    );
    expect(kept).toEqual(prefixes);
  });

  test("is refused before anything is deployed where IAM attaches no so many policies", () => {
    expect(() => roleWith([write("Write", 1_000)])).toThrow(
      /^managed policies of the role lake-dev-job: expected at most 10 \(IAM attaches no more .*\), got 1\d$/,
    );
  });

  test("counts what is known after the deploy alone", () => {
    const arn = ["$", "{aws_s3_bucket.curated.arn}"].join("");
    const resources = Array.from({ length: 130 }, () => `${arn}/tables/x/*`);
    const stack = roleWith([{ sid: "Write", actions: ["s3:PutObject"], resources }]);
    expect(resourcesOf(stack, "aws_iam_policy").length).toBeGreaterThanOrEqual(1);
  });
});
