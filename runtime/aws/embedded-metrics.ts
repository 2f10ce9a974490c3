/**
 * Metrics in CloudWatch's embedded metric format: one line of JSON on stdout, which CloudWatch turns into
 * metrics. It needs no call, cannot be throttled, and the line stays in the log with its properties.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html (2026-11-29)
 */

/** Destination of the metrics. */
export interface EmbeddedMetrics {
  namespace: string;
  /** Value of the one dimension, `Environment`. */
  environment: string;
}

export interface EmbeddedMetric {
  name: string;
  /**
   * Value, or a list of that many measurements, from which CloudWatch derives percentiles; an empty list is
   * left out.
   */
  value: number | readonly number[];
  unit: "Count" | "Bytes" | "Megabytes" | "Seconds" | "None";
}

/**
 * Maximum number of values that CloudWatch takes for one metric of a line.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html (2026-11-29)
 */
const MAX_VALUES = 100;

/**
 * Writes the metrics with the current time. `properties` can be searched in Logs Insights and are no
 * dimensions: each value of a dimension is a metric of its own, and costs.
 */
export function emitMetrics(
  { namespace, environment }: EmbeddedMetrics,
  metrics: readonly EmbeddedMetric[],
  properties: Readonly<Record<string, string | number>> = {},
): void {
  const measured = metrics.filter(({ value }) => typeof value === "number" || value.length > 0);
  if (measured.length === 0) return;
  const line = {
    _aws: {
      Timestamp: Date.now(),
      CloudWatchMetrics: [
        {
          Namespace: namespace,
          Dimensions: [["Environment"]],
          Metrics: measured.map(({ name, unit }) => ({ Name: name, Unit: unit })),
        },
      ],
    },
    ...properties,
    Environment: environment,
    ...Object.fromEntries(measured.map(({ name, value }) => [name, bounded(value)])),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Bounds the list to as many values as CloudWatch takes, evenly spread over it. */
function bounded(value: number | readonly number[]): number | readonly number[] {
  if (typeof value === "number" || value.length <= MAX_VALUES) return value;
  return Array.from(
    { length: MAX_VALUES },
    (_, index) => value[Math.round((index * (value.length - 1)) / (MAX_VALUES - 1))] ?? 0,
  );
}
