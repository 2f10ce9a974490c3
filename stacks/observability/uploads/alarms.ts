import type { SnsTopic } from "@cdktf/provider-aws/lib/sns-topic";
import type { Construct } from "constructs";
import { Alarm } from "../../../constructs/alarm";
import { type Environment, metricNamespace, resourceName } from "../../../environments/schema";

export interface UploadsAlarmsProps {
  readonly environment: Environment;
  readonly topic: SnsTopic;
}

const FIVE_MINUTES = 300;
/** Rounds of the reconciler without its metric before their absence itself is an alarm. */
const SILENT_ROUNDS = 3;

/**
 * Adds the alarms of the uploads pipeline, in addition to the errors of its functions, to the stack itself.
 */
export function uploadsAlarms(scope: Construct, { environment, topic }: UploadsAlarmsProps): void {
  const { alerts, name, uploads } = environment;
  const periodSeconds = uploads.reconcile.rateMinutes * 60;
  const common = {
    topic,
    namespace: metricNamespace(environment),
    dimensions: { Environment: name },
  };
  new Alarm(scope, "uploads-job-failures", {
    ...common,
    alarmName: resourceName(environment, "uploads-job-failures"),
    description:
      "a run of the uploads job failed or timed out; look at the alert event and the job's log groups",
    metricName: "JobFailures",
    statistic: "Sum",
    periodSeconds: FIVE_MINUTES,
  });
  new Alarm(scope, "uploads-oldest-pending", {
    ...common,
    alarmName: resourceName(environment, "uploads-oldest-pending"),
    description: `an upload waits for more than ${alerts.oldestPendingMinutes} minutes; look at the job's runs and logs`,
    metricName: "OldestPendingSeconds",
    statistic: "Maximum",
    threshold: alerts.oldestPendingMinutes * 60,
    periodSeconds,
    // a round that falls into the next period says nothing about the uploads
    missingData: "ignore",
  });
  new Alarm(scope, "uploads-reconciler-silent", {
    ...common,
    alarmName: resourceName(environment, "uploads-reconciler-silent"),
    description: "the reconciler reports nothing: lost events stay lost; look at its schedule and log group",
    metricName: "OldestPendingSeconds",
    statistic: "SampleCount",
    comparison: "LessThanThreshold",
    threshold: 1,
    periodSeconds,
    evaluationPeriods: SILENT_ROUNDS,
    missingData: "breaching",
  });
}
