import { CloudwatchEventRule } from "@cdktf/provider-aws/lib/cloudwatch-event-rule";
import { CloudwatchEventTarget } from "@cdktf/provider-aws/lib/cloudwatch-event-target";
import type { Construct } from "constructs";
import { type EventRule, ruleName } from "../../environments/schema";
import type { Watched } from "./alarm-settings";
import { ruleAlarm } from "./rule-alarm";

export interface AlertRuleProps {
  readonly rule: EventRule;
  readonly description: string;
  /** Pattern of events on the default bus. */
  readonly pattern: object;
}

/** Tells the topic of each event that matches the pattern, with an alarm where that fails. */
export function alertRule(
  scope: Construct,
  id: string,
  { rule: name, description, pattern }: AlertRuleProps,
  watched: Watched,
): CloudwatchEventRule {
  const rule = new CloudwatchEventRule(scope, id, {
    name: ruleName(watched.environment, name),
    description,
    eventPattern: JSON.stringify(pattern),
  });
  new CloudwatchEventTarget(scope, `${id}-target`, {
    rule: rule.name,
    targetId: "alerts",
    arn: watched.topic.arn,
    deadLetterConfig: { arn: watched.undelivered.arn },
  });
  ruleAlarm(scope, name, watched);
  return rule;
}
