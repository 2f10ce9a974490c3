import { SqsQueue } from "@cdktf/provider-aws/lib/sqs-queue";
import { describe, expect, test } from "@jest/globals";
import {
  QueueWithDeadLetters,
  type QueueWithDeadLettersProps,
} from "../../constructs/queue-with-dead-letters";
import { resource, resourcesOf, statement, statementsOf } from "../support/resources";
import { synthesizeConstruct } from "../support/synthesize";

const ARN = "arn:aws:sqs:us-east-1:123456789012:lake-dev-inputs";

function queuesWith(props: Partial<QueueWithDeadLettersProps> = {}) {
  const stack = synthesizeConstruct((scope) => {
    new QueueWithDeadLetters(scope, "inputs", {
      queueName: "lake-dev-inputs",
      deadLetters: new SqsQueue(scope, "dead-letters", { name: "lake-dev-inputs-dead-letters" }),
      keyArn: "arn:key",
      account: "123456789012",
      region: "us-east-1",
      tlsOnly: true,
      sender: { service: "s3.amazonaws.com", arn: "arn:aws:s3:::lake-dev-raw" },
      ...props,
    });
  });
  return {
    stack,
    queue: resource(stack, "aws_sqs_queue", "inputs_queue"),
  };
}

describe("a queue with dead letters", () => {
  const { stack, queue } = queuesWith();

  test("gives a receiver 15 minutes, keeps messages for 14 days, and is polled for 20 seconds", () => {
    expect(queue).toMatchObject({
      name: "lake-dev-inputs",
      kms_master_key_id: "arn:key",
      visibility_timeout_seconds: 900,
      message_retention_seconds: 1_209_600,
      receive_wait_time_seconds: 20,
    });
  });

  test("puts aside what failed three times, once the queue for it stands", () => {
    expect(JSON.parse(String(queue["redrive_policy"]))).toEqual({
      deadLetterTargetArn: expect.stringMatching(/^\${aws_sqs_queue\.dead-letters\.arn}$/),
      maxReceiveCount: 3,
    });
  });

  test("lets the bucket send, on behalf of this account, and nobody else", () => {
    const allowed = statementsOf(queue["policy"]).filter(({ Effect }) => Effect === "Allow");
    expect(allowed).toEqual([
      {
        Sid: "BucketSends",
        Effect: "Allow",
        Principal: { Service: "s3.amazonaws.com" },
        Action: ["sqs:SendMessage"],
        Resource: [ARN],
        Condition: {
          ArnEquals: { "aws:SourceArn": "arn:aws:s3:::lake-dev-raw" },
          StringEquals: { "aws:SourceAccount": "123456789012" },
        },
      },
    ]);
  });

  test("denies itself to whoever comes without TLS", () => {
    expect(statement(queue["policy"], "DenyWithoutTls").Resource).toEqual([ARN]);
  });

  test("denies nothing where TLS is not enforced", () => {
    const plain = queuesWith({ tlsOnly: false });
    expect(statementsOf(plain.queue["policy"]).map(({ Sid }) => Sid)).toEqual(["BucketSends"]);
  });

  test("has its policies inline, where they cost the provider no further wait", () => {
    expect(resourcesOf(stack, "aws_sqs_queue_policy")).toEqual([]);
    expect(resourcesOf(stack, "aws_sqs_queue_redrive_policy")).toEqual([]);
  });
});
