import type { GlueJob } from "@cdktf/provider-aws/lib/glue-job";
import { GlueTrigger } from "@cdktf/provider-aws/lib/glue-trigger";
import { Construct } from "constructs";

export interface GlueScheduleProps {
  readonly triggerName: string;
  readonly job: GlueJob;
  /** A divisor of 60, 5 at the least. */
  readonly rateMinutes: number;
  readonly enabled: boolean;
}

/** Starts a job at a fixed rate, outside of any workflow; a start that its concurrency refuses is made good by the next. */
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
