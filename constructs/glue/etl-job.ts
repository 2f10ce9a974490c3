import type { Construct } from "constructs";
import { SparkJob, type SparkJobProps } from "./spark-job";

export interface EtlJobProps extends SparkJobProps {
  /** Time limit of a run in minutes. */
  readonly timeoutMinutes: number;
  /** Further runs that Glue starts by itself after a failed one. @default 0 */
  readonly maximumRetries?: number;
  /** Maximum number of concurrent runs; a start beyond it is refused. @default 1 */
  readonly concurrentRuns?: number;
}

/** Spark job whose runs end when their work does. */
export class EtlJob extends SparkJob {
  constructor(scope: Construct, id: string, props: EtlJobProps) {
    super(scope, id, props, {
      command: "glueetl",
      fields: {
        timeout: props.timeoutMinutes,
        maxRetries: props.maximumRetries ?? 0,
        executionProperty: { maxConcurrentRuns: props.concurrentRuns ?? 1 },
      },
    });
  }
}
