import {
  GetBucketEncryptionCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
} from "@aws-sdk/client-s3";
import { stateBucketName } from "../../../../environments/schema";
import { type Check, failure, notChecked, otherwiseOk, warning } from "../check";
import type { Examination } from "../examination";

/** A property of the bucket that bootstrap sets. */
interface Guard {
  /** What is so where it is missing. */
  readonly without: string;
  readonly isSet: (examination: Examination, bucket: { readonly Bucket: string }) => Promise<boolean>;
}

/** Errors by which S3 says that nothing is set. */
const UNSET = new Set([
  "NoSuchBucketPolicy",
  "NoSuchPublicAccessBlockConfiguration",
  "ServerSideEncryptionConfigurationNotFoundError",
]);

const GUARDS: readonly Guard[] = [
  {
    without: "keeps no older states",
    isSet: async ({ aws }, bucket) =>
      (await aws.s3.send(new GetBucketVersioningCommand(bucket))).Status === "Enabled",
  },
  {
    without: "may be made public",
    isSet: async ({ aws }, bucket) => {
      const { PublicAccessBlockConfiguration: blocks = {} } = await aws.s3.send(
        new GetPublicAccessBlockCommand(bucket),
      );
      const { BlockPublicAcls, BlockPublicPolicy, IgnorePublicAcls, RestrictPublicBuckets } = blocks;
      return [BlockPublicAcls, BlockPublicPolicy, IgnorePublicAcls, RestrictPublicBuckets].every(
        (each) => each,
      );
    },
  },
  {
    without: "is not encrypted under KMS",
    isSet: async ({ aws }, bucket) => {
      const { ServerSideEncryptionConfiguration } = await aws.s3.send(new GetBucketEncryptionCommand(bucket));
      return (ServerSideEncryptionConfiguration?.Rules ?? []).some(
        ({ ApplyServerSideEncryptionByDefault: byDefault }) => byDefault?.SSEAlgorithm === "aws:kms",
      );
    },
  },
  {
    without: "takes requests without TLS",
    isSet: async ({ aws, environment }, bucket) =>
      !environment.storage.tlsOnly ||
      ((await aws.s3.send(new GetBucketPolicyCommand(bucket))).Policy ?? "").includes("aws:SecureTransport"),
  },
];

/** Looks up the bucket of Terraform's states, and what bootstrap sets on it. */
export const stateBucketCheck: Check = {
  group: "account",
  name: "state bucket",
  actions: [
    "s3:ListBucket",
    "s3:GetBucketVersioning",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetEncryptionConfiguration",
    "s3:GetBucketPolicy",
  ],
  look: async (examination) => {
    const { aws, environment } = examination;
    const Bucket = stateBucketName(environment);
    const wayOut = `npm run bootstrap -- --environment ${environment.name}`;
    try {
      await aws.s3.send(new HeadBucketCommand({ Bucket, ExpectedBucketOwner: environment.account }));
    } catch (error) {
      const { name } = error as Error;
      if (/^(Forbidden|403)$/.test(name)) {
        const other = "or it is another account's: then choose another project name";
        return [notChecked(`permission s3:ListBucket on ${Bucket}, ${other}`)];
      }
      if (name !== "NotFound") throw error;
      return [warning(`${Bucket} is not there yet`, { wayOut })];
    }
    const missing = await Promise.all(
      GUARDS.map(async (guard) => ((await isSet(guard, examination, Bucket)) ? [] : [guard.without])),
    );
    const findings = missing.flat().map((without) => failure(`${Bucket} ${without}`, { wayOut }));
    return otherwiseOk(findings, `${Bucket}, guarded`);
  },
};

async function isSet(guard: Guard, examination: Examination, Bucket: string): Promise<boolean> {
  try {
    return await guard.isSet(examination, { Bucket });
  } catch (error) {
    if (UNSET.has((error as Error).name)) return false;
    throw error;
  }
}
