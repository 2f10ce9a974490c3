import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { ROOT } from "../../setup/paths";
import { run } from "../../setup/process";
import { ensureTerraform } from "../../setup/terraform";
import { type Moto, startMoto } from "../checks/second-emulator/moto";
import { PRODUCTION_SERVER } from "../support/postgres-server";
import { resourcesOf } from "../support/resources";

const SERVER = "aws_db_instance";
/** What of the server leads to other resources, which play no part here. */
const ELSEWHERE = [
  "db_subnet_group_name",
  "depends_on",
  "master_user_secret_kms_key_id",
  "parameter_group_name",
  "vpc_security_group_ids",
];

const folder = mkdtempSync(join(tmpdir(), "tributary-destroys-"));
let moto: Moto;
let variables: NodeJS.ProcessEnv;

beforeAll(async () => {
  const { account, region, stack } = PRODUCTION_SERVER;
  moto = await startMoto(account, region);
  const { environment } = await ensureTerraform(() => undefined);
  variables = { ...process.env, ...environment, ...moto.environment };
  const [[name = "", server = {}] = []] = resourcesOf(stack, SERVER);
  const kept = Object.entries(server).filter(([field]) => !ELSEWHERE.includes(field));
  const { backend, ...terraformBlock } = stack.terraform;
  const text = {
    terraform: terraformBlock,
    provider: { aws: [{ region, skip_requesting_account_id: true }] },
    resource: { [SERVER]: { [name]: Object.fromEntries(kept) } },
  };
  writeFileSync(join(folder, "server.tf.json"), JSON.stringify(text));
  cpSync(join(ROOT, ".terraform.lock.hcl"), join(folder, ".terraform.lock.hcl"));
  await terraform("init", "-input=false");
});
afterAll(async () => {
  await moto?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function terraform(...words: readonly string[]): Promise<void> {
  const options = { folder, environment: variables };
  const { exitCode, output } = await run(["terraform", ...words, "-no-color"], options);
  if (exitCode !== 0) throw new Error(output.slice(-3000));
}

async function lastSnapshots(): Promise<string[]> {
  const body = new URLSearchParams({ Action: "DescribeDBSnapshots", Version: "2014-10-31" });
  const signed = { authorization: "AWS4-HMAC-SHA256 Credential=test/20260131/us-east-1/rds/aws4_request" };
  const { AWS_ENDPOINT_URL = "" } = moto.environment;
  const response = await fetch(AWS_ENDPOINT_URL, { method: "POST", body, headers: signed });
  return [...(await response.text()).matchAll(/<DBSnapshotIdentifier>(.*?)</g)].map(([, name = ""]) => name);
}

// Each make and each destroy costs a minute of the provider's own waits, and little else.
test("an environment that is destroyed, made again and destroyed again leaves a last snapshot each time", async () => {
  for (const snapshots of [1, 2]) {
    await terraform("apply", "-input=false", "-auto-approve");
    await terraform("destroy", "-input=false", "-auto-approve");
    expect(new Set(await lastSnapshots()).size).toBe(snapshots);
  }
});
