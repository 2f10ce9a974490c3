import {
  type CloudWatchClient,
  type MetricDatum,
  PutMetricDataCommand,
  type StandardUnit,
} from "@aws-sdk/client-cloudwatch";

export interface Metrics {
  client: CloudWatchClient;
  namespace: string;
  /** Value of the one dimension, `Environment`. */
  environment: string;
}

export interface Measurement {
  name: "OldestPendingSeconds" | "PendingUploads" | "JobFailures";
  value: number;
  unit: StandardUnit;
}

/** Publishes the measurements in one call, with the current time. */
export async function publish(metrics: Metrics, measurements: readonly Measurement[]): Promise<void> {
  const data = measurements.map(
    ({ name, value, unit }): MetricDatum => ({
      MetricName: name,
      Value: value,
      Unit: unit,
      Dimensions: [{ Name: "Environment", Value: metrics.environment }],
    }),
  );
  await metrics.client.send(new PutMetricDataCommand({ Namespace: metrics.namespace, MetricData: data }));
}
