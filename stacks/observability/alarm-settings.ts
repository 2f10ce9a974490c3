/** Settings that the pipelines' alarms share. */
import type { SnsTopic } from "@cdktf/provider-aws/lib/sns-topic";
import type { SqsQueue } from "@cdktf/provider-aws/lib/sqs-queue";
import { type Environment, metricNamespace } from "../../environments/schema";

/** An environment that alarms watch, the topic that they tell, and the queue of events that it did not take. */
export interface Watched {
  readonly environment: Environment;
  readonly topic: SnsTopic;
  readonly undelivered: SqsQueue;
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
