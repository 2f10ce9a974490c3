import { Construct } from "constructs";
import { Alarm } from "../../../constructs/alarm";
import { type Environment, resourceName } from "../../../environments/schema";
import { FIVE_MINUTES, onOwnMetric, SILENCE, type Watched } from "../alarm-settings";
import { queueAlarms } from "../queue-alarms";
import { ruleAlarm } from "../rule-alarm";

/** Messages that a builder may fail in five minutes: now and then one meets another builder's claim. */
const FAILED_MESSAGES = 5;

/** Alarms of the manifests pipeline, in addition to the errors of its functions. */
export class ManifestsAlarms extends Construct {
  private readonly environment: Environment;

  constructor(
    scope: Construct,
    id: string,
    private readonly watched: Watched,
  ) {
    super(scope, id);
    this.environment = watched.environment;
    for (const queue of ["manifests-inputs", "manifests-ready"] as const) {
      queueAlarms(this, queue, watched);
    }
    ruleAlarm(this, "control-plane-stream-ended", watched);
    ruleAlarm(this, "control-plane-manifests-processed", watched);
    this.builderAlarm();
    this.jobAlarms();
    this.silenceAlarms();
  }

  private get own() {
    return { ...onOwnMetric(this.watched), periodSeconds: FIVE_MINUTES };
  }

  /** Adds an alarm on returned messages: an invocation that returns messages is no error of its function. */
  private builderAlarm(): void {
    new Alarm(this, "builder-failed-messages", {
      ...this.own,
      alarmName: resourceName(this.environment, "manifests-builder-failed-messages"),
      description: `the manifest builder failed more than ${FAILED_MESSAGES} messages, which come back; look at its log group`,
      metricName: "MessagesFailed",
      statistic: "Sum",
      threshold: FAILED_MESSAGES,
    });
  }

  private jobAlarms(): void {
    const { environment } = this;
    const { silentMinutes } = environment.manifests;
    new Alarm(this, "streaming-job-failures", {
      ...this.own,
      alarmName: resourceName(environment, "manifests-job-failures"),
      description: "a run of the streaming job failed; look at the alert event and the job's log groups",
      metricName: "StreamingJobFailures",
      statistic: "Sum",
    });
    new Alarm(this, "no-parquet", {
      ...this.own,
      alarmName: resourceName(environment, "manifests-no-parquet"),
      description: `files wait and no Parquet came for more than ${silentMinutes} minutes; look at the streaming job's runs and logs`,
      metricName: "SecondsWithoutParquet",
      statistic: "Maximum",
      threshold: silentMinutes * 60,
    });
  }

  private silenceAlarms(): void {
    const { environment } = this;
    const silence = { ...this.own, ...SILENCE };
    new Alarm(this, "control-plane-silent", {
      ...silence,
      alarmName: resourceName(environment, "control-plane-silent"),
      description:
        "the control plane's tick reports nothing: nobody starts the streaming job again; look at its schedule and log group",
      metricName: "SecondsWithoutParquet",
    });
    new Alarm(this, "manifests-reconciler-silent", {
      ...silence,
      alarmName: resourceName(environment, "manifests-reconciler-silent"),
      description:
        "manifests-reconciler reports nothing: lost events stay lost; look at its schedule and log group",
      metricName: "AnnouncedFiles",
      periodSeconds: environment.manifests.reconcile.rateMinutes * 60,
    });
  }
}
