import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { ROOT } from "../../setup/paths";
import { run } from "../../setup/process";
import { ensureTerraform } from "../../setup/terraform";
import { PRODUCTION_SERVER } from "../support/postgres-server";
import { resourcesOf } from "../support/resources";

const { stack } = PRODUCTION_SERVER;
const [[name = ""] = []] = resourcesOf(stack, "aws_db_instance");
const folder = mkdtempSync(join(tmpdir(), "tributary-postgres-"));
let variables: NodeJS.ProcessEnv;

beforeAll(async () => {
  const { environment } = await ensureTerraform(() => undefined);
  const keys = { AWS_ACCESS_KEY_ID: "none", AWS_SECRET_ACCESS_KEY: "none" };
  variables = { ...process.env, ...environment, ...keys };
  const nobody = {
    region: "us-east-1",
    skip_credentials_validation: true,
    skip_requesting_account_id: true,
    skip_metadata_api_check: "true",
  };
  // the state beside it
  const { backend, ...terraformBlock } = stack.terraform;
  writeFileSync(
    join(folder, "server.tf.json"),
    JSON.stringify({ ...stack, terraform: terraformBlock, provider: { aws: [nobody] } }, undefined, 1),
  );
  cpSync(join(ROOT, ".terraform.lock.hcl"), join(folder, ".terraform.lock.hcl"));
  await terraform("init", "-input=false");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function terraform(...words: readonly string[]): Promise<string> {
  const [command = "", ...rest] = words;
  const { exitCode, stdout, output } = await run(["terraform", command, "-no-color", ...rest], {
    folder,
    environment: variables,
  });
  if (exitCode !== 0) throw new Error(output.slice(-3000));
  return stdout;
}

/** What a plan has in store for the server, beside a state in which it has these attributes. */
async function planned(attributes?: object) {
  const provider = 'provider["registry.terraform.io/hashicorp/aws"]';
  const server = { mode: "managed", type: "aws_db_instance", name, provider };
  const resources = attributes ? [{ ...server, instances: [{ schema_version: 2, attributes }] }] : [];
  writeFileSync(
    join(folder, "terraform.tfstate"),
    JSON.stringify({ version: 4, serial: 1, lineage: "test", resources }),
  );
  await terraform("plan", "-input=false", "-refresh=false", "-out=plan");
  const { resource_changes = [] } = JSON.parse(await terraform("show", "-json", "plan"));
  return resource_changes.find((each: { readonly type: string }) => each.type === "aws_db_instance").change;
}

test("a server of a name that was there before leaves a last snapshot of its own: each gets another name, and keeps it", async () => {
  const made = await planned();
  expect(made.actions).toEqual(["create"]);
  // of the moment of the apply
  expect(made.after).not.toHaveProperty("final_snapshot_identifier");
  expect(made.after_unknown).toMatchObject({ final_snapshot_identifier: true });
  const name = "lake-prod-ledger-final-20260131120000";
  const later = await planned({ ...made.after, id: "db-1", final_snapshot_identifier: name });
  expect(later.actions).not.toContain("create");
  expect(later.after).toMatchObject({ final_snapshot_identifier: name });
});
