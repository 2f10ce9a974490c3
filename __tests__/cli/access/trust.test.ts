import { describe, expect, test } from "@jest/globals";
import { githubTrust, type TrustOptions, trustOf, trustPolicy } from "../../../cli/access/trust";
import { loadEnvironment } from "../../../environments/schema";

const dev = loadEnvironment("dev");

describe("the trust in a repository of GitHub", () => {
  test("is in two of its environments, by their exact names", () => {
    const trust = githubTrust(dev, "Acme-1/data.lake_2");
    expect(trust.planSubjects).toEqual(["repo:Acme-1/data.lake_2:environment:plan-dev"]);
    expect(JSON.parse(trustPolicy(dev, trust, trust.applySubjects)).Statement).toEqual([
      {
        Effect: "Allow",
        Principal: {
          Federated: "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com",
        },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: {
          StringEquals: {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": ["repo:Acme-1/data.lake_2:environment:dev"],
          },
        },
      },
    ]);
  });

  test("names it with its numbers where they are given", () => {
    expect(githubTrust(dev, "acme@12/lake@34").applySubjects).toEqual([
      "repo:acme@12/lake@34:environment:dev",
    ]);
  });

  test.each(["lake", "acme/*", "*/lake", "acme/lake/x", "acme/lake:ref", "acme@*/lake@*", "acme@1/lake", ""])(
    "is in none that is given as %j",
    (repository) => {
      expect(() => githubTrust(dev, repository)).toThrow(
        `--github: expected OWNER/REPO, or OWNER@ID/REPO@ID, got ${JSON.stringify(repository)}`,
      );
    },
  );
});

describe("the trust in another issuer", () => {
  const subjects = { planSubject: ["a:*"], applySubject: ["a:b"] };

  test("is in those that it names", () => {
    const trust = trustOf(dev, { issuer: "https://ci.example.com/oidc", ...subjects });
    if (trust === undefined) throw new Error("no trust");
    const [plan] = JSON.parse(trustPolicy(dev, trust, trust.planSubjects)).Statement;
    expect(plan.Principal.Federated).toBe("arn:aws:iam::111111111111:oidc-provider/ci.example.com/oidc");
    expect(plan.Condition).toEqual({
      StringEquals: { "ci.example.com/oidc:aud": "sts.amazonaws.com" },
      StringLike: { "ci.example.com/oidc:sub": ["a:*"] },
    });
  });

  test.each<[TrustOptions, string]>([
    [{ issuer: "http://ci.example.com", ...subjects }, "--issuer: expected an address"],
    [{ issuer: "https://ci.example.com/", ...subjects }, "--issuer: expected an address"],
    [{ issuer: "https://ci.example.com:8443", ...subjects }, "--issuer: expected an address"],
    [{ issuer: "https://ci.example.com", planSubject: ["a"] }, "--apply-subject is required"],
    [{ issuer: "https://ci.example.com", applySubject: ["a"] }, "--plan-subject is required"],
    [
      { issuer: "https://ci.example.com", planSubject: ["a"], applySubject: ["*"] },
      "--apply-subject: expected",
    ],
  ])("is refused as %j", (options, message) => {
    expect(() => trustOf(dev, options)).toThrow(message);
  });

  test("is in nobody where no option names one", () => {
    expect(trustOf(dev, {})).toBeUndefined();
  });
});
