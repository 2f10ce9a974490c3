import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  GetObjectCommand,
  GetObjectTaggingCommand,
  PutBucketVersioningCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { App, DataResource, LocalBackend, TerraformStack } from "cdktf";
import { contentHash } from "../../../constructs/code/archive";
import { codeKey } from "../../../constructs/code/code-object";
import { StoredCode } from "../../../constructs/code/stored-code";
import { UNNAMED_TAG } from "../../../environments/schema";
import { ACCOUNT, REGION } from "../../../local/emulator/emulator";
import { ensureTerraform } from "../../../setup/terraform";
import {
  ARTIFACTS,
  createJob,
  logLines,
  putArtifact,
  startRun,
  startTestPlatform,
  type TestPlatform,
  waitForRun,
} from "../../local/platform";

/** Loads its package when it is told to, as an executor does that a run is given later. */
const LATE = `
import sys, time
import boto3
from botocore.config import Config
s3 = boto3.session.Session(region_name="us-east-1").client("s3", config=Config(s3={"addressing_style": "path"}))
while "Contents" not in s3.list_objects_v2(Bucket="artifacts", Prefix="executor-added"):
    time.sleep(0.2)
print(s3.get_object(Bucket="artifacts", Key=sys.argv[sys.argv.index("--package") + 1])["Body"].read().decode())
`;

const run = promisify(execFile);
const key = (content: string) =>
  codeKey("glue", { name: "package.zip", sha256: contentHash(Buffer.from(content)), path: "" });

const kept = (content: string) => `schemas/orders/${contentHash(Buffer.from(content))}/dataset.json`;

describe("the code of a deploy", () => {
  let platform: TestPlatform;
  let s3: S3Client;

  beforeAll(async () => {
    platform = await startTestPlatform();
    s3 = new S3Client({ ...platform.client, forcePathStyle: true });
    const VersioningConfiguration = { Status: "Enabled" } as const;
    await s3.send(new PutBucketVersioningCommand({ Bucket: ARTIFACTS, VersioningConfiguration }));
  });
  afterAll(async () => {
    s3.destroy();
    await platform.stop();
  });

  /** Applies a stack with one job, whose package has this content. */
  async function deploy(content: string): Promise<string> {
    const folder = join(platform.folder, "code", content);
    mkdirSync(folder, { recursive: true });
    const path = join(folder, "package.zip");
    writeFileSync(path, content);
    const outdir = join(platform.folder, "out");
    const app = new App({ outdir });
    const stack = new TerraformStack(app, "test");
    // else cdktf puts the state into the folder that the tests run in
    new LocalBackend(stack, { path: join(platform.folder, "terraform.tfstate") });
    const place = { bucketName: ARTIFACTS, account: ACCOUNT, region: REGION, pathStyle: true };
    const code = new StoredCode(stack, "code", place);
    const input = {
      address: code.add("glue", { name: "package.zip", sha256: contentHash(Buffer.from(content)), path }),
    };
    code.keep(kept(content), path);
    code.isNamedBy(new DataResource(stack, "job", { input, dependsOn: [code.uploads] }));
    app.synth();
    const { environment } = await ensureTerraform(() => undefined);
    const options = {
      cwd: join(outdir, "stacks", "test"),
      env: {
        ...process.env,
        ...environment,
        AWS_ENDPOINT_URL: platform.emulator.endpoint,
        AWS_ACCESS_KEY_ID: platform.client.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: platform.client.credentials.secretAccessKey,
      },
    };
    await run("terraform", ["init", "-input=false"], options);
    return (await run("terraform", ["apply", "-auto-approve", "-no-color"], options)).stdout;
  }

  const body = async (content: string) => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: ARTIFACTS, Key: key(content) }));
    return Body?.transformToString();
  };
  const tags = async (content: string, keyOf = key) =>
    (await s3.send(new GetObjectTaggingCommand({ Bucket: ARTIFACTS, Key: keyOf(content) }))).TagSet;
  const version = async (content: string) =>
    (await s3.send(new GetObjectCommand({ Bucket: ARTIFACTS, Key: key(content) }))).VersionId;

  test("is there for runs of the deploy before, marked from then on, and named again by a way back", async () => {
    await deploy("one");
    expect([await body("one"), await tags("one")]).toEqual(["one", []]);
    const uploaded = await version("one");
    await createJob(platform, "late", LATE);
    const id = await startRun(platform, "late", { "--package": key("one") });

    await deploy("two");
    expect([await body("two"), await tags("two")]).toEqual(["two", []]);
    const marked = [{ Key: UNNAMED_TAG.key, Value: UNNAMED_TAG.value }];
    expect([await body("one"), await tags("one")]).toEqual(["one", marked]);
    // a version that is kept has no end
    expect([await tags("one", kept), await tags("two", kept)]).toEqual([[], []]);
    // another version, so that its age begins with the mark
    expect(await version("one")).not.toBe(uploaded);
    await putArtifact(platform, "executor-added", "");
    await expect(waitForRun(platform, "late", id)).resolves.toMatchObject({ JobRunState: "SUCCEEDED" });
    expect(await logLines(platform, "/aws-glue/jobs/output", id)).toEqual(["one"]);

    expect(await deploy("one")).toContain("code: 1 objects are named by no job any more, and expire");
    expect([await tags("one"), await tags("two")]).toEqual([[], marked]);
    expect(await deploy("one")).toContain("No changes");
  });
});
