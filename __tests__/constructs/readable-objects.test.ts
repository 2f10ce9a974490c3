import { describe, expect, test } from "@jest/globals";
import { denyUnreadableObjects } from "../../constructs/readable-objects";

const OBJECTS = "arn:aws:s3:::raw/*";
const KEY = "arn:aws:kms:us-east-1:123456789012:key/1";
const KMS_KEY = "s3:x-amz-server-side-encryption-aws-kms-key-id";

describe("denyUnreadableObjects", () => {
  test("refuses archives, keys of a sender, and every KMS key but the bucket's, to everybody", () => {
    const statements = denyUnreadableObjects(OBJECTS, KEY);
    expect(statements.map(({ condition }) => condition)).toEqual([
      { StringEquals: { "s3:x-amz-storage-class": ["GLACIER", "DEEP_ARCHIVE"] } },
      { Null: { "s3:x-amz-server-side-encryption-customer-algorithm": "false" } },
      { Null: { [KMS_KEY]: "false" }, StringNotEquals: { [KMS_KEY]: KEY } },
      { Null: { [KMS_KEY]: "true" }, StringLike: { "s3:x-amz-server-side-encryption": "aws:kms*" } },
    ]);
    for (const statement of statements) {
      expect(statement).toMatchObject({
        effect: "Deny",
        principal: "*",
        actions: ["s3:PutObject"],
        resources: [OBJECTS],
      });
    }
  });
});
