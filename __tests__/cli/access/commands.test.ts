import { describe, expect, test } from "@jest/globals";
import { nextSteps } from "../../../cli/access/commands";
import { githubTrust, trustOf } from "../../../cli/access/trust";
import { loadEnvironment } from "../../../environments/schema";

const prod = loadEnvironment("prod");
const ROLE = "arn:aws:iam::333333333333:role/tributary-prod.apply";

describe("what bootstrap leaves to do", () => {
  test("is to set the variables of two environments of the repository", () => {
    expect(nextSteps(prod, githubTrust(prod, "acme/lake"))).toEqual([
      "",
      "plans as      repo:acme/lake:environment:plan-prod",
      "deploys as    repo:acme/lake:environment:prod",
      "",
      "variables of the GitHub environment plan-prod: AWS_PLAN_ROLE=arn:aws:iam::333333333333:role/tributary-prod.plan AWS_REGION=us-east-1",
      `variables of the GitHub environment prod: AWS_APPLY_ROLE=${ROLE} AWS_REGION=us-east-1`,
    ]);
  });

  test("is to set the SDKs' variables in another system", () => {
    const options = { issuer: "https://ci.example.com", planSubject: ["a"], applySubject: ["b"] };
    const trust = trustOf(prod, options);
    if (trust === undefined) throw new Error("no trust");
    expect(nextSteps(prod, trust)).toContain(
      `variables to deploy: AWS_ROLE_ARN=${ROLE} AWS_REGION=us-east-1`,
    );
  });

  test.each([
    [["tributary-prod.apply"], false],
    [["somebody", "tributary-*.apply"], false],
    [[], false],
    [["tributary-prod-apply"], true],
    [["tributary-prod.apply-2"], true],
    [["path/tributary-prod.apply"], true],
  ])("is to name the role that deploys among the deployers %j: %s", (deployers, isMissing) => {
    const steps = nextSteps({ ...prod, deployers }, githubTrust(prod, "acme/lake"));
    const hint = 'environments/prod.ts: add "tributary-prod.apply" to deployers, or it cannot upload code';
    expect(steps.includes(hint)).toBe(isMissing);
  });
});
