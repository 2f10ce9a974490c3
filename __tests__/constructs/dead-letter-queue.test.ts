import { describe, expect, test } from "@jest/globals";
import { DeadLetterQueue } from "../../constructs/dead-letter-queue";
import { resource, statement } from "../support/resources";
import { synthesizeConstruct } from "../support/synthesize";

const ARN = "arn:aws:sqs:us-east-1:123456789012:lake-dev-inputs";

function queueWith(tlsOnly: boolean) {
  const stack = synthesizeConstruct((scope) => {
    new DeadLetterQueue(scope, "dead-letters", {
      queueName: "lake-dev-inputs-dead-letters",
      sourceQueueName: "lake-dev-inputs",
      keyArn: "arn:key",
      account: "123456789012",
      region: "us-east-1",
      tlsOnly,
    });
  });
  return resource(stack, "aws_sqs_queue");
}

describe("a dead-letter queue", () => {
  test("keeps messages for 14 days, encrypted, of one queue alone, which they may return to", () => {
    const queue = queueWith(true);
    expect(queue).toMatchObject({
      name: "lake-dev-inputs-dead-letters",
      kms_master_key_id: "arn:key",
      message_retention_seconds: 1_209_600,
    });
    expect(JSON.parse(String(queue["redrive_allow_policy"]))).toEqual({
      redrivePermission: "byQueue",
      sourceQueueArns: [ARN],
    });
  });

  test("denies itself to whoever comes without TLS", () => {
    expect(statement(queueWith(true)["policy"], "DenyWithoutTls").Resource).toEqual([`${ARN}-dead-letters`]);
  });

  test("denies nothing where TLS is not enforced", () => {
    expect(queueWith(false)).not.toHaveProperty("policy");
  });
});
