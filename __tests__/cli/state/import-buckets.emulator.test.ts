import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateBucketCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  NoSuchKey,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { PlanJson } from "../../../cli/plan/plan-json";
import { checkImports, importsOf, SETTINGS } from "../../../cli/state/bucket-imports";
import { ensureStateBucket } from "../../../cli/state-bucket";
import { policyDocument } from "../../../constructs/policy";
import { bucketName, LAYERS, loadEnvironment, stateBucketName, stateKey } from "../../../environments/schema";
import { type Emulator, REGION, ROOT_CREDENTIALS, startEmulator } from "../../../local/emulator/emulator";
import { ROOT } from "../../../setup/paths";
import { ensurePython } from "../../../setup/python";
import { type Outcome, outcomeOf } from "../../support/outcome";
import { stacksOf } from "../../support/stacks";
import { expression, STORAGE, TinyStacks } from "../plan/tiny-stacks";

const environment = loadEnvironment("local");
const RAW = bucketName(environment, "raw");
const ELSEWHERE = "eu-west-1";

const folder = mkdtempSync(join(tmpdir(), "tributary-import-"));
const out = join(folder, "out");
let emulator: Emulator;
let s3: S3Client;
let tiny: TinyStacks;
let variables: NodeJS.ProcessEnv;

beforeAll(async () => {
  const { python } = await ensurePython("run", () => undefined);
  emulator = await startEmulator({ python, folder });
  s3 = clientOf(ROOT_CREDENTIALS, REGION);
  await ensureStateBucket(s3, environment);
  variables = {
    AWS_ENDPOINT_URL: emulator.endpoint,
    AWS_ACCESS_KEY_ID: ROOT_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: ROOT_CREDENTIALS.secretAccessKey,
    AWS_REGION: REGION,
  };
  const config = { bucket: stateBucketName(environment), region: REGION, use_path_style: true };
  tiny = new TinyStacks((stack) => ({
    backend: "s3",
    config: {
      ...config,
      key: stateKey(environment, "storage").replace("storage", stack.replace("local-", "")),
    },
  }));
  write();
  await s3.send(new CreateBucketCommand({ Bucket: RAW }));
  await s3.send(
    new PutBucketVersioningCommand({ Bucket: RAW, VersioningConfiguration: { Status: "Enabled" } }),
  );
  await s3.send(new PutBucketPolicyCommand({ Bucket: RAW, Policy: policyOf("Owners") }));
  const elsewhere = clientOf(ROOT_CREDENTIALS, ELSEWHERE);
  const CreateBucketConfiguration = { LocationConstraint: ELSEWHERE } as const;
  await elsewhere.send(new CreateBucketCommand({ Bucket: "elsewhere", CreateBucketConfiguration }));
  const others = clientOf({ ...ROOT_CREDENTIALS, accessKeyId: "222222222222" }, REGION);
  await others.send(new CreateBucketCommand({ Bucket: "others" }));
  for (const client of [elsewhere, others]) client.destroy();
  for (const Body of ["one", "two"]) await s3.send(new PutObjectCommand({ Bucket: RAW, Key: "a", Body }));
});

afterAll(async () => {
  s3?.destroy();
  await emulator?.stop();
  tiny?.remove();
  rmSync(folder, { recursive: true });
});

test("says what would be imported, with the settings that a bucket has, and does nothing", async () => {
  const { code, stdout, stderr } = await imported(`--bucket ${RAW}`);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout.split("\n").slice(0, 2)).toEqual([
    `would be imported: ${RAW} as aws_s3_bucket.raw`,
    `would be imported: ${RAW} as aws_s3_bucket_policy.raw`,
  ]);
  // of the policy that is there a reviewer sees what goes
  expect(readFileSync(join(out, "summary.md"), "utf8")).toContain("Owners");
  expect(await inState()).toEqual([]);
});

test.each([
  ["that the stack does not have", "another", /expected a bucket of local-storage \(.*\), got "another"/],
  ["that is not there", "not-there", /got "not-there: there is none"$/],
  ["of another region", "elsewhere", /region us-east-1, got "elsewhere: it is in another region"$/],
  [
    "of another account",
    "others",
    /account 000000000000 .*, got "others: S3 answers 403: it is another account's/,
  ],
])("refuses a bucket %s", async (_, bucket, message) => {
  const named = ["not-there", "elsewhere", "others"].map((name) => [name, { bucket: name }]);
  const configuration = { resource: { aws_s3_bucket: Object.fromEntries(named) } };
  const stack = { name: STORAGE, folder: tiny.synthesized, configuration };
  await expect(importsOf(s3, environment, stack, bucket)).rejects.toThrow(message);
});

test("refuses what the stack could have only in another's place", () => {
  const change = {
    actions: ["delete", "create"],
    before: {},
    after: {},
    replace_paths: [["object_lock_enabled"]],
  };
  const raw = {
    address: "aws_s3_bucket.raw",
    mode: "managed",
    type: "aws_s3_bucket",
    name: "raw",
    change,
  } as const;
  const json = { terraform_version: "1.11.4", resource_changes: [raw] } as unknown as PlanJson;
  const plan = {
    stack: STORAGE,
    guarded: new Set<string>(),
    secrets: [],
    diagnostics: [],
    reads: [],
    waitsFor: [],
    json,
  };
  expect(() => checkImports(plan, [{ to: raw.address, id: RAW }])).toThrow(
    "aws_s3_bucket.raw would be replaced for object_lock_enabled",
  );
  expect(() => checkImports(plan, [])).not.toThrow();
});

test("knows each setting that a bucket of the stacks has", () => {
  const types = new Set(
    LAYERS.flatMap((layer) => Object.keys(stacksOf("prod").get(`prod-${layer}`)?.resource ?? {})),
  );
  const settings = [...types].filter((type) => /^aws_s3_bucket_/.test(type));
  // another stack's, which replaces it
  expect(settings.sort()).toEqual([...Object.keys(SETTINGS), "aws_s3_bucket_notification"].sort());
});

test("takes a bucket over as it is, with all its objects, and the next apply changes its settings alone", async () => {
  const before = await versions();
  expect(await imported(`--bucket ${RAW} --yes`)).toMatchObject({ code: 0, stderr: "" });
  expect(await inState()).toEqual(["aws_s3_bucket.raw", "aws_s3_bucket_policy.raw"]);
  const { Policy = "" } = await s3.send(new GetBucketPolicyCommand({ Bucket: RAW }));
  expect(Policy).toContain("Owners");
  const plans = await tiny.plan([STORAGE], undefined, variables);
  const changes = plans.get(STORAGE)?.json?.resource_changes ?? [];
  expect(changes.map(({ address, change }) => `${change.actions} ${address}`)).toEqual([
    "no-op aws_s3_bucket.raw",
    "update aws_s3_bucket_policy.raw",
    "create aws_s3_bucket_public_access_block.raw",
  ]);
  expect(await tiny.apply(STORAGE, variables)).toMatchObject({ code: 0 });
  expect(await versions()).toEqual(before);
});

test("refuses a bucket that the state has", async () => {
  expect(await imported(`--bucket ${RAW} --yes`)).toMatchObject({
    code: 1,
    stderr: `the state of ${STORAGE} has ${RAW} already\n`,
  });
});

/** Writes the stack storage: the raw bucket with a policy of its own. */
function write(): void {
  const bucket = expression("aws_s3_bucket.raw.id");
  tiny.write(
    {
      provider: { aws: [{ region: REGION, s3_use_path_style: true }] },
      resource: {
        aws_s3_bucket: {
          raw: { bucket: RAW, lifecycle: { prevent_destroy: true } },
        },
        aws_s3_bucket_policy: { raw: { bucket, policy: policyOf("Ours") } },
        aws_s3_bucket_public_access_block: { raw: { bucket, block_public_acls: true } },
      },
    },
    {},
  );
  const lock = ".terraform.lock.hcl";
  copyFileSync(join(ROOT, lock), join(tiny.synthesized, "stacks", STORAGE, lock));
}

function policyOf(sid: string): string {
  const principal = { AWS: `arn:aws:iam::${environment.account}:root` };
  return policyDocument([
    { sid, principal, actions: ["s3:GetObject"], resources: [`arn:aws:s3:::${RAW}/*`] },
  ]);
}

function imported(words: string): Promise<Outcome> {
  const command = [process.execPath, "--import", "tsx", "cli/state.ts", "import", "--environment", "local"];
  const folders = ["--out", out, "--synthesized", tiny.synthesized];
  return outcomeOf([...command, ...folders, ...words.split(" ")], ROOT, variables);
}

async function versions(): Promise<unknown> {
  const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: RAW }));
  expect(Versions).toHaveLength(2);
  return Versions.map(({ Key, VersionId, ETag }) => [Key, VersionId, ETag]);
}

/** Addresses that the state has. */
async function inState(): Promise<string[]> {
  const Key = stateKey(environment, "storage");
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: stateBucketName(environment), Key }));
    const { resources } = JSON.parse((await Body?.transformToString()) ?? "");
    return resources.map(({ type, name }: { type: string; name: string }) => `${type}.${name}`).sort();
  } catch (error) {
    if (error instanceof NoSuchKey) return [];
    throw error;
  }
}

function clientOf(credentials: NonNullable<S3ClientConfig["credentials"]>, region: string): S3Client {
  return new S3Client({ endpoint: emulator.endpoint, region, credentials, forcePathStyle: true });
}
