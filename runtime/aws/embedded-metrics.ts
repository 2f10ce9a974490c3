/**
 * Metrics in CloudWatch's embedded metric format: one line of JSON on stdout, of which CloudWatch makes metrics. It
 * takes no call, cannot be throttled, and the line stays in the log with its properties.
 */

/** Where the metrics go. */
export interface EmbeddedMetrics {
  namespace: string;
  /** Value of the one dimension, `Environment`. */
  environment: string;
}

export interface EmbeddedMetric {
  name: string;
  /** A list stands for so many measurements, of which CloudWatch makes percentiles; an empty one is left out. */
  value: number | readonly number[];
  unit: "Count" | "Bytes" | "Megabytes" | "Seconds" | "None";
}

/** Most values of one metric that CloudWatch takes from a line. */
const MOST_VALUES = 100;

/**
 * Writes the metrics, as of now. `properties` are found in the line by Logs Insights and are no dimensions: a
 * dimension makes a metric, and costs, for each of its values.
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

/** As many of the values as CloudWatch takes, evenly spread over the list. */
function bounded(value: number | readonly number[]): number | readonly number[] {
  if (typeof value === "number" || value.length <= MOST_VALUES) return value;
  return Array.from(
    { length: MOST_VALUES },
    (_, index) => value[Math.round((index * (value.length - 1)) / (MOST_VALUES - 1))] ?? 0,
  );
}
