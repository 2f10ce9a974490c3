import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { loadEnvironment } from "../../environments/schema";
import { type LocalAws, startLocalAws } from "../../local/platform/aws";
import { ensureTerraform } from "../../setup/terraform";
import { Checkout } from "../support/checkout";
import type { Outcome } from "../support/outcome";

describe("the commands of a deployed environment, on the emulator", () => {
  const { account } = loadEnvironment("dev");
  const checkout = new Checkout();
  let aws: LocalAws;
  let variables: NodeJS.ProcessEnv;

  beforeAll(async () => {
    aws = await startLocalAws({ folder: checkout.path("aws"), report: () => undefined });
    const terraform = await ensureTerraform(() => undefined);
    // the emulator takes twelve digits as the account's id
    variables = { ...aws.environment, ...terraform.environment, AWS_ACCESS_KEY_ID: account, CI: "true" };
  });

  afterAll(async () => {
    await aws.stop();
    checkout.remove();
  });

  /** Runs the command as its reader would, but for npm's own lines. */
  function bootstrap(command: string): Promise<Outcome> {
    return checkout.run(command.replace("npm run ", "npm run --silent "), ".", variables);
  }

  test.each([
    ["creates the state bucket and the boundary of all roles", "created", "created"],
    [
      "finds them the second time",
      "is there; its settings are as they should be",
      "is there; it says what it should",
    ],
  ])("bootstrap %s", async (_, bucket, boundary) => {
    const outcome = await bootstrap("npm run bootstrap -- --environment dev");
    expect(outcome).toMatchObject({
      code: 0,
      stdout: `state bucket tributary-state-${account}-us-east-1 ${bucket}\npermissions boundary tributary-dev.boundary ${boundary}\n`,
    });
  });

  test("tributary doctor fails for placeholders, before anything is deployed", async () => {
    const line = "npx tributary doctor --environment dev --limit 3600";
    const { code, stdout } = await checkout.run(line, ".", variables);
    expect({ code, stdout }).toEqual({
      code: 1,
      stdout: expect.stringMatching(/^ {2}failure +placeholders +account is 111111111111, an example$/m),
    });
    expect(stdout).toMatch(/^ {2}not checked +code +missing: a deployed environment$/m);
    expect(stdout).toMatch(/^ {2}ok +state bucket /m);
  });

  test.each([
    [
      "npm run bootstrap -- --environment dev --github OWNER/REPO",
      "would be created: role tributary-dev.apply",
    ],
    ["npm run bootstrap -- --environment dev --github OWNER/REPO --yes", "role tributary-dev.apply: created"],
    [
      "npm run bootstrap -- --environment dev --issuer https://gitlab.com --plan-subject 'project_path:GROUP/PROJECT:ref_type:branch:ref:*' --apply-subject 'project_path:GROUP/PROJECT:ref_type:branch:ref:main'",
      "would be changed: trust of role tributary-dev.apply",
    ],
    [
      "npm run bootstrap -- --environment dev --issuer https://agent.buildkite.com --plan-subject 'organization:ORG:pipeline:PLAN:*' --apply-subject 'organization:ORG:pipeline:DEPLOY:ref:refs/heads/main:*'",
      "would be created: OpenID Connect provider agent.buildkite.com",
    ],
    ["npm run bootstrap -- --environment dev --remove", "would be deleted: role tributary-dev.apply"],
  ])("%s says what it does", async (command, line) => {
    const { code, stdout } = await bootstrap(command);
    expect(code).toBe(0);
    expect(stdout.split("\n")).toContain(line);
  });

  test("cdktf diff plans a stack, with its state in that bucket", async () => {
    const { code, stdout } = await checkout.run("npx cdktf diff dev-network", ".", variables);
    const plan = stripVTControlCharacters(stdout).match(/Plan: .*/)?.[0];
    expect({ code, plan }).toEqual({
      code: 0,
      plan: expect.stringMatching(/^Plan: \d+ to add, 0 to change/),
    });
  });
});
