import type { EmbeddedMetrics } from "../../runtime/aws/embedded-metrics";
import type { Clock } from "../../runtime/clock";
import type { Bucket } from "../../runtime/manifests/manifests";
import type { TrackingTable } from "../../runtime/manifests/tracking";
import type { Limiter } from "./limiter";
import type { ManifestStore } from "./manifest-store";
import type { PlanSettings } from "./plan";
import type { Retry } from "./retry";
import type { Tally } from "./tally";

/** Resources that every invocation uses. */
export interface Builder {
  readonly table: TrackingTable;
  readonly manifests: Bucket;
  readonly quarantine: Bucket;
  /** Bucket of the audit; absent where that is switched off. */
  readonly audit?: Bucket | undefined;
  readonly settings: PlanSettings;
  /** Age in milliseconds from which a claim without a manifest is given up; above the function's timeout. */
  readonly claimMs: number;
  readonly metrics: EmbeddedMetrics;
  readonly clock: Clock;
}

/** One invocation. */
export interface Invocation extends Builder {
  /** Milliseconds left of the invocation. */
  readonly remainingMs: () => number;
  readonly store: ManifestStore;
  readonly retry: Retry;
  /** Limits the files that are in work concurrently. */
  readonly limit: Limiter;
  readonly tally: Tally;
}
