import { describe, expect, test } from "@jest/globals";
import { environmentNames, loadEnvironment, loadEnvironments } from "../../environments/schema";
import { resource, resourcesOf, statement } from "../support/resources";
import { type StackJson, stacksOf } from "../support/stacks";
import { synthesize } from "../support/synthesize";

function rolesOf(stacks: ReadonlyMap<string, StackJson>) {
  return [...stacks.values()].flatMap((stack) => resourcesOf(stack, "aws_iam_role"));
}

describe("each role", () => {
  const stacks = stacksOf(...environmentNames());

  test.each(loadEnvironments())("of $name is within the environment's boundary", ({ name, account }) => {
    const own = new Map([...stacks].filter(([stack]) => stack.startsWith(`${name}-`)));
    const boundaries = rolesOf(own).map(([, { permissions_boundary }]) => permissions_boundary);
    expect(boundaries.length).toBeGreaterThan(10);
    expect(new Set(boundaries)).toEqual(
      new Set([`arn:aws:iam::${account}:policy/tributary-${name}.boundary`]),
    );
  });
});

describe("settings of roles", () => {
  const dev = loadEnvironment("dev");
  const iam = { path: "/data/lake/", permissionsBoundary: "security/CompanyBoundary" };
  const stacks = synthesize([
    { ...dev, iam },
    { ...dev, name: "free", iam: { path: "/", permissionsBoundary: "none" } },
  ]);
  const of = (name: string) => new Map([...stacks].filter(([stack]) => stack.startsWith(`${name}-`)));

  test("give all roles a path, and a boundary of the account", () => {
    const given = rolesOf(of("dev")).map(([, { path, permissions_boundary }]) => [
      path,
      permissions_boundary,
    ]);
    expect(given.length).toBeGreaterThan(10);
    expect(new Set(given.map(String))).toEqual(
      new Set(["/data/lake/,arn:aws:iam::111111111111:policy/security/CompanyBoundary"]),
    );
  });

  test("find the environment's roles under their path where it keeps them from code", () => {
    const { policy } = resource(stacks.get("dev-storage"), "aws_s3_bucket_policy", "artifacts");
    expect(statement(policy, "DenyCodeToOthers").Condition).toEqual({
      ArnLike: { "aws:PrincipalArn": "arn:aws:iam::111111111111:role/data/lake/tributary-dev-*" },
    });
  });

  test("leave all roles without a boundary where they say so", () => {
    const given = rolesOf(of("free")).map(([, { path, permissions_boundary }]) => [
      path,
      permissions_boundary,
    ]);
    expect(new Set(given.map(String))).toEqual(new Set([","]));
  });
});
