import type { StackPlan } from "../../../../cli/plan/summary/stack-plan";
import type { Heading } from "../../../../cli/plan/summary/summary";
import { loadEnvironment, loadPlanPolicy } from "../../../../environments/schema";
import { change, planOf, replacement, resource } from "./plans";

const policy = (...statements: readonly object[]) =>
  JSON.stringify({ Version: "2012-10-17", Statement: statements });
const RAW = "arn:aws:s3:::tributary-prod-raw-111111111111/*";
const CURATED = "arn:aws:s3:::tributary-prod-curated-111111111111/*";
const reading = { Effect: "Allow", Action: ["s3:GetObject", "s3:GetObjectVersion"], Resource: RAW };
const TLS = {
  Effect: "Deny",
  Principal: "*",
  Action: "s3:*",
  Resource: RAW,
  Condition: { Bool: { "aws:SecureTransport": "false" } },
};

const numbered = <T>(count: number, of: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => of(index));

/** Plans of two stacks with 300 resources, of every kind that a summary tells of. */
export function largePlan(): { readonly plans: readonly StackPlan[]; readonly heading: Heading } {
  const storage = planOf(
    [
      resource(
        "aws_s3_bucket.raw",
        replacement(
          { bucket: "tributary-prod-raw-111111111111", force_destroy: false },
          { bucket: "tributary-prod-landing-111111111111", force_destroy: false },
          "bucket",
        ),
      ),
      resource("aws_dynamodb_table.uploads", change({ deletion_protection_enabled: true }, null), {
        action_reason: "delete_because_no_resource_config",
      }),
      resource("aws_sqs_queue.events", change({ message_retention_seconds: 1_209_600 }, null), {
        action_reason: "delete_because_no_resource_config",
      }),
      resource("aws_s3_bucket_policy.raw", change({ policy: policy(TLS) }, { policy: policy() })),
      resource("aws_cloudwatch_log_group.job", change({ retention_in_days: 90 }, { retention_in_days: 7 })),
      resource(
        "aws_vpc_security_group_ingress_rule.postgres",
        change(null, { cidr_ipv4: "0.0.0.0/0", ip_protocol: "tcp", from_port: 5432, to_port: 5432 }),
      ),
    ],
    { stack: "prod-storage", guarded: new Set(["aws_s3_bucket.raw"]), diagnostics: [] },
    {
      output_changes: { raw_bucket: change({ name: "a" }, { name: "b" }) },
      resource_drift: [
        resource(
          "aws_glue_catalog_table.clicks",
          change({ parameters: { rows: "10" } }, { parameters: { rows: "12" } }),
        ),
      ],
    },
  );
  const compute = planOf(
    [
      resource(
        "aws_iam_role_policy.job",
        change(
          { policy: policy(reading) },
          {
            policy: policy(
              { ...reading, Resource: [RAW, CURATED] },
              { Effect: "Allow", Action: "s3:DeleteObject", Resource: "*" },
            ),
          },
        ),
      ),
      resource(
        "aws_iam_role.job",
        change(
          {
            assume_role_policy: policy({
              Effect: "Allow",
              Principal: { Service: "glue.amazonaws.com" },
              Action: "sts:AssumeRole",
            }),
          },
          {
            assume_role_policy: policy({
              Effect: "Allow",
              Principal: { Service: ["glue.amazonaws.com", "lambda.amazonaws.com"] },
              Action: "sts:AssumeRole",
            }),
          },
        ),
      ),
      resource("aws_glue_connection.ledger", replacement({ name: "ledger" }, { name: "ledger-2" }, "name")),
      resource("aws_glue_trigger.nightly", change({}, null), {
        action_reason: "delete_because_no_resource_config",
      }),
      ...numbered(170, (index) =>
        resource(
          `aws_lambda_function.worker-${index}`,
          change(
            { memory_size: 256, environment: [{ variables: { LOG_LEVEL: "info", KEY: "hush-hush" } }] },
            {
              memory_size: index < 30 ? 512 : 1024 + index,
              environment: [{ variables: { LOG_LEVEL: "info", KEY: "new-secret" } }],
            },
            {
              before_sensitive: { environment: [{ variables: { KEY: true } }] },
              after_sensitive: { environment: [{ variables: { KEY: true } }] },
            },
          ),
        ),
      ),
      resource(
        "terraform_data.settings",
        change(
          { input: { "functions.memoryMegabytes": "256", "storage.cloudtrailDataEvents": "true" } },
          { input: { "functions.memoryMegabytes": "512", "storage.cloudtrailDataEvents": "false" } },
        ),
      ),
      ...numbered(40, (index) => resource(`aws_cloudwatch_metric_alarm.alarm-${index}`, change(null, {}))),
      ...numbered(30, (index) =>
        resource(`aws_iam_role_policy.policy-${index}`, change(null, { policy: policy(reading) })),
      ),
      ...numbered(49, (index) => resource(`aws_s3_object.schema-${index}`, change(null, {}))),
    ],
    { stack: "prod-compute", reads: [{ stack: "prod-storage", outputs: ["raw_bucket"] }] },
  );
  const heading = {
    environment: loadEnvironment("prod"),
    policy: loadPlanPolicy("prod"),
    uncommitted: [],
  };
  return { plans: [storage, compute], heading };
}
