import type { Construct } from "constructs";
import { SparkJob, type SparkJobProps } from "./spark-job";

export interface StreamingJobProps extends SparkJobProps {
  /**
   * Day and hour in UTC, e.g. `Sun:3`, at which Glue may end a run for maintenance. The guide has Glue do so to runs of
   * seven days or more alone, which the time limit is a minute short of.
   *
   * @see https://docs.aws.amazon.com/glue/latest/dg/glue-streaming-maintenance.html (2026-11-30)
   */
  readonly maintenanceWindow: string;
}

/**
 * Longest time limit of a run in minutes, a minute below seven days. The API takes "less than 7 days or 10080
 * minutes", which is without the 10,080 or with it. A streaming job without a limit would get Glue 5.0's default, 480.
 *
 * @see https://docs.aws.amazon.com/sdk-for-kotlin/api/latest/glue/aws.sdk.kotlin.services.glue.model/-job-run/timeout.html (2026-11-30)
 */
export const LONGEST_MINUTES = 10_079;

/**
 * Spark job whose one run goes on as long as Glue lets it: it takes the longest time limit, and none of Glue's retries,
 * for the control plane starts it again.
 */
export class StreamingJob extends SparkJob {
  constructor(scope: Construct, id: string, props: StreamingJobProps) {
    super(scope, id, props, {
      command: "gluestreaming",
      fields: {
        timeout: LONGEST_MINUTES,
        maxRetries: 0,
        maintenanceWindow: props.maintenanceWindow,
        executionProperty: { maxConcurrentRuns: 1 },
      },
    });
  }
}
