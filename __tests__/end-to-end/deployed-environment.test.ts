import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { loadEnvironment } from "../../environments/schema";
import { type LocalAws, startLocalAws } from "../../local/platform/aws";
import { ensureTerraform } from "../../setup/terraform";
import { Checkout } from "../support/checkout";

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

  test.each([
    ["creates the state bucket", "created"],
    ["finds it the second time", "is there; its settings are as they should be"],
  ])("bootstrap %s", async (_, state) => {
    const outcome = await checkout.run("npm run --silent bootstrap -- --environment dev", ".", variables);
    expect(outcome).toMatchObject({
      code: 0,
      stdout: `state bucket tributary-state-${account}-us-east-1 ${state}\n`,
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

  test("cdktf diff plans a stack, with its state in that bucket", async () => {
    const { code, stdout } = await checkout.run("npx cdktf diff dev-network", ".", variables);
    const plan = stripVTControlCharacters(stdout).match(/Plan: .*/)?.[0];
    expect({ code, plan }).toEqual({
      code: 0,
      plan: expect.stringMatching(/^Plan: \d+ to add, 0 to change/),
    });
  });
});
