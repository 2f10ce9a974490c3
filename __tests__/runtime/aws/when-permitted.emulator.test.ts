import { GetTableCommand, GlueClient } from "@aws-sdk/client-glue";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { policyDocument, servicePrincipalTrust } from "../../../constructs/policy";
import { assumeRole } from "../../../local/emulator/assume-role";
import { ACCOUNT } from "../../../local/emulator/emulator";
import { whenPermitted } from "../../../runtime/aws/when-permitted";
import type { Clock } from "../../../runtime/clock";
import { startTestPlatform, type TestPlatform } from "../../local/platform";

let platform: TestPlatform;
let iam: IAMClient;
beforeAll(async () => {
  platform = await startTestPlatform({ auth: true });
  iam = new IAMClient(platform.client);
});
afterAll(async () => {
  iam.destroy();
  await platform.stop();
});

/** Clock whose time passes in pauses alone, after each of which something may have happened. */
class PausedClock implements Clock {
  readonly pauses: number[] = [];
  private time = 0;

  constructor(private readonly happens: (pauses: number) => Promise<unknown> = async () => undefined) {}

  now(): Date {
    return new Date(this.time);
  }

  async sleep(milliseconds: number): Promise<void> {
    this.time += milliseconds;
    await this.happens(this.pauses.push(milliseconds));
  }
}

/** Settings of a client in the name of a new function's role, which has no policy yet. */
async function asNewRole(RoleName: string) {
  const AssumeRolePolicyDocument = servicePrincipalTrust("lambda.amazonaws.com", ACCOUNT);
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
  return { ...platform.client, credentials: await assumeRole(platform.client.endpoint, RoleName, "test") };
}

async function permit(RoleName: string, action: string): Promise<void> {
  const PolicyDocument = policyDocument([{ sid: "Late", actions: [action], resources: ["*"] }]);
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "permissions", PolicyDocument }));
}

describe("work at a first deploy", () => {
  test("waits for a policy that comes late, and is done then", async () => {
    const glue = new GlueClient(await asNewRole("late"));
    const clock = new PausedClock(async (pauses) => pauses === 3 && (await permit("late", "glue:GetTable")));
    const work = () => glue.send(new GetTableCommand({ DatabaseName: "lake", Name: "clicks" }));
    // permitted, and answered: there is no such table
    await expect(whenPermitted(clock, work)).rejects.toMatchObject({ name: "EntityNotFoundException" });
    expect(clock.pauses).toEqual([1_000, 2_000, 4_000]);
    glue.destroy();
  });

  test("gives up on one that does not come within two minutes, and says what is missing", async () => {
    const secrets = new SecretsManagerClient(await asNewRole("never"));
    const clock = new PausedClock();
    const work = () => secrets.send(new GetSecretValueCommand({ SecretId: "administrator" }));
    await expect(whenPermitted(clock, work)).rejects.toThrow(/secretsmanager:GetSecretValue/);
    expect(clock.now().getTime()).toBeLessThanOrEqual(120_000);
    expect(clock.now().getTime()).toBeGreaterThan(100_000);
    secrets.destroy();
  });
});
