import type { GlueJob } from "@cdktf/provider-aws/lib/glue-job";
import { GlueTrigger } from "@cdktf/provider-aws/lib/glue-trigger";
import { Construct } from "constructs";

export interface GlueScheduleProps {
  readonly triggerName: string;
  readonly job: GlueJob;
  /** Rate in minutes: a divisor of 60, at least 5. */
  readonly rateMinutes: number;
  readonly enabled: boolean;
}

/**
 * Starts a job at a fixed rate, outside of any workflow; where its concurrency refuses a start, the next
 * makes up for it.
 */
export class GlueSchedule extends Construct {
  constructor(scope: Construct, id: string, props: GlueScheduleProps) {
    super(scope, id);
    const { rateMinutes } = props;
    new GlueTrigger(this, "trigger", {
      name: props.triggerName,
      description: `starts ${props.job.name} every ${rateMinutes} minutes`,
      type: "SCHEDULED",
      // Glue knows no rates
      schedule: rateMinutes === 60 ? "cron(0 * * * ? *)" : `cron(0/${rateMinutes} * * * ? *)`,
      actions: [{ jobName: props.job.name }],
      enabled: props.enabled,
    });
  }
}
