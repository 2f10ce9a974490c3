import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { bucketName, loadEnvironment, stateBucketName, stateKey } from "../../../environments/schema";
import { REGION, ROOT_CREDENTIALS } from "../../../local/emulator/emulator";
import { type LocalAws, startLocalAws } from "../../../local/platform/aws";
import { ROOT } from "../../../setup/paths";
import { type Outcome, outcomeOf } from "../../support/outcome";

const environment = loadEnvironment("local");
const Bucket = bucketName(environment, "raw");
let folder = "";
let aws: LocalAws;
let s3: S3Client;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tributary-destruction-"));
  aws = await startLocalAws({ folder, report: () => undefined });
  const settings = { endpoint: aws.endpoint, region: REGION, credentials: ROOT_CREDENTIALS };
  s3 = new S3Client({ ...settings, forcePathStyle: true });
  for (const each of [Bucket, stateBucketName(environment)]) {
    await s3.send(new CreateBucketCommand({ Bucket: each }));
  }
  await s3.send(new PutObjectCommand({ Bucket, Key: "input/x.csv", Body: "x" }));
});

afterAll(async () => {
  s3.destroy();
  await aws.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** What `npm run destroy` answers where this is deployed: a bucket with an object, and a server that is protected. */
async function destroyed(force_destroy: boolean): Promise<Outcome> {
  const deployed = (type: string, attributes: object) => ({
    ...{ mode: "managed", type, name: type },
    instances: [{ attributes }],
  });
  const resources = [
    deployed("aws_s3_bucket", { bucket: Bucket, force_destroy }),
    deployed("aws_db_instance", { identifier: "ledger", deletion_protection: true }),
  ];
  const state = { Bucket: stateBucketName(environment), Key: stateKey(environment, "storage") };
  await s3.send(new PutObjectCommand({ ...state, Body: JSON.stringify({ resources }) }));
  const words = ["cli/destroy.ts", "--environment", "local", "--auto-approve", "--output", folder];
  return outcomeOf([process.execPath, "--import", "tsx", ...words], ROOT, aws.environment);
}

test("an environment is not destroyed while a bucket would stay, whose key would go", async () => {
  const { code, stderr } = await destroyed(false);
  expect(code).toBe(1);
  expect(stderr).toContain("local: this cannot go yet");
  expect(stderr).toContain(`bucket ${Bucket} has objects`);
  expect(stderr).toContain("nothing was changed");
});

test("a bucket that may lose its objects keeps no environment, while a protected server does", async () => {
  const { stderr } = await destroyed(true);
  expect(stderr).toContain("PostgreSQL server ledger is protected from deletion");
  expect(stderr).not.toContain(Bucket);
});
