import type { Construct } from "constructs";
import { CEILING_DOLLARS } from "../../runtime/glue-runs";
import { SparkJob, type SparkJobProps } from "./spark-job";

export interface EtlJobProps extends SparkJobProps {
  /** Time limit of a run in minutes, below seven days. */
  readonly timeoutMinutes: number;
  /** Further runs that Glue starts by itself after a failed one, at most ten. @default 0 */
  readonly maximumRetries?: number;
  /** Maximum number of concurrent runs; a start beyond it is refused, or waits with `jobRunQueuing`. @default 1 */
  readonly concurrentRuns?: number;
  /**
   * Runs that find no room, within `concurrentRuns` or the account's quotas, wait for it. It takes no retries.
   *
   * @default false
   * @see https://docs.aws.amazon.com/glue/latest/dg/job-run-statuses.html (2026-12-01)
   */
  readonly jobRunQueuing?: boolean;
  /**
   * Minutes after which Glue sends the event `Glue Job Run Status` of a run that is still there.
   *
   * @default - no event
   * @see https://docs.aws.amazon.com/glue/latest/dg/automating-awsglue-with-cloudwatch-events.html (2026-12-01)
   */
  readonly notifyAfterMinutes?: number;
  /** Dollars that a run may cost, with its most workers busy until its time limit. @default 50 */
  readonly maximumRunDollars?: number;
}

/** Spark job whose runs end when their work does. */
export class EtlJob extends SparkJob {
  constructor(scope: Construct, id: string, props: EtlJobProps) {
    super(scope, id, props, {
      ...props,
      command: "glueetl",
      maximumRetries: props.maximumRetries ?? 0,
      concurrentRuns: props.concurrentRuns ?? 1,
      maximumRunDollars: props.maximumRunDollars ?? CEILING_DOLLARS,
    });
  }
}
