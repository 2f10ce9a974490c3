import type { Construct } from "constructs";
import { Alarm } from "../../constructs/alarm";
import { type EventRule, resourceName, ruleName } from "../../environments/schema";
import { FIVE_MINUTES, type Watched } from "./alarm-settings";

/**
 * Alarm of a rule whose events do not reach their target. It counts those that the queue of undelivered events took,
 * and those that nothing keeps.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html (2026-11-30)
 */
export function ruleAlarm(scope: Construct, rule: EventRule, { environment, topic }: Watched): void {
  new Alarm(scope, `${rule}-failed-invocations`, {
    topic,
    alarmName: resourceName(environment, `${rule}-failed-invocations`),
    description: `events of the rule ${rule} did not reach their target; look at the queue of undelivered events`,
    namespace: "AWS/Events",
    metricName: "FailedInvocations",
    dimensions: { RuleName: ruleName(environment, rule) },
    statistic: "Sum",
    periodSeconds: FIVE_MINUTES,
  });
}
