import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLoggingCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  type S3Client,
  type S3ServiceException,
} from "@aws-sdk/client-s3";
import type { Environment } from "../../environments/schema";
import { expectedAt } from "../../runtime/expected";
import { CommandError } from "../../setup/errors";
import type { SynthesizedStack } from "../plan/configuration";
import { kindOf } from "../plan/plan-json";
import type { StackPlan } from "../plan/summary/stack-plan";

/** Resource of a stack that something becomes which is there, by what AWS calls it. */
export interface Import {
  readonly to: string;
  readonly id: string;
}

/** File with the imports in the folder of a stack. */
const IMPORTS = "imports.tf.json";

/** What is asked for a setting of a bucket that is a resource of its own; whether the bucket has it. */
export const SETTINGS: Readonly<
  Record<string, (s3: S3Client, bucket: { Bucket: string }) => Promise<boolean>>
> = {
  aws_s3_bucket_lifecycle_configuration: (s3, bucket) =>
    isThere(s3.send(new GetBucketLifecycleConfigurationCommand(bucket))),
  aws_s3_bucket_logging: async (s3, bucket) =>
    (await s3.send(new GetBucketLoggingCommand(bucket))).LoggingEnabled !== undefined,
  aws_s3_bucket_ownership_controls: (s3, bucket) =>
    isThere(s3.send(new GetBucketOwnershipControlsCommand(bucket))),
  aws_s3_bucket_policy: (s3, bucket) => isThere(s3.send(new GetBucketPolicyCommand(bucket))),
  aws_s3_bucket_public_access_block: (s3, bucket) =>
    isThere(s3.send(new GetPublicAccessBlockCommand(bucket))),
  aws_s3_bucket_server_side_encryption_configuration: (s3, bucket) =>
    isThere(s3.send(new GetBucketEncryptionCommand(bucket))),
  aws_s3_bucket_versioning: async (s3, bucket) =>
    (await s3.send(new GetBucketVersioningCommand(bucket))).Status !== undefined,
};

/** Settings of resources that belong to a bucket. */
interface BucketSettings {
  readonly bucket?: string;
}

/**
 * Finds what a bucket becomes in a stack: the bucket of its name, and those of its settings that it has. What it has not is
 * made by the next apply.
 *
 * @throws CommandError where it is none of the stack's, or not there in the account and region
 */
export async function importsOf(
  s3: S3Client,
  { account, region }: Pick<Environment, "account" | "region">,
  { name, configuration: { resource = {} } }: SynthesizedStack,
  bucket: string,
): Promise<Import[]> {
  const named = (type: string) => Object.entries(resource[type] ?? {}) as [string, BucketSettings][];
  const buckets = named("aws_s3_bucket");
  const [id] = buckets.find(([, settings]) => settings.bucket === bucket) ?? [];
  if (id === undefined) {
    const names = buckets.map(([, settings]) => settings.bucket).join(", ");
    throw new CommandError(
      `${expectedAt("--bucket", `a bucket of ${name} (${names})`, bucket)}; S3 renames none: copy its objects, or name a raw bucket in storage.raw.existing`,
    );
  }
  await checkPlace(s3, bucket, account, region);
  const imports: Import[] = [{ to: `aws_s3_bucket.${id}`, id: bucket }];
  for (const [type, has] of Object.entries(SETTINGS)) {
    for (const [setting, { bucket: of }] of named(type)) {
      const isIts = of === `\${aws_s3_bucket.${id}.id}` || of === `\${aws_s3_bucket.${id}.bucket}`;
      if (isIts && (await has(s3, { Bucket: bucket })))
        imports.push({ to: `${type}.${setting}`, id: bucket });
    }
  }
  return imports;
}

/** Writes the imports into the folder of a stack, so that a plan has them. */
export function writeImports({ folder }: SynthesizedStack, imports: readonly Import[]): void {
  writeFileSync(join(folder, IMPORTS), JSON.stringify({ import: imports }));
}

export function removeImports({ folder }: SynthesizedStack): void {
  rmSync(join(folder, IMPORTS));
}

/**
 * Checks what a plan does with what it imports.
 * @throws CommandError where there is none, or something of it would be replaced or destroyed
 */
export function checkImports(
  { stack, json, diagnostics, waitsFor }: StackPlan,
  imports: readonly Import[],
): void {
  const refuse = (what: string, lines: readonly string[]) =>
    new CommandError([`nothing was imported: ${what}`, ...lines.map((line) => `  ${line}`)].join("\n"));
  const lost = (json?.resource_changes ?? []).filter(
    ({ address, change }) =>
      imports.some(({ to }) => to === address) && ["replaced", "destroyed"].includes(kindOf(change)),
  );
  const lines = lost.map(({ address, change }) => {
    const paths = (change.replace_paths ?? []).map((path) => path.join("."));
    return `${address} would be ${kindOf(change)}${paths.length > 0 ? ` for ${paths.join(", ")}` : ""}`;
  });
  if (lines.length > 0) throw refuse(`${stack} cannot have it as it is`, lines);
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length > 0) {
    throw refuse(
      `${stack} cannot be planned`,
      errors.map(({ summary, detail }) => `${summary}: ${detail}`),
    );
  }
  if (waitsFor.length > 0) {
    throw refuse(
      `${stack} reads what is not deployed yet`,
      waitsFor.map((each) => each.stack),
    );
  }
}

/** Imports whose addresses a state does not have yet. */
export function withoutImported(imports: readonly Import[], state: string | undefined): Import[] {
  const { resources = [] } = JSON.parse(state ?? "{}") as { resources?: { type: string; name: string }[] };
  const known = new Set(resources.map(({ type, name }) => `${type}.${name}`));
  return imports.filter(({ to }) => !known.has(to));
}

async function checkPlace(s3: S3Client, Bucket: string, account: string, region: string): Promise<void> {
  const answer = await s3
    .send(new HeadBucketCommand({ Bucket, ExpectedBucketOwner: account }))
    .catch((error: S3ServiceException) => error);
  const place = `account ${account} and region ${region}`;
  if (answer instanceof Error) {
    const status = answer.$metadata?.httpStatusCode;
    const what =
      status === 404
        ? "there is none"
        : status === 301
          ? "it is in another region"
          : `S3 answers ${status ?? answer.message}: it is another account's, or these credentials may not ask`;
    throw new CommandError(expectedAt("--bucket", `a bucket of ${place}`, `${Bucket}: ${what}`), {
      cause: answer,
    });
  }
  if (answer.BucketRegion !== undefined && answer.BucketRegion !== region) {
    throw new CommandError(
      expectedAt("--bucket", `a bucket of ${place}`, `${Bucket}: it is in ${answer.BucketRegion}`),
    );
  }
}

/** Whether S3 has what it was asked for; the name of each error begins or ends with the absence. */
async function isThere(asked: Promise<unknown>): Promise<boolean> {
  try {
    await asked;
    return true;
  } catch (error) {
    if (/^NoSuch(?!Bucket$)|NotFound/.test((error as Error).name)) return false;
    throw error;
  }
}
