import {
  type BucketLocationConstraint,
  CreateBucketCommand,
  HeadBucketCommand,
  type LifecycleRule,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { type Environment, KEPT_PLANS, stateBucketName } from "../environments/schema";
import { CommandError } from "../setup/errors";

export interface StateBucket {
  readonly bucket: string;
  /** False where it was there before. */
  readonly created: boolean;
}

/** Days that a replaced state is kept, and each lock that was released. */
const NONCURRENT_DAYS = 90;
/** Replaced versions of a state that are kept at any age. */
const NEWER_VERSIONS = 10;
const INCOMPLETE_UPLOAD_DAYS = 7;
/** Days that kept plans stay, which have secrets in clear: one more than `npm run apply` takes them. */
const PLAN_DAYS = 8;

/**
 * Creates the state bucket where it is missing, and sets its required properties either way.
 *
 * @throws CommandError when another account has the name, or the credentials may not look
 */
export async function ensureStateBucket(s3: S3Client, environment: Environment): Promise<StateBucket> {
  const bucket = stateBucketName(environment);
  const created = !(await hasStateBucket(s3, environment));
  if (created) await create(s3, bucket, environment.region);
  await secure(s3, bucket, environment);
  return { bucket, created };
}

/**
 * Returns whether the state bucket is there.
 *
 * @throws CommandError when another account has the name, or the credentials may not look
 */
export async function hasStateBucket(s3: S3Client, environment: Environment): Promise<boolean> {
  const { account } = environment;
  const bucket = stateBucketName(environment);
  try {
    await s3.send(new HeadBucketCommand({ Bucket: bucket, ExpectedBucketOwner: account }));
    return true;
  } catch (error) {
    const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
    if (status === 404) return false;
    if (status !== 403) throw error;
    throw new CommandError(
      `S3 forbids a look at the state bucket ${bucket} (403): either it belongs to another account than ${account}, ` +
        "then choose another project name, or the credentials lack s3:ListBucket on it",
      { cause: error },
    );
  }
}

/** Creates the bucket. us-east-1 is S3's default region, and it refuses that as a location. */
async function create(s3: S3Client, bucket: string, region: string): Promise<void> {
  const place =
    region === "us-east-1"
      ? {}
      : { CreateBucketConfiguration: { LocationConstraint: region as BucketLocationConstraint } };
  await s3.send(new CreateBucketCommand({ Bucket: bucket, ...place }));
}

async function secure(s3: S3Client, bucket: string, environment: Environment): Promise<void> {
  await s3.send(
    new PutPublicAccessBlockCommand({
      Bucket: bucket,
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    }),
  );
  await s3.send(
    new PutBucketOwnershipControlsCommand({
      Bucket: bucket,
      OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
    }),
  );
  await s3.send(
    new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: "Enabled" } }),
  );
  await s3.send(
    new PutBucketEncryptionCommand({
      Bucket: bucket,
      ServerSideEncryptionConfiguration: {
        Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms" }, BucketKeyEnabled: true }],
      },
    }),
  );
  await s3.send(
    new PutBucketLifecycleConfigurationCommand({
      Bucket: bucket,
      LifecycleConfiguration: { Rules: [expiry(), planExpiry()] },
    }),
  );
  if (environment.storage.tlsOnly) {
    await s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: tlsOnlyPolicy(bucket) }));
  }
}

/**
 * Rule for what is no longer current: replaced states, and the lock files, of which each apply leaves a version and a
 * delete marker.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html (2026-11-30)
 */
function expiry(): LifecycleRule {
  return {
    ID: "replaced-states",
    Status: "Enabled",
    Filter: { Prefix: "" },
    NoncurrentVersionExpiration: { NoncurrentDays: NONCURRENT_DAYS, NewerNoncurrentVersions: NEWER_VERSIONS },
    Expiration: { ExpiredObjectDeleteMarker: true },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: INCOMPLETE_UPLOAD_DAYS },
  };
}

function planExpiry(): LifecycleRule {
  return {
    ID: "kept-plans",
    Status: "Enabled",
    Filter: { Prefix: KEPT_PLANS },
    Expiration: { Days: PLAN_DAYS },
    NoncurrentVersionExpiration: { NoncurrentDays: 1 },
  };
}

function tlsOnlyPolicy(bucket: string): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "DenyWithoutTls",
        Effect: "Deny",
        Principal: "*",
        Action: "s3:*",
        Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
    ],
  });
}
