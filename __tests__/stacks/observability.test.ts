import { describe, expect, test } from "@jest/globals";
import { loadEnvironment } from "../../environments";
import { resource, resourcesOf, statement } from "../support/resources";
import { stacksOf, synthesize } from "../support/synthesize";

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

  test.each(["Events", "Cloudwatch", "Budgets"])("admits %s for this account only", (service) => {
    expect(statement(policy, `${service}Publishes`)).toMatchObject({
      Principal: { Service: `${service.toLowerCase()}.amazonaws.com` },
      Action: ["sns:Publish"],
      Condition: { StringEquals: { "aws:SourceAccount": "333333333333" } },
    });
  });

  test("denies publishing without TLS", () => {
    expect(statement(policy, "DenyWithoutTls")).toMatchObject({ Effect: "Deny", Action: ["sns:Publish"] });
  });

  test("tells people by e-mail and pager services by HTTPS", () => {
    const subscriptions = resourcesOf(prod, "aws_sns_topic_subscription").map(([, each]) => [
      each["protocol"],
      each["endpoint"],
    ]);
    expect(subscriptions).toEqual([
      ["email", "data-platform@example.com"],
      ["https", "https://events.pager.example.com/tributary"],
    ]);
  });

  test("tells two addresses that differ in punctuation alone", () => {
    const environment = loadEnvironment("prod");
    const emails = ["ann.lee@example.com", "annlee@example.com"];
    const told = synthesize([{ ...environment, alerts: { ...environment.alerts, emails, endpoints: [] } }]);
    const subscriptions = resourcesOf(told.get("prod-observability"), "aws_sns_topic_subscription");
    expect(subscriptions.map(([, each]) => each["endpoint"]).sort()).toEqual(emails);
  });

  test("gets the platform's alert events", () => {
    expect(JSON.parse(String(resource(prod, "aws_cloudwatch_event_rule")["event_pattern"]))).toEqual({
      source: ["tributary.prod"],
      "detail-type": ["Tributary Alert"],
    });
  });
});

describe("the alarms", () => {
  const alarms = resourcesOf(prod, "aws_cloudwatch_metric_alarm").map(([, alarm]) => alarm);

  test("watch every function, every failure queue, the job and the waiting uploads", () => {
    expect(alarms.map((alarm) => String(alarm["alarm_name"]).replace("tributary-prod-", "")).sort()).toEqual(
      [
        ...["csv-trigger", "job-ended", "reconciler"].flatMap((name) =>
          ["errors", "failed-events", "throttles"].map((what) => `${name}-${what}`),
        ),
        "job-failures",
        "oldest-pending",
        "reconciler-silent",
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
    expect(resource(prod, "aws_cloudwatch_metric_alarm", "oldest-pending")).toMatchObject({
      metric_name: "OldestPendingSeconds",
      dimensions: { Environment: "prod" },
      threshold: 1800,
      period: 900,
      evaluation_periods: 1,
      treat_missing_data: "ignore",
    });
  });

  test("take the silence of the reconciler for a failure", () => {
    expect(resource(prod, "aws_cloudwatch_metric_alarm", "reconciler-silent")).toMatchObject({
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

describe("the dashboard", () => {
  test("shows waiting work, runs, functions and failures", () => {
    const { widgets } = JSON.parse(String(resource(prod, "aws_cloudwatch_dashboard")["dashboard_body"]));
    const titles = widgets.map((widget: { properties: { title: string } }) => widget.properties.title);
    expect(titles).toHaveLength(8);
    expect(titles[0]).toBe("Oldest pending upload, seconds");
  });
});

describe("the budget", () => {
  test("comes after the topic admits it", () => {
    expect(resource(prod, "aws_budgets_budget")["depends_on"]).toEqual([
      "aws_sns_topic_policy.alerts-policy",
    ]);
  });

  test.each([
    ["local", "1"],
    ["dev", "200"],
    ["prod", "3000"],
  ])("of %s limits the month to %s USD", (name, amount) => {
    expect(resource(stacks.get(`${name}-observability`), "aws_budgets_budget")).toMatchObject({
      limit_amount: amount,
      limit_unit: "USD",
      time_unit: "MONTHLY",
      cost_filter: [{ name: "TagKeyValue", values: [`user:environment$${name}`] }],
      notification: [
        expect.objectContaining({ notification_type: "FORECASTED", threshold: 80 }),
        expect.objectContaining({ notification_type: "ACTUAL", threshold: 100 }),
      ],
    });
  });
});
