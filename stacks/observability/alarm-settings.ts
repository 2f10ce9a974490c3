/** Settings that the pipelines' alarms share. */
import type { SnsTopic } from "@cdktf/provider-aws/lib/sns-topic";
import { type Environment, metricNamespace } from "../../environments/schema";

/** An environment that alarms watch, and the topic that they tell. */
export interface Watched {
  readonly environment: Environment;
  readonly topic: SnsTopic;
}

/** Seconds. */
export const FIVE_MINUTES = 300;

/** Three periods in a row without the metric that each round of a function writes. */
export const SILENCE = {
  statistic: "SampleCount",
  comparison: "LessThanThreshold",
  threshold: 1,
  evaluationPeriods: 3,
  missingData: "breaching",
} as const;

/** Settings of an alarm on a metric that the platform itself writes. */
export function onOwnMetric({ environment, topic }: Watched) {
  return {
    topic,
    namespace: metricNamespace(environment),
    dimensions: { Environment: environment.name },
  };
}
