import type { LambdaClient } from "@aws-sdk/client-lambda";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { EmbeddedMetrics } from "../../runtime/aws/embedded-metrics";
import type { Clock } from "../../runtime/clock";
import type { ControlTable } from "../../runtime/manifests/control";
import type { ManifestsDataset } from "../../runtime/manifests/datasets";
import type { Bucket } from "../../runtime/manifests/manifests";
import type { TrackingTable } from "../../runtime/manifests/tracking";

export interface Queue {
  client: SQSClient;
  url: string;
}

/** Dependencies of `manifests-reconciler`. */
export interface ManifestsReconciler {
  tracking: TrackingTable;
  control: ControlTable;
  raw: Bucket;
  manifests: Bucket;
  curated: Bucket;
  /** Datasets, those with the longest prefix first. */
  datasets: readonly ManifestsDataset[];
  /** Queue of the manifest builder. */
  inputsQueue: Queue;
  /** Queue of the streaming job. */
  manifestsQueue: Queue;
  controlPlane: { client: LambdaClient; name: string };
  emf: EmbeddedMetrics;
  clock: Clock;
  /** Age in milliseconds from which work counts as forgotten. */
  graceMs: number;
  /** Milliseconds left of the invocation. */
  remainingMs(): number;
}

/** Counts of an invocation's repairs. */
export interface Repairs {
  /** Files announced to the manifest builder. */
  announced: number;
  /** Manifests announced to the streaming job. */
  resent: number;
  /** Manifests whose receipts were sent to the control plane again. */
  completed: number;
  /** Object versions that were compared with the table. */
  compared: number;
  /** Pages of the input bucket that were listed. */
  pages: number;
}

/** Time kept at the end of an invocation: a page takes seconds at worst, throttled calls included. */
export const RESERVE_MS = 30_000;
