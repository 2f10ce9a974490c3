import type { Construct } from "constructs";
import { Alarm } from "../../../constructs/alarm";
import { resourceName } from "../../../environments/schema";
import { FIVE_MINUTES, onOwnMetric, SILENCE, type Watched } from "../alarm-settings";
import { ruleAlarm } from "../rule-alarm";

/** Alarms of the uploads pipeline beside the errors of its functions, at the stack itself. */
export function uploadsAlarms(scope: Construct, watched: Watched): void {
  const { environment } = watched;
  const { alerts, uploads } = environment;
  const periodSeconds = uploads.reconcile.rateMinutes * 60;
  const common = onOwnMetric(watched);
  ruleAlarm(scope, "uploads-job-ended", watched);
  ruleAlarm(scope, "control-plane-uploads-published", watched);
  new Alarm(scope, "uploads-job-failures", {
    ...common,
    alarmName: resourceName(environment, "uploads-job-failures"),
    description:
      "a run of the uploads job failed or timed out; look at the alert event and the job's log groups",
    metricName: "JobFailures",
    statistic: "Sum",
    periodSeconds: FIVE_MINUTES,
  });
  new Alarm(scope, "uploads-dead-letters", {
    ...common,
    alarmName: resourceName(environment, "uploads-dead-letters"),
    description:
      "rows of uploads became dead letters; see them and their reasons below dead-letters/ in the quarantine bucket",
    metricName: "UploadsDeadLetters",
    statistic: "Sum",
    periodSeconds: FIVE_MINUTES,
  });
  new Alarm(scope, "uploads-quarantined-files", {
    ...common,
    alarmName: resourceName(environment, "uploads-quarantined-files"),
    description:
      "uploads were quarantined whole; each has its reason.json beside it, below files/ in the quarantine bucket",
    metricName: "UploadsQuarantinedFiles",
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
    ...SILENCE,
    alarmName: resourceName(environment, "uploads-reconciler-silent"),
    description: "the reconciler reports nothing: lost events stay lost; look at its schedule and log group",
    metricName: "OldestPendingSeconds",
    periodSeconds,
  });
}
