import type { JobCommand } from "../../runtime/glue-workers";

/** What a kind of job decides for its runs. */
export interface KindOfRun {
  readonly command: JobCommand;
  readonly timeoutMinutes: number;
  readonly maximumRetries: number;
  readonly concurrentRuns: number;
  /** @default false */
  readonly jobRunQueuing?: boolean;
  /** @default - never */
  readonly notifyAfterMinutes?: number;
  /** @default - none */
  readonly maintenanceWindow?: string;
  /** @default - no ceiling */
  readonly maximumRunDollars?: number;
  /** @default - no ceiling */
  readonly maximumDayDollars?: number;
}
