import type { LambdaClient } from "@aws-sdk/client-lambda";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { EmbeddedMetrics } from "../../runtime/aws/embedded-metrics";
import type { Clock } from "../../runtime/clock";
import type { ControlTable } from "../../runtime/manifests/control";
import type { Bucket } from "../../runtime/manifests/manifests";
import type { TextDataset } from "../../runtime/manifests/text-datasets";
import type { TrackingTable } from "../../runtime/manifests/tracking";

export interface Queue {
  client: SQSClient;
  url: string;
}

/** All that the manifest reconciler reaches. */
export interface ManifestsReconciler {
  tracking: TrackingTable;
  control: ControlTable;
  raw: Bucket;
  manifests: Bucket;
  curated: Bucket;
  /** Those with the longest prefix first. */
  datasets: readonly TextDataset[];
  /** Read by the manifest builder. */
  inputsQueue: Queue;
  /** Read by the streaming job. */
  manifestsQueue: Queue;
  controlPlane: { client: LambdaClient; name: string };
  emf: EmbeddedMetrics;
  clock: Clock;
  /** Milliseconds from which work counts as forgotten. */
  graceMs: number;
  /** Milliseconds that the invocation still has. */
  remainingMs(): number;
}

/** What an invocation said again. */
export interface Repairs {
  /** Files announced to the manifest builder. */
  announced: number;
  /** Manifests announced to the streaming job. */
  resent: number;
  /** Manifests whose receipts the control plane was told to take into the books. */
  completed: number;
  /** Object versions that were compared with the table. */
  compared: number;
  /** Pages of the input bucket that were listed. */
  pages: number;
}

/** Left at the end of an invocation: a page takes seconds at worst, throttled calls included. */
export const RESERVE_MS = 30_000;
