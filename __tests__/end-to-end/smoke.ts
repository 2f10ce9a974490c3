import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetJobCommand, type GlueClient } from "@aws-sdk/client-glue";
import {
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { bucketName, ledgerBatchJobName, loadEnvironment, uploadsJobName } from "../../environments/schema";
import { SMOKE_DATASETS } from "../../runtime/smoke";
import { ROOT } from "../../setup/paths";
import { type Outcome, outcomeOf } from "../support/outcome";

const environment = loadEnvironment("local");

/** Result of a smoke test, as far as it is looked at here. */
export interface SmokeResult {
  readonly code: number | null;
  readonly stderr: string;
  readonly passed: boolean;
  /** Problems by pipeline. */
  readonly problems: Readonly<Record<string, readonly string[]>>;
}

/** Runs a smoke test of the local environment as an operator does, by the variables that `npm start` prints. */
export async function smokeTest(variables: NodeJS.ProcessEnv): Promise<SmokeResult> {
  const { code, stdout, stderr } = await smoke(variables, "--yes");
  const { passed, pipelines } = JSON.parse(stdout) as {
    readonly passed: boolean;
    readonly pipelines: readonly { readonly pipeline: string; readonly problems: readonly string[] }[];
  };
  const problems = Object.fromEntries(pipelines.map((each) => [each.pipeline, each.problems]));
  return { code, stderr, passed, problems };
}

/** What a smoke test would do. */
export async function plannedSmokeTest(variables: NodeJS.ProcessEnv): Promise<unknown> {
  return JSON.parse((await smoke(variables)).stdout);
}

function smoke(variables: NodeJS.ProcessEnv, ...more: readonly string[]): Promise<Outcome> {
  const words = ["npx", "tributary", "smoke", "--environment", "local", "--json", ...more];
  return outcomeOf(words, ROOT, variables);
}

/** Objects of smoke tests in all buckets, deleted ones included. */
export async function smokeObjects(s3: S3Client): Promise<string[]> {
  const buckets = (["raw", "manifests", "curated", "quarantine"] as const).map((name) =>
    bucketName(environment, name),
  );
  const pages = await Promise.all(
    buckets.map((Bucket) => s3.send(new ListObjectVersionsCommand({ Bucket, MaxKeys: 10_000 }))),
  );
  const entries = pages.flatMap(({ Versions = [], DeleteMarkers = [] }) => [...Versions, ...DeleteMarkers]);
  const names = Object.values(SMOKE_DATASETS);
  return entries.map(({ Key = "" }) => Key).filter((key) => names.some((name) => key.includes(`/${name}/`)));
}

const LOSES_A_ROW = `
import shutil, sys, zipfile
path = sys.argv[1]
with zipfile.ZipFile(path) as source, zipfile.ZipFile(path + ".new", "w") as target:
    for name in source.namelist():
        content = source.read(name)
        if name.endswith("/smoke_ledger/transform.sql"):
            content = content.replace(b"label,", b"CASE WHEN number = 2 THEN 'lost' ELSE label END AS label,", 1)
        target.writestr(name, content)
shutil.move(path + ".new", path)
`;

/** Deploys an uploads job that does not run, and a package whose SQL loses a row of smoke tests in the ledger pipeline. */
export async function breakJobs(s3: S3Client, glue: GlueClient): Promise<void> {
  const [uploads, batch] = await Promise.all([
    jobOf(glue, uploadsJobName(environment)),
    jobOf(glue, ledgerBatchJobName(environment)),
  ]);
  const script = placeOf(uploads.Command?.ScriptLocation);
  await s3.send(new PutObjectCommand({ ...script, Body: 'raise SystemExit("no module tributary")\n' }));
  const defaults = { ...batch.DefaultArguments, ...batch.NonOverridableArguments };
  const archive = placeOf(defaults["--extra-py-files"]);
  const folder = mkdtempSync(join(tmpdir(), "tributary-test-"));
  const path = join(folder, "package.zip");
  const { Body } = await s3.send(new GetObjectCommand(archive));
  writeFileSync(path, (await Body?.transformToByteArray()) ?? "");
  execFileSync("python3", ["-c", LOSES_A_ROW, path]);
  await s3.send(new PutObjectCommand({ ...archive, Body: readFileSync(path) }));
  rmSync(folder, { recursive: true });
}

async function jobOf(glue: GlueClient, JobName: string) {
  const { Job } = await glue.send(new GetJobCommand({ JobName }));
  if (Job === undefined) throw new Error(`no job ${JobName}`);
  return Job;
}

function placeOf(address = ""): { Bucket: string; Key: string } {
  const [, Bucket = "", Key = ""] = /^s3:\/\/([^/]+)\/([^,]+)/.exec(address) ?? [];
  return { Bucket, Key };
}
