import { CloudwatchMetricAlarm } from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm";
import type { SnsTopic } from "@cdktf/provider-aws/lib/sns-topic";
import { Construct } from "constructs";

export interface AlarmProps {
  readonly alarmName: string;
  /** Cause of the alarm and where to look, for the person who is called. */
  readonly description: string;
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic: "Average" | "Sum" | "Maximum" | "Minimum" | "SampleCount";
  /** @default "GreaterThanThreshold" */
  readonly comparison?: "GreaterThanThreshold" | "LessThanThreshold";
  /** Threshold; values beyond it raise the alarm. @default 0 */
  readonly threshold?: number;
  readonly periodSeconds: number;
  /** Consecutive periods that must be beyond the threshold. @default 1 */
  readonly evaluationPeriods?: number;
  /** Meaning of missing data; `ignore` keeps the state. @default "notBreaching" */
  readonly missingData?: "notBreaching" | "breaching" | "ignore";
  readonly topic: SnsTopic;
}

/** Alarm that notifies the topic when it begins and when it ends. */
export class Alarm extends Construct {
  readonly alarm: CloudwatchMetricAlarm;

  constructor(scope: Construct, id: string, props: AlarmProps) {
    super(scope, id);
    this.alarm = new CloudwatchMetricAlarm(this, "alarm", {
      alarmName: props.alarmName,
      alarmDescription: props.description,
      namespace: props.namespace,
      metricName: props.metricName,
      dimensions: { ...props.dimensions },
      statistic: props.statistic,
      comparisonOperator: props.comparison ?? "GreaterThanThreshold",
      threshold: props.threshold ?? 0,
      period: props.periodSeconds,
      evaluationPeriods: props.evaluationPeriods ?? 1,
      datapointsToAlarm: props.evaluationPeriods ?? 1,
      treatMissingData: props.missingData ?? "notBreaching",
      alarmActions: [props.topic.arn],
      okActions: [props.topic.arn],
    });
  }
}
