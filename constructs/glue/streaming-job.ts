import type { Construct } from "constructs";
import { CEILING_DOLLARS, LONGEST_MINUTES } from "../../runtime/glue-runs";
import { SparkJob, type SparkJobProps } from "./spark-job";

export interface StreamingJobProps extends SparkJobProps {
  /**
   * Day and hour in UTC, e.g. `Sun:3`, at which Glue may end a run for maintenance. The guide has Glue do so to runs of
   * seven days or more alone, which the time limit is a minute short of.
   *
   * @see https://docs.aws.amazon.com/glue/latest/dg/glue-streaming-maintenance.html (2026-11-30)
   */
  readonly maintenanceWindow: string;
  /** Dollars that a day of it may cost: a run ends after a week, and the next one follows at once. @default 50 */
  readonly maximumDayDollars?: number;
}

/**
 * Spark job whose one run goes on as long as Glue lets it: it takes the longest time limit, for without one it would get
 * Glue 5.0's default, 480, and none of Glue's retries, for the control plane starts it again.
 */
export class StreamingJob extends SparkJob {
  constructor(scope: Construct, id: string, props: StreamingJobProps) {
    super(scope, id, props, {
      command: "gluestreaming",
      timeoutMinutes: LONGEST_MINUTES,
      maximumRetries: 0,
      concurrentRuns: 1,
      maintenanceWindow: props.maintenanceWindow,
      maximumDayDollars: props.maximumDayDollars ?? CEILING_DOLLARS,
    });
  }
}
