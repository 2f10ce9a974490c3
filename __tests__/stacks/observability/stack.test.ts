import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import {
  ALERT_FORWARDER,
  FUNCTIONS,
  loadEnvironment,
  PIPELINE_QUEUES,
  SYNCHRONOUS_FUNCTIONS,
} from "../../../environments/schema";
import { ROOT } from "../../../setup/paths";
import { resource, resourcesOf, statement, statementsOf } from "../../support/resources";
import { stacksOf } from "../../support/stacks";
import { synthesize } from "../../support/synthesize";

const stacks = stacksOf("local", "dev", "prod");
const prod = stacks.get("prod-observability");

describe("the alert topic", () => {
  const policy = resource(prod, "aws_sns_topic_policy")["policy"];

  test("is encrypted", () => {
    expect(resource(prod, "aws_sns_topic")).toMatchObject({
      name: "tributary-prod-alerts",
      kms_master_key_id: expect.stringContaining("remote_state"),
    });
  });

  test("admits EventBridge without a condition, for it meets none", () => {
    const events = statement(policy, "EventsPublishes");
    expect(events).toMatchObject({
      Principal: { Service: "events.amazonaws.com" },
      Action: ["sns:Publish"],
    });
    expect(events.Condition).toBeUndefined();
  });

  test.each(["Cloudwatch", "Budgets"])("admits %s for this account only", (service) => {
    expect(statement(policy, `${service}Publishes`)).toMatchObject({
      Principal: { Service: `${service.toLowerCase()}.amazonaws.com` },
      Action: ["sns:Publish"],
      Condition: { StringEquals: { "aws:SourceAccount": "333333333333" } },
    });
  });

  test("denies publishing without TLS", () => {
    expect(statement(policy, "DenyWithoutTls")).toMatchObject({ Effect: "Deny", Action: ["sns:Publish"] });
  });

  test("tells pager services by a function, to which their addresses are no more than names of secrets", () => {
    expect(resource(prod, "aws_sns_topic_subscription")).toMatchObject({
      protocol: "lambda",
      endpoint: expect.stringContaining("alert-forwarder"),
    });
    expect(resource(prod, "aws_lambda_function")["environment"]).toEqual({
      variables: { PAGER_SECRETS: '["tributary-prod-pager"]' },
    });
    const { policy: permissions } = resource(prod, "aws_iam_role_policy");
    expect(statement(permissions, "ReadPagerAddresses")).toMatchObject({
      Action: ["secretsmanager:GetSecretValue"],
      Resource: ["arn:aws:secretsmanager:us-east-1:333333333333:secret:tributary-prod-pager-??????"],
    });
    expect(statementsOf(permissions).map(({ Sid }) => Sid)).toEqual([
      "WriteOwnLogs",
      "KeepFailedEvents",
      "UseMessageKey",
      "ReadPagerAddresses",
    ]);
    expect(JSON.stringify(prod)).not.toContain("https://");
  });

  test("has no function where there is no pager service", () => {
    expect(resourcesOf(stacks.get("dev-observability"), "aws_lambda_function")).toEqual([]);
    expect(resourcesOf(stacks.get("dev-observability"), "aws_sns_topic_subscription")).toEqual([]);
  });

  test("tells two addresses that differ in punctuation alone", () => {
    const environment = loadEnvironment("prod");
    const emails = ["ann.lee@acme.com", "annlee@acme.com"];
    const told = synthesize([
      { ...environment, alerts: { ...environment.alerts, emails, pagerSecrets: [] } },
    ]);
    const subscriptions = resourcesOf(told.get("prod-observability"), "aws_sns_topic_subscription");
    expect(subscriptions.map(([, each]) => each["endpoint"]).sort()).toEqual(emails);
  });

  test("gets the platform's alert events", () => {
    const rule = resource(prod, "aws_cloudwatch_event_rule", "alert-events");
    expect(JSON.parse(String(rule["event_pattern"]))).toEqual({
      source: ["tributary.prod"],
      "detail-type": ["Tributary Alert", "SchemaDrift"],
    });
  });
});

const RULES = [
  "alerts",
  "control-plane-batches-published",
  "ledger-starter-listed",
  "control-plane-manifests-processed",
  "control-plane-stream-ended",
  "control-plane-uploads-published",
  "ledger-failed-runs",
  "uploads-job-ended",
];

describe("the rules", () => {
  const alarms = resourcesOf(prod, "aws_cloudwatch_metric_alarm").map(([, alarm]) => alarm);

  test.each(RULES)("tell of events of %s that reach no target", (rule) => {
    const [alarm] = alarms.filter(
      ({ alarm_name }) => alarm_name === `tributary-prod-${rule}-failed-invocations`,
    );
    expect(alarm).toMatchObject({
      namespace: "AWS/Events",
      metric_name: "FailedInvocations",
      dimensions: { RuleName: `tributary-prod-${rule}` },
      statistic: "Sum",
      comparison_operator: "GreaterThanThreshold",
      threshold: 0,
    });
  });

  test("tell of any event that is kept for want of a target", () => {
    expect(resource(prod, "aws_cloudwatch_metric_alarm", "undelivered-events")).toMatchObject({
      metric_name: "ApproximateNumberOfMessagesVisible",
      dimensions: { QueueName: "tributary-prod-undelivered-events" },
      threshold: 0,
    });
  });
});

const LEDGER_ALARMS = [
  "connections",
  "failed-files",
  "free-storage",
  "job-failures",
  "lease-takeovers",
  "oldest-claimable",
  "oldest-transaction",
  "processor",
  "quarantined-files",
  "silent",
  "unpublished-commits",
];

describe("the alarms", () => {
  const alarms = resourcesOf(prod, "aws_cloudwatch_metric_alarm").map(([, alarm]) => alarm);

  test("watch every function, queue and job, what waits, and the silence of what looks after it", () => {
    expect(alarms.map((alarm) => String(alarm["alarm_name"]).replace("tributary-prod-", "")).sort()).toEqual(
      [
        ...[...FUNCTIONS, ALERT_FORWARDER]
          .flatMap((name) => ["errors", "failed-events", "throttles"].map((what) => `${name}-${what}`))
          .filter((alarm) => !SYNCHRONOUS_FUNCTIONS.some((name) => alarm === `${name}-failed-events`)),
        ...PIPELINE_QUEUES.flatMap((queue) => [`${queue}-dead-letters`, `${queue}-oldest-message`]),
        ...RULES.map((rule) => `${rule}-failed-invocations`),
        "undelivered-events",
        "control-plane-silent",
        "uploads-job-failures",
        "uploads-dead-letters",
        "uploads-quarantined-files",
        "untaken-objects",
        ...LEDGER_ALARMS.map((what) => `ledger-${what}`),
        "manifests-builder-failed-messages",
        "manifests-reconciler-silent",
        "manifests-no-parquet",
        "other-rows",
        "uploads-oldest-pending",
        "uploads-reconciler-silent",
        "manifests-job-failures",
      ].sort(),
    );
  });

  test("tell the topic when they begin and when they are over", () => {
    for (const alarm of alarms) {
      expect(alarm["alarm_actions"]).toEqual([expect.stringContaining("aws_sns_topic.alerts.arn")]);
      expect(alarm["ok_actions"]).toEqual(alarm["alarm_actions"]);
    }
  });

  test("tell of an upload that waits too long at the first round that sees it", () => {
    expect(resource(prod, "aws_cloudwatch_metric_alarm", "uploads-oldest-pending")).toMatchObject({
      metric_name: "OldestPendingSeconds",
      dimensions: { Environment: "prod" },
      threshold: 1800,
      period: 900,
      evaluation_periods: 1,
      treat_missing_data: "ignore",
    });
  });

  test("take the silence of the reconciler for a failure", () => {
    expect(resource(prod, "aws_cloudwatch_metric_alarm", "uploads-reconciler-silent")).toMatchObject({
      metric_name: "OldestPendingSeconds",
      statistic: "SampleCount",
      comparison_operator: "LessThanThreshold",
      threshold: 1,
      period: 900,
      evaluation_periods: 3,
      treat_missing_data: "breaching",
    });
  });
});

describe("the alarms of the pipelines", () => {
  const alarm = (id: string) => resource(prod, "aws_cloudwatch_metric_alarm", id);
  const pipelineOf = (queue: string) => (queue === "ledger-inputs" ? "ledger" : "manifests");

  test.each(PIPELINE_QUEUES)("tell of any message in the dead-letter queue of %s", (queue) => {
    expect(alarm(`${pipelineOf(queue)}_${queue}-dead-letters`)).toMatchObject({
      namespace: "AWS/SQS",
      metric_name: "ApproximateNumberOfMessagesVisible",
      dimensions: { QueueName: `tributary-prod-${queue}-dead-letters` },
      comparison_operator: "GreaterThanThreshold",
      threshold: 0,
    });
  });

  test.each(PIPELINE_QUEUES)("tell of a message that waits in %s for longer than is set", (queue) => {
    // a message that failed once comes back after 900 s, which is no alarm
    expect(alarm(`${pipelineOf(queue)}_${queue}-oldest-message`)).toMatchObject({
      metric_name: "ApproximateAgeOfOldestMessage",
      dimensions: { QueueName: `tributary-prod-${queue}` },
      threshold: 1200,
    });
  });

  test.each([
    ["manifests-builder", 5],
    ["control-plane", 0],
    ["manifests-reconciler", 0],
  ])("tell of more errors of %s than %i in five minutes", (name, threshold) => {
    expect(alarm(`${name}-errors`)).toMatchObject({
      namespace: "AWS/Lambda",
      metric_name: "Errors",
      statistic: "Sum",
      period: 300,
      threshold,
    });
    expect(alarm(`${name}-throttles`)["threshold"]).toBe(0);
  });

  test("tell of more than five messages that a builder failed, which is no error of its function", () => {
    expect(alarm("manifests_builder-failed-messages")).toMatchObject({
      metric_name: "MessagesFailed",
      dimensions: { Environment: "prod" },
      statistic: "Sum",
      period: 300,
      threshold: 5,
    });
  });

  test("tell of any failed run of the streaming job", () => {
    expect(alarm("manifests_streaming-job-failures")).toMatchObject({
      metric_name: "StreamingJobFailures",
      statistic: "Sum",
      threshold: 0,
    });
  });

  test("tell of any row whose keys found no column", () => {
    expect(alarm("other-rows")).toMatchObject({
      metric_name: "OtherRows",
      statistic: "Sum",
      threshold: 0,
    });
  });

  test("tell when files wait and no Parquet came for as long as is set", () => {
    expect(alarm("manifests_no-parquet")).toMatchObject({
      metric_name: "SecondsWithoutParquet",
      dimensions: { Environment: "prod" },
      statistic: "Maximum",
      threshold: 900,
    });
  });

  test.each([
    ["control-plane", "SecondsWithoutParquet", 300],
    ["manifests-reconciler", "AnnouncedFiles", 900],
  ])("take the silence of %s for a failure", (name, metric, period) => {
    expect(alarm(`manifests_${name}-silent`)).toMatchObject({
      metric_name: metric,
      statistic: "SampleCount",
      comparison_operator: "LessThanThreshold",
      threshold: 1,
      period,
      evaluation_periods: 3,
      treat_missing_data: "breaching",
    });
  });
});

describe("the dashboard", () => {
  const { widgets } = JSON.parse(String(resource(prod, "aws_cloudwatch_dashboard")["dashboard_body"]));
  const titles = widgets.map((widget: { properties: { title: string } }) => widget.properties.title);

  test("shows the four groups of the manifests pipeline: queues, functions, job, and what it makes", () => {
    const groups = ["Queues: ", "Function ", "Streaming job: ", "Manifests: "];
    expect(groups.map((group) => titles.filter((each: string) => each.startsWith(group)).length)).toEqual([
      4, 4, 4, 8,
    ]);
  });

  test.each([
    "CostPerGigabyte",
    "FilesPerHour",
    "MeanBatchMegabytes",
    "Rows",
    "DeadLetters",
    "QuarantinedFiles",
  ])("shows %s of the environment", (name) => {
    expect(JSON.stringify(widgets)).toContain(`["tributary","${name}","Environment","prod"]`);
  });

  test("shows the files that the builder quarantined beside those of the job", () => {
    expect(JSON.stringify(widgets)).toContain("FilesQuarantined");
  });

  test("shows median and worst percent of the time from upload to Parquet", () => {
    const [latency] = widgets.filter((each: object) => JSON.stringify(each).includes("LatencySeconds"));
    expect(latency.properties.metrics.map((metric: unknown[]) => metric.at(-1))).toEqual([
      { stat: "p50" },
      { stat: "p99" },
    ]);
  });

  test("shows waiting work, runs, functions and failures first", () => {
    expect(titles).toHaveLength(40);
    expect(titles[0]).toBe("Oldest pending upload, seconds");
  });
});

test("no metric of ours is shown or watched that no function or job emits", () => {
  const { dashboard_body } = resource(prod, "aws_cloudwatch_dashboard");
  const shown = String(dashboard_body).matchAll(/\["tributary","(\w+)"/g);
  const watched = resourcesOf(prod, "aws_cloudwatch_metric_alarm")
    .filter(([, alarm]) => alarm["namespace"] === "tributary")
    .map(([, alarm]) => String(alarm["metric_name"]));
  const names = new Set([...watched, ...[...shown].map(([, name]) => name)]);
  const sources = ["handlers", "runtime", "glue/tributary"]
    .map((room) => join(ROOT, room))
    .flatMap((room) =>
      readdirSync(room, { recursive: true, encoding: "utf8" }).map((file) => join(room, file)),
    )
    .filter((file) => /\.(ts|py)$/.test(file))
    .map((file) => readFileSync(file, "utf8"))
    .join("\n");
  expect(names.size).toBeGreaterThan(15);
  expect([...names].filter((name) => !sources.includes(`"${name}"`))).toEqual([]);
});

describe("the budget", () => {
  test("comes after the topic admits it", () => {
    expect(resource(prod, "aws_budgets_budget")["depends_on"]).toEqual([
      "aws_sns_topic_policy.alerts-policy",
    ]);
  });

  test.each([
    ["local", "1"],
    ["dev", "400"],
    ["prod", "25000"],
  ])("of %s limits the month to %s USD", (name, amount) => {
    expect(resource(stacks.get(`${name}-observability`), "aws_budgets_budget")).toMatchObject({
      limit_amount: amount,
      limit_unit: "USD",
      time_unit: "MONTHLY",
      cost_filter: [{ name: "TagKeyValue", values: [`user:deployment$tributary.${name}`] }],
      notification: [
        expect.objectContaining({ notification_type: "FORECASTED", threshold: 80 }),
        expect.objectContaining({ notification_type: "ACTUAL", threshold: 100 }),
      ],
    });
  });
});
