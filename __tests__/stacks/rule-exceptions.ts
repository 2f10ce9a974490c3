import type { Exception } from "../checks/reviewed";

const NEXT_ROUND =
  "its next round makes up for one that is lost, and an alarm tells of its silence or its errors";

/** Resources that break a rule of ours and stay. */
export const EXCEPTIONS: readonly Exception[] = [
  {
    rule: "asynchronous function without dead letters",
    where:
      /\S+-compute aws_lambda_function\.(lake-audit_keeper|ledger_operator|untaken-objects_finder)_function/,
    reason: NEXT_ROUND,
  },
  {
    rule: "asynchronous function without dead letters",
    where: /\S+-compute aws_lambda_function\.ledger_starter_function/,
    reason: "files that it starts no run for stay claimable, and an alarm watches the age of the oldest",
  },
  {
    rule: "schedule without dead letters",
    where: /\S+-compute aws_scheduler_schedule\.\S+-schedule/,
    reason: NEXT_ROUND,
  },
  {
    rule: "subscription without dead letters",
    where: /prod-observability aws_sns_topic_subscription\.pagers/,
    // https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html (2026-12-01)
    reason: "SNS tries a function again for 23 days; what fails in it goes to the queue of its failures",
  },
  ...["bucket", "topic", "queue"].map((kind) => ({
    rule: `${kind} without TLS`,
    where: /local-\S+ \S+/,
    reason: "the emulator speaks plain HTTP",
  })),
  {
    rule: "wildcard in a policy",
    where: /\S+ aws_kms_key\.\S+/,
    // https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html (2026-12-01)
    reason: "the account itself, so that IAM decides, and the key cannot get out of everybody's hands",
  },
  {
    rule: "wildcard in a policy",
    where: /\S+-network aws_vpc_endpoint\.endpoint-\S+/,
    reason: "an endpoint's policy grants nothing: it limits what passes to this account",
  },
];
