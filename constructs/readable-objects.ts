import type { PolicyStatement } from "./policy";

/**
 * Storage classes whose objects cannot be read until somebody restores them.
 *
 * @see https://docs.aws.amazon.com/botocore/latest/reference/services/s3/client/exceptions/InvalidObjectState.html (2026-11-30)
 */
const ARCHIVES = ["GLACIER", "DEEP_ARCHIVE"];

const CLASS = "s3:x-amz-storage-class";
const CUSTOMER_KEY = "s3:x-amz-server-side-encryption-customer-algorithm";
const ENCRYPTION = "s3:x-amz-server-side-encryption";
const KMS_KEY = "s3:x-amz-server-side-encryption-aws-kms-key-id";

/**
 * Statements of a bucket policy that refuse an object which only its sender could read, or nobody before it
 * is restored. PutObject is asked for by a copy and by the begin of a multipart upload, too. Neither a PUT
 * that names no class and no key is concerned, nor a lifecycle rule.
 *
 * An encryption by KMS that names no key takes the AWS managed one of the sender's account.
 *
 * @param objects ARN of all objects in the bucket
 * @param keyArn KMS key of the bucket
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html (2026-11-30)
 * @see https://raw.githubusercontent.com/aws-samples/resource-control-policy-examples/main/Service-specific-controls/S3-Deny-SSE-C.json (2026-11-30)
 * @see https://docs.aws.amazon.com/sdk-for-kotlin/api/latest/s3/aws.sdk.kotlin.services.s3.model/-put-object-request/ssekms-key-id.html (2026-11-30)
 */
export function denyUnreadableObjects(objects: string, keyArn: string): PolicyStatement[] {
  const deny = (sid: string, condition: NonNullable<PolicyStatement["condition"]>): PolicyStatement => ({
    sid,
    effect: "Deny",
    principal: "*",
    actions: ["s3:PutObject"],
    resources: [objects],
    condition,
  });
  return [
    deny("DenyArchives", { StringEquals: { [CLASS]: ARCHIVES } }),
    deny("DenyCustomerKeys", { Null: { [CUSTOMER_KEY]: "false" } }),
    // a negated comparison alone holds for a request without the key, too
    deny("DenyOtherKmsKeys", { Null: { [KMS_KEY]: "false" }, StringNotEquals: { [KMS_KEY]: keyArn } }),
    deny("DenyUnnamedKmsKeys", { Null: { [KMS_KEY]: "true" }, StringLike: { [ENCRYPTION]: "aws:kms*" } }),
  ];
}
