import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { GlueClient } from "@aws-sdk/client-glue";
import type { AlertBus } from "../../runtime/aws/alerts";
import type { EmbeddedMetrics } from "../../runtime/aws/embedded-metrics";
import type { Job } from "../../runtime/aws/job-run";
import type { Clock } from "../../runtime/clock";
import type { ControlTable } from "../../runtime/manifests/control";
import type { Bucket } from "../../runtime/manifests/manifests";
import type { TrackingTable } from "../../runtime/manifests/tracking";

/** Metrics table: rows by `metric_date` and `metric_type`, which expire 30 days after their date. */
export interface MetricsTable {
  client: DynamoDBClient;
  name: string;
}

export interface StreamingJobName extends Job {
  /** Number of workers of a run where the control table names no other. */
  workers: number;
}

export interface Catalog {
  client: GlueClient;
  database: string;
}

/** Resources that the control plane uses. */
export interface ControlPlane {
  tracking: TrackingTable;
  metrics: MetricsTable;
  control: ControlTable;
  /** Bucket of manifests and receipts. */
  manifests: Bucket;
  job: StreamingJobName;
  catalog: Catalog;
  bus: AlertBus;
  emf: EmbeddedMetrics;
  clock: Clock;
  /** Milliseconds left of the invocation. */
  remainingMs(): number;
}
