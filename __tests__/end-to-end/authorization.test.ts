import { GetJobCommand } from "@aws-sdk/client-glue";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import { DeleteObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { functionName, uploadsJobName } from "../../environments/schema";
import { Clicks } from "../support/clicks";
import {
  customers,
  deployTestPlatform,
  environment,
  eventually,
  finished,
  outputRows,
  put,
  rawBucket,
  type TestPlatform,
} from "../support/local-platform";
import { RawJson } from "../support/raw-json";

let platform: TestPlatform;

beforeAll(async () => {
  platform = await deployTestPlatform({ auth: true });
}, 480_000);

afterAll(async () => {
  await platform?.stop();
}, 60_000);

test("processes a file where the roles of functions and job are enforced", async () => {
  const { key, version } = await put(platform, "enforced.csv", customers(3));
  expect(await finished(platform, key, version)).toBe("processed");
  expect(await outputRows(platform, key)).toHaveLength(3);
}, 90_000);

test("turns NDJSON into Parquet and keeps its books where roles are enforced", async () => {
  const clicks = new Clicks(platform, 2);
  await clicks.send(2);
  const FunctionName = functionName(environment, "control-plane");
  const tick = new InvokeCommand({ FunctionName, Payload: Buffer.from('{"kind":"tick"}') });
  const { FunctionError, Payload } = await platform.lambda.send(tick);
  expect(FunctionError && Buffer.from(Payload ?? []).toString()).toBeUndefined();
  await eventually("an outcome of each file", 60, () => clicks.areSettled());
}, 90_000);

test("lets the manifest reconciler do all that it does where roles are enforced", async () => {
  const FunctionName = functionName(environment, "manifests-reconciler");
  const { FunctionError, Payload } = await platform.lambda.send(new InvokeCommand({ FunctionName }));
  expect(FunctionError && Buffer.from(Payload ?? []).toString()).toBeUndefined();
}, 60_000);

test("turns raw JSON into Parquet, keeps the ledger and measures it where roles are enforced", async () => {
  const files = new RawJson(platform);
  await files.send(3);
  await files.list();
  await files.send(2);
  await files.registered();
  await files.finish();
  const expected = { files: 5, rowsOut: 10, deadLetters: 5, lost: 0, duplicated: 0, problems: [] };
  expect(await files.accounts()).toMatchObject(expected);
  const FunctionName = functionName(environment, "ledger-operator");
  const measure = new InvokeCommand({ FunctionName, Payload: Buffer.from('{"command":"measure"}') });
  const { FunctionError, Payload } = await platform.lambda.send(measure);
  expect(FunctionError && Buffer.from(Payload ?? []).toString()).toBeUndefined();
}, 120_000);

test("refuses the job's role what its work does not need", async () => {
  const { key } = await put(platform, "kept.csv", customers(1));
  const s3 = await asJobRole();
  await expect(s3.send(new DeleteObjectCommand({ Bucket: rawBucket, Key: key }))).rejects.toMatchObject({
    name: "AccessDenied",
  });
}, 60_000);

async function asJobRole(): Promise<S3Client> {
  const { Job } = await platform.glue.send(new GetJobCommand({ JobName: uploadsJobName(environment) }));
  const common = { endpoint: platform.aws.endpoint, region: environment.region };
  const sts = new STSClient({ ...common, credentials: await platform.s3.config.credentials() });
  const { Credentials } = await sts.send(
    new AssumeRoleCommand({ RoleArn: Job?.Role, RoleSessionName: "test" }),
  );
  return new S3Client({
    ...common,
    forcePathStyle: true,
    credentials: {
      accessKeyId: Credentials?.AccessKeyId ?? "",
      secretAccessKey: Credentials?.SecretAccessKey ?? "",
      sessionToken: Credentials?.SessionToken ?? "",
    },
  });
}
