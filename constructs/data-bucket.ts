import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import {
  S3BucketLifecycleConfiguration,
  type S3BucketLifecycleConfigurationRule,
} from "@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration";
import { S3BucketLoggingA } from "@cdktf/provider-aws/lib/s3-bucket-logging";
import { S3BucketOwnershipControls } from "@cdktf/provider-aws/lib/s3-bucket-ownership-controls";
import { S3BucketPolicy } from "@cdktf/provider-aws/lib/s3-bucket-policy";
import { S3BucketPublicAccessBlock } from "@cdktf/provider-aws/lib/s3-bucket-public-access-block";
import { S3BucketServerSideEncryptionConfigurationA } from "@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration";
import { S3BucketVersioningA } from "@cdktf/provider-aws/lib/s3-bucket-versioning";
import { Construct } from "constructs";
import { denyWithoutTls, type PolicyStatement, policyDocument } from "./policy";

/** Lifecycle of the objects under a prefix, in addition to that of all. */
export interface PrefixLifecycle {
  /** Id of the rule, unique in the bucket. */
  readonly id: string;
  readonly prefix: string;
  /** Tag that limits the rule to objects that carry it. @default - all objects */
  readonly tag?: { readonly key: string; readonly value: string };
  /** Age at which they move to Intelligent-Tiering. @default - never */
  readonly tieringDays?: number | undefined;
  /** Age, higher than that, at which they move to a class of S3's archives. @default - never */
  readonly archive?: { readonly days: number; readonly storageClass: string } | undefined;
  /** Age at which they expire. @default - never */
  readonly expireDays?: number | undefined;
  /** Age at which replaced and deleted versions of them go. @default - never */
  readonly noncurrentDays?: number | undefined;
}

export interface DataBucketProps {
  readonly bucketName: string;
  /** KMS key of the objects. @default - SSE-S3, for a bucket that services write their logs to */
  readonly keyArn?: string;
  readonly versioned: boolean;
  /** Age at which objects expire. @default - never */
  readonly expireDays?: number | undefined;
  /** Age at which replaced and deleted versions go. @default - never */
  readonly noncurrentDays?: number | undefined;
  /** Lifecycles of objects under single prefixes. @default - none */
  readonly lifecycles?: readonly PrefixLifecycle[];
  /** Bucket that receives the access logs, whose policy admits them. @default - no access logs */
  readonly accessLogs?: DataBucket;
  readonly tlsOnly: boolean;
  readonly forceDestroy: boolean;
  readonly preventDestroy: boolean;
  /** Further statements of the bucket policy. @default - none */
  readonly statements?: (bucket: S3Bucket) => readonly PolicyStatement[];
}

/** Days after which the parts of an upload that was never completed are removed. */
const INCOMPLETE_UPLOAD_DAYS = 7;

/** Private, encrypted bucket whose owner owns all objects in it. */
export class DataBucket extends Construct {
  readonly bucket: S3Bucket;
  /** Policy of the bucket; undefined where nothing is denied or admitted. */
  readonly policy: S3BucketPolicy | undefined;

  constructor(scope: Construct, id: string, props: DataBucketProps) {
    super(scope, id);
    this.bucket = new S3Bucket(this, "bucket", {
      bucket: props.bucketName,
      forceDestroy: props.forceDestroy,
      lifecycle: { preventDestroy: props.preventDestroy },
    });
    this.closeToThePublic();
    this.encrypt(props.keyArn);
    if (props.versioned) this.version();
    this.expire(props);
    if (props.accessLogs) this.logAccess(props.accessLogs);
    this.policy = this.restrict(props);
  }

  private closeToThePublic(): void {
    new S3BucketPublicAccessBlock(this, "public-access-block", {
      bucket: this.bucket.id,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    new S3BucketOwnershipControls(this, "ownership", {
      bucket: this.bucket.id,
      rule: { objectOwnership: "BucketOwnerEnforced" },
    });
  }

  private encrypt(keyArn: string | undefined): void {
    new S3BucketServerSideEncryptionConfigurationA(this, "encryption", {
      bucket: this.bucket.id,
      rule: [
        keyArn === undefined
          ? { applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }
          : {
              applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: keyArn },
              bucketKeyEnabled: true,
            },
      ],
    });
  }

  private version(): void {
    new S3BucketVersioningA(this, "versioning", {
      bucket: this.bucket.id,
      versioningConfiguration: { status: "Enabled" },
    });
  }

  private expire(props: DataBucketProps): void {
    new S3BucketLifecycleConfiguration(this, "lifecycle", {
      bucket: this.bucket.id,
      rule: [wholeBucketRule(props), ...(props.lifecycles ?? []).map(prefixRule)],
    });
  }

  private logAccess({ bucket, policy }: DataBucket): void {
    new S3BucketLoggingA(this, "access-logging", {
      bucket: this.bucket.id,
      targetBucket: bucket.id,
      targetPrefix: `s3/${this.node.id}/`,
      // what is logged before it is admitted is lost
      ...(policy && { dependsOn: [policy] }),
    });
  }

  private restrict(props: DataBucketProps): S3BucketPolicy | undefined {
    const statements = [
      ...(props.tlsOnly ? [denyWithoutTls(["s3:*"], [this.bucket.arn, `${this.bucket.arn}/*`])] : []),
      ...(props.statements?.(this.bucket) ?? []),
    ];
    if (statements.length === 0) return undefined;
    const policy = policyDocument(statements);
    return new S3BucketPolicy(this, "bucket-policy", { bucket: this.bucket.id, policy });
  }
}

function wholeBucketRule(props: DataBucketProps): S3BucketLifecycleConfigurationRule {
  return {
    id: "whole-bucket",
    status: "Enabled",
    filter: [{ prefix: "" }],
    abortIncompleteMultipartUpload: [{ daysAfterInitiation: INCOMPLETE_UPLOAD_DAYS }],
    ...expiration(props),
    ...noncurrentExpiration(props),
  };
}

/**
 * Builds the expiration. With an age S3 removes expired delete markers by itself.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-expire-general-considerations (2026-11-29)
 */
function expiration(props: DataBucketProps): Pick<S3BucketLifecycleConfigurationRule, "expiration"> {
  if (props.expireDays !== undefined) return { expiration: [{ days: props.expireDays }] };
  return props.versioned ? { expiration: [{ expiredObjectDeleteMarker: true }] } : {};
}

function prefixRule(props: PrefixLifecycle): S3BucketLifecycleConfigurationRule {
  const { id, prefix, tag, expireDays } = props;
  return {
    id,
    status: "Enabled",
    filter: [tag === undefined ? { prefix } : { and: [{ prefix, tags: { [tag.key]: tag.value } }] }],
    ...transitions(props),
    ...(expireDays === undefined ? {} : { expiration: [{ days: expireDays }] }),
    ...noncurrentExpiration(props),
  };
}

/**
 * Builds the transitions in one rule: of two rules with a class each S3 would prefer Intelligent-Tiering to
 * an archive with instant retrieval.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-conflicts.html (2026-11-29)
 */
function transitions({
  tieringDays,
  archive,
}: PrefixLifecycle): Pick<S3BucketLifecycleConfigurationRule, "transition"> {
  const all = [
    ...(tieringDays === undefined ? [] : [{ days: tieringDays, storageClass: "INTELLIGENT_TIERING" }]),
    ...(archive === undefined ? [] : [archive]),
  ];
  return all.length === 0 ? {} : { transition: all };
}

function noncurrentExpiration({
  noncurrentDays,
}: {
  readonly noncurrentDays?: number | undefined;
}): Pick<S3BucketLifecycleConfigurationRule, "noncurrentVersionExpiration"> {
  return noncurrentDays === undefined ? {} : { noncurrentVersionExpiration: [{ noncurrentDays }] };
}
