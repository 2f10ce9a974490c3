import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetJobCommand, type GlueClient } from "@aws-sdk/client-glue";
import { HeadObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { type Environment, type JobName, jobName, jobsOf } from "../../../../environments/schema";
import { CommandError } from "../../../../setup/errors";
import { ROOT } from "../../../../setup/paths";
import { run } from "../../../../setup/process";
import { type Check, type Finding, failure, otherwiseOk, warning } from "../check";
import { wantedFunctions } from "./functions";
import { NOT_DEPLOYED } from "./not-deployed";

/** Arguments of a job that name code, joined by commas. */
const CODE_ARGUMENTS = ["--extra-py-files", "--additional-python-modules"] as const;

/** Compares the code of functions and jobs with what the checkout would deploy. */
export const codeCheck: Check = {
  group: "deployed",
  name: "code",
  actions: ["lambda:GetFunctionConfiguration", "glue:GetJob", "s3:GetObject"],
  look: async ({ aws, environment, functions, codeKeys }) => {
    const [deployed, jobs] = await Promise.all([functions(), jobCode(aws.glue, environment)]);
    if (deployed.length + jobs.length === 0) return [NOT_DEPLOYED];
    const [keys, gone] = await Promise.all([codeKeys(), goneOf(aws.s3, jobs)]);
    const archives = new Map(
      keys.filter((key) => key.startsWith("functions/")).map((key) => [archiveName(key), archiveHash(key)]),
    );
    const wanted = wantedFunctions(environment);
    const named: readonly string[] = [...deployed, ...jobs].map(({ name }) => name);
    const others = [
      ...deployed.filter(
        ({ name, codeSha256 }) => wanted.includes(name) && archives.get(name) !== codeSha256,
      ),
      ...jobs.filter(({ objects }) => !objects.every(({ Key }) => keys.includes(Key))),
    ];
    const wayOut = `npm run deploy -- --environment ${environment.name}, or check out what is deployed`;
    const findings: Finding[] = [
      ...[...wanted, ...jobsOf(environment)]
        .filter((name) => !named.includes(name))
        .map((name) => failure(`${name} is not deployed, and others are`, { wayOut })),
      ...gone.map((address) => failure(`${address} is gone, and a job loads it`, { wayOut })),
      ...others.map(({ name }) => warning(`${name} runs other code than this checkout's`, { wayOut })),
    ];
    return otherwiseOk(findings, `${deployed.length} functions and ${jobs.length} jobs as in this checkout`);
  },
};

/** Name of the function in `functions/<sha256>/<name>.zip`. */
function archiveName(key: string): string {
  return key.slice(key.lastIndexOf("/") + 1).replace(/\.zip$/, "");
}

/** Hash in the key of an archive, in Base64 as Lambda has it. */
function archiveHash(key: string): string {
  return Buffer.from(key.split("/")[1] ?? "", "hex").toString("base64");
}

interface JobCode {
  readonly name: JobName;
  /** Script, package and wheels. */
  readonly objects: readonly CodePlace[];
}

interface CodePlace {
  readonly Bucket: string;
  readonly Key: string;
}

async function jobCode(client: GlueClient, environment: Environment): Promise<JobCode[]> {
  const found = await Promise.all(
    jobsOf(environment).map(async (name): Promise<JobCode | undefined> => {
      try {
        const { Job = {} } = await client.send(new GetJobCommand({ JobName: jobName(environment, name) }));
        const { NonOverridableArguments: fixed = {}, Command = {} } = Job;
        const addresses = [
          Command.ScriptLocation,
          ...CODE_ARGUMENTS.flatMap((each) => fixed[each]?.split(",")),
        ];
        return { name, objects: addresses.flatMap(placeOf) };
      } catch (error) {
        if ((error as Error).name === "EntityNotFoundException") return undefined;
        throw error;
      }
    }),
  );
  return found.filter((each) => each !== undefined);
}

/** Place in an `s3://` address; none where it is another one, or the name of a package. */
function placeOf(address = ""): CodePlace[] {
  const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(address) ?? [];
  return Bucket === undefined || Key === undefined ? [] : [{ Bucket, Key }];
}

/** Addresses of what the jobs load and S3 has no more: a worker that is added to a run would fail for it. */
async function goneOf(client: S3Client, jobs: readonly JobCode[]): Promise<string[]> {
  const places = new Map(
    jobs.flatMap(({ objects }) => objects.map((place) => [`s3://${place.Bucket}/${place.Key}`, place])),
  );
  const gone = await Promise.all(
    [...places].map(async ([address, place]) => {
      try {
        await client.send(new HeadObjectCommand(place));
        return [];
      } catch (error) {
        if ((error as Error).name === "NotFound") return [address];
        throw error;
      }
    }),
  );
  return gone.flat();
}

/** Keys of all code that the checkout would upload, by a synthesis into a folder of its own. */
export async function checkoutCodeKeys({ name }: Environment, signal: AbortSignal): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "tributary-doctor-"));
  try {
    const { exitCode, output } = await run([process.execPath, "cli/synthesize.js"], {
      folder: ROOT,
      signal,
      environment: { ...process.env, CDKTF_OUTDIR: folder, TRIBUTARY_ENVIRONMENT: name },
    });
    if (exitCode !== 0) throw new CommandError(`a checkout that synthesizes (${output.trim().slice(-500)})`);
    const stacks = join(folder, "stacks");
    const keys = readdirSync(stacks).flatMap((stack) => codeKeysIn(join(stacks, stack, "cdk.tf.json")));
    return [...new Set(keys)];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Keys that a configuration names, as whatever uploads or loads them writes them. */
function codeKeysIn(file: string): string[] {
  const found = readFileSync(file, "utf8").matchAll(/(?:functions|glue|wheels)\/[0-9a-f]{64}\/[\w.+-]+/g);
  return [...found].map(([key]) => key);
}
