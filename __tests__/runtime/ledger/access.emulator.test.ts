import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type LocalAws, startLocalAws } from "../../../local/platform/aws";
import { connectionConfig } from "../../../runtime/ledger/access";
import { LedgerSecretError } from "../../../runtime/ledger/errors";
import type { LedgerVariables } from "../../../runtime/variables";
import { LEDGER_VARIABLES } from "../../handlers/support/ledger";

const REMOTE: LedgerVariables = {
  ...LEDGER_VARIABLES,
  LEDGER_HOST: "ledger.example",
  LEDGER_PORT: "5433",
  LEDGER_TLS: "verify-full",
};
const VISITOR = { login: "tributary_registrar", role: "ledger_registrar", application: "test" } as const;

const folder = mkdtempSync(join(tmpdir(), "tributary-access-"));
let aws: LocalAws;
let secrets: SecretsManagerClient;
const before = { ...process.env };

beforeAll(async () => {
  aws = await startLocalAws({ folder, report: () => {} });
  Object.assign(process.env, aws.environment);
  secrets = new SecretsManagerClient();
});
afterAll(async () => {
  secrets.destroy();
  await aws.stop();
  process.env = before;
  rmSync(folder, { recursive: true, force: true });
});

async function secret(Name: string, SecretString: string): Promise<LedgerVariables> {
  const { ARN = "" } = await secrets.send(new CreateSecretCommand({ Name, SecretString }));
  return { ...REMOTE, LEDGER_AUTHENTICATION: "secret", LEDGER_SECRET_ARN: ARN };
}

describe("connectionConfig", () => {
  test("leaves host, port and password to libpq's variables on the same machine", async () => {
    const config = await connectionConfig(LEDGER_VARIABLES, VISITOR);
    expect(config).toMatchObject({ user: "tributary_registrar", database: "tributary", ssl: false });
    for (const name of ["host", "port", "password"]) expect(config).not.toHaveProperty(name);
  });

  test("signs a token of IAM for its login, anew each time", async () => {
    const variables: LedgerVariables = { ...REMOTE, LEDGER_AUTHENTICATION: "iam" };
    const config = await connectionConfig(variables, VISITOR);
    expect(config).toMatchObject({ host: "ledger.example", port: 5433, user: "tributary_registrar" });
    const token = new URL(`https://${config.password}`);
    expect(token.host).toBe("ledger.example:5433");
    expect(Object.fromEntries(token.searchParams)).toMatchObject({
      Action: "connect",
      DBUser: "tributary_registrar",
      "X-Amz-Expires": "900",
    });
  });

  test("reads name and password of the secret, whatever login is asked for", async () => {
    const variables = await secret("whole", JSON.stringify({ username: "master", password: "p'w" }));
    const config = await connectionConfig(variables, VISITOR);
    expect(config).toMatchObject({ user: "master", password: "p'w" });
    expect(config.options).toContain("-c role=ledger_registrar");
  });

  test.each([
    ["half", '{"username":"master"}'],
    ["text", '"master"'],
    ["nothing", "null"],
    ["no JSON, which is not quoted", "hunter2"],
  ])("refuses a secret without a login: %s", async (name, text) => {
    const variables = await secret(name.replace(/\W.*/, ""), text);
    await expect(connectionConfig(variables, VISITOR)).rejects.toThrow(LedgerSecretError);
  });

  test("trusts Amazon's authorities for RDS alone, or whoever answers, as it is told", async () => {
    const { ssl } = await connectionConfig(REMOTE, VISITOR);
    expect(ssl).toMatchObject({ rejectUnauthorized: true });
    const { ca } = ssl as { ca: string[] };
    expect(ca.length).toBeGreaterThan(100);
    for (const certificate of ca) expect(certificate).toMatch(/^-----BEGIN CERTIFICATE-----/);
    expect((await connectionConfig({ ...REMOTE, LEDGER_TLS: "require" }, VISITOR)).ssl).toEqual({
      rejectUnauthorized: false,
    });
  });
});
