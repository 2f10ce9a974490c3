import { describe, expect, test } from "@jest/globals";
import { resource, resourcesOf } from "../../../support/resources";
import { stacksOf } from "../../../support/stacks";

const stacks = stacksOf("local", "prod");
const prod = stacks.get("prod-observability");
const alarm = (id: string) => resource(prod, "aws_cloudwatch_metric_alarm", `ledger_${id}_`);

describe("the alarms of the ledger pipeline", () => {
  test.each([
    ["failed-files", "LedgerFailedFiles", 0],
    ["quarantined-files", "LedgerQuarantinedFiles", 0],
    ["oldest-claimable", "LedgerOldestClaimableSeconds", 240 * 60],
    ["lease-takeovers", "LedgerLeaseTakeovers", 0],
    ["oldest-transaction", "LedgerOldestTransactionSeconds", 60 * 60],
  ])("tell of %s at the first measure beyond the limit", (id, metric, threshold) => {
    expect(alarm(id)).toMatchObject({
      namespace: "tributary",
      metric_name: metric,
      dimensions: { Environment: "prod" },
      statistic: "Maximum",
      comparison_operator: "GreaterThanThreshold",
      threshold,
      evaluation_periods: 1,
      treat_missing_data: "ignore",
    });
  });

  test("leave a commit the time to be published", () => {
    expect(alarm("unpublished-commits")).toMatchObject({
      metric_name: "LedgerUnpublishedCommits",
      threshold: 0,
      evaluation_periods: 3,
    });
  });

  test("take the silence of the measures for a failure", () => {
    expect(alarm("silent")).toMatchObject({
      metric_name: "LedgerOldestClaimableSeconds",
      statistic: "SampleCount",
      comparison_operator: "LessThanThreshold",
      threshold: 1,
      period: 300,
      evaluation_periods: 3,
      treat_missing_data: "breaching",
    });
  });

  test("tell of failed runs of both jobs, with Glue's message as the alert", () => {
    const rule = resource(prod, "aws_cloudwatch_event_rule", "ledger_failed-runs");
    expect(JSON.parse(String(rule["event_pattern"]))).toEqual({
      source: ["aws.glue"],
      "detail-type": ["Glue Job State Change"],
      detail: {
        jobName: ["tributary-prod-ledger-lister", "tributary-prod-ledger-batch"],
        state: ["FAILED", "TIMEOUT", "ERROR"],
      },
    });
    expect(resource(prod, "aws_cloudwatch_event_target", "ledger_failed-runs")["arn"]).toContain(
      "aws_sns_topic.alerts.arn",
    );
    expect(alarm("job-failures")).toMatchObject({
      namespace: "AWS/Events",
      metric_name: "TriggeredRules",
      dimensions: { RuleName: expect.stringContaining("aws_cloudwatch_event_rule.ledger_failed-runs") },
      statistic: "Sum",
      threshold: 0,
    });
  });

  test.each([
    ["free-storage", "FreeStorageSpace", "Minimum", "LessThanThreshold", 5 * 2 ** 30, 1],
    ["connections", "DatabaseConnections", "Maximum", "GreaterThanThreshold", 80, 1],
    ["processor", "CPUUtilization", "Average", "GreaterThanThreshold", 90, 6],
  ])("watch the server's %s", (id, metric, statistic, comparison, threshold, periods) => {
    expect(alarm(id)).toMatchObject({
      namespace: "AWS/RDS",
      metric_name: metric,
      dimensions: { DBInstanceIdentifier: "tributary-prod-ledger" },
      statistic,
      comparison_operator: comparison,
      threshold,
      evaluation_periods: periods,
    });
  });

  test("watch no server that is not ours", () => {
    const local = resourcesOf(stacks.get("local-observability"), "aws_cloudwatch_metric_alarm");
    expect(local.filter(([, { namespace }]) => namespace === "AWS/RDS")).toEqual([]);
  });
});

describe("the dashboard", () => {
  const titlesOf = (name: string): string[] => {
    const dashboard = resource(stacks.get(`${name}-observability`), "aws_cloudwatch_dashboard");
    const { widgets } = JSON.parse(String(dashboard["dashboard_body"]));
    const titles: string[] = widgets.map((each: { properties: { title: string } }) => each.properties.title);
    return titles.filter((title) => title.startsWith("Ledger: "));
  };

  test("shows what the alarms watch, what is done, and the server", () => {
    expect(titlesOf("prod")).toHaveLength(14);
    const { dashboard_body } = resource(prod, "aws_cloudwatch_dashboard");
    const watched = resourcesOf(prod, "aws_cloudwatch_metric_alarm")
      .filter(([id]) => id.startsWith("ledger_"))
      .filter(([, each]) => ["tributary", "AWS/RDS"].includes(String(each["namespace"])));
    expect(
      watched
        .map(([, each]) => String(each["metric_name"]))
        .filter((name) => !String(dashboard_body).includes(`"${name}"`)),
    ).toEqual([]);
  });

  test("shows no server where there is none of ours", () => {
    expect(titlesOf("local")).toHaveLength(10);
  });
});
