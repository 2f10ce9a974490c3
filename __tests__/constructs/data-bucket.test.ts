import { describe, expect, test } from "@jest/globals";
import { DataBucket, type DataBucketProps } from "../../constructs/data-bucket";
import { resource, resourcesOf, statement, statementsOf } from "../support/resources";
import { synthesizeConstruct } from "../support/synthesize";

const PROPS: DataBucketProps = {
  bucketName: "lake-raw",
  keyArn: "arn:aws:kms:us-east-1:123456789012:key/1",
  versioned: true,
  tlsOnly: true,
  forceDestroy: false,
  preventDestroy: true,
};

function bucketWith(props: Partial<DataBucketProps> = {}) {
  return synthesizeConstruct((scope) => new DataBucket(scope, "raw", { ...PROPS, ...props }));
}

describe("a data bucket", () => {
  test("blocks all public access", () => {
    expect(resource(bucketWith(), "aws_s3_bucket_public_access_block")).toMatchObject({
      block_public_acls: true,
      block_public_policy: true,
      ignore_public_acls: true,
      restrict_public_buckets: true,
    });
  });

  test("makes its owner own every object", () => {
    expect(resource(bucketWith(), "aws_s3_bucket_ownership_controls")).toMatchObject({
      rule: { object_ownership: "BucketOwnerEnforced" },
    });
  });

  test("encrypts under the key, with a bucket key", () => {
    expect(resource(bucketWith(), "aws_s3_bucket_server_side_encryption_configuration")).toMatchObject({
      rule: [
        {
          apply_server_side_encryption_by_default: {
            kms_master_key_id: PROPS.keyArn,
            sse_algorithm: "aws:kms",
          },
          bucket_key_enabled: true,
        },
      ],
    });
  });

  test("falls back to S3's own encryption without a key", () => {
    const { keyArn, ...withoutKey } = PROPS;
    const stack = synthesizeConstruct((scope) => new DataBucket(scope, "logs", withoutKey));
    expect(JSON.stringify(resource(stack, "aws_s3_bucket_server_side_encryption_configuration"))).toContain(
      "AES256",
    );
    expect(JSON.stringify(stack)).not.toContain(keyArn);
  });

  test("denies every request without TLS, to the bucket and its objects", () => {
    const stack = bucketWith();
    expect(statement(resource(stack, "aws_s3_bucket_policy")["policy"], "DenyWithoutTls")).toMatchObject({
      Effect: "Deny",
      Principal: "*",
      Action: ["s3:*"],
      Resource: [expect.stringMatching(/arn}$/), expect.stringMatching(/arn}\/\*$/)],
      Condition: { Bool: { "aws:SecureTransport": "false" } },
    });
  });

  test("has no policy where TLS is not enforced and no service writes", () => {
    expect(resourcesOf(bucketWith({ tlsOnly: false }), "aws_s3_bucket_policy")).toEqual([]);
  });

  test("adds a service's statements to the policy", () => {
    const stack = bucketWith({
      statements: (bucket) => [
        { sid: "Deliver", principal: { Service: "x" }, actions: ["s3:PutObject"], resources: [bucket.arn] },
      ],
    });
    expect(statementsOf(resource(stack, "aws_s3_bucket_policy")["policy"]).map(({ Sid }) => Sid)).toEqual([
      "DenyWithoutTls",
      "Deliver",
    ]);
  });

  test("honours the days of each class", () => {
    const stack = bucketWith({
      expireDays: 30,
      noncurrentDays: 7,
      lifecycles: [
        { id: "temporary", prefix: "tmp/", expireDays: 1 },
        {
          id: "old",
          prefix: "old/",
          tieringDays: 0,
          archive: { days: 90, storageClass: "GLACIER_IR" },
        },
      ],
    });
    expect(resource(stack, "aws_s3_bucket_lifecycle_configuration")["rule"]).toMatchObject([
      {
        expiration: [{ days: 30 }],
        noncurrent_version_expiration: [{ noncurrent_days: 7 }],
        abort_incomplete_multipart_upload: [{ days_after_initiation: 7 }],
      },
      { filter: [{ prefix: "tmp/" }], expiration: [{ days: 1 }] },
      {
        filter: [{ prefix: "old/" }],
        transition: [
          { days: 0, storage_class: "INTELLIGENT_TIERING" },
          { days: 90, storage_class: "GLACIER_IR" },
        ],
      },
    ]);
  });

  test("keeps everything where no day is set", () => {
    const rule = JSON.stringify(resource(bucketWith(), "aws_s3_bucket_lifecycle_configuration"));
    expect(rule).not.toMatch(/"days"|transition|noncurrent/);
  });

  test.each<[string, Partial<DataBucketProps>, object | undefined]>([
    ["versions and no age", { versioned: true }, [{ expired_object_delete_marker: true }]],
    ["versions and an age, which clears them by itself", { versioned: true, expireDays: 9 }, [{ days: 9 }]],
    ["no versions", { versioned: false }, undefined],
  ])("clears away delete markers that hide nothing, given %s", (_, props, expected) => {
    const { rule } = resource(bucketWith(props), "aws_s3_bucket_lifecycle_configuration");
    expect((rule as { expiration?: object }[])[0]?.expiration).toEqual(expected);
  });

  test("logs access to the given bucket under its own prefix", () => {
    const stack = synthesizeConstruct((scope) => {
      new DataBucket(scope, "raw", { ...PROPS, accessLogs: new DataBucket(scope, "logs", PROPS) });
    });
    expect(resource(stack, "aws_s3_bucket_logging")).toMatchObject({
      target_bucket: expect.stringMatching(/aws_s3_bucket\.logs_bucket_\w+\.id/),
      target_prefix: "s3/raw/",
    });
  });

  test.each([true, false])("is guarded against destruction: %s", (preventDestroy) => {
    expect(resource(bucketWith({ preventDestroy }), "aws_s3_bucket")).toMatchObject({
      lifecycle: { prevent_destroy: preventDestroy },
    });
  });

  test("is versioned only where asked for", () => {
    expect(resourcesOf(bucketWith(), "aws_s3_bucket_versioning")).toHaveLength(1);
    expect(resourcesOf(bucketWith({ versioned: false }), "aws_s3_bucket_versioning")).toHaveLength(0);
  });
});
