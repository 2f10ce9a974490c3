import { GetItemCommand } from "@aws-sdk/client-dynamodb";
import { emitAlert } from "../../../runtime/aws/alerts";
import { emitMetrics } from "../../../runtime/aws/embedded-metrics";
import type { Receipt } from "../../../runtime/manifests/manifests";
import { claimAnnouncement, noteAnnounced } from "../catalog/announce-once";
import type { ControlPlane } from "../plane";
import { type Hour, manifestRowKey, readHours } from "./hours";
import type { Observations, Observed, Sample } from "./observations";

/** Minimum number of manifests in the last 24 hours for a mean to have any meaning. */
const MIN_MANIFESTS = 30;
/** Number of standard deviations from the mean. */
const DEVIATIONS = 4;

/**
 * Minimum distance from the mean in addition: a fraction of the mean, and an absolute value. Without it the
 * smallest change of a very even stream would raise an alert. Fewer rejects and shorter latencies never do.
 */
const FLOORS: Readonly<Record<Observed, { relative: number; absolute: number; below: boolean }>> = {
  rejects: { relative: 0.5, absolute: 0.01, below: false },
  size: { relative: 0.5, absolute: 0, below: true },
  latency: { relative: 0.5, absolute: 60, below: false },
};

const WORDS: Readonly<Record<Observed, (value: number) => string>> = {
  rejects: (value) => `${(value * 100).toFixed(2)} % of the lines rejected`,
  size: (value) => `${value.toFixed(2)} MB a file`,
  latency: (value) => `${value.toFixed(0)} s from upload to Parquet`,
};

const NEXT_STEPS: Readonly<Record<Observed, string>> = {
  rejects: "read the dead letters of the manifest (tributary describe) and ask its source what changed",
  size: "compare a file with an older one; a size that is right from now on belongs into the dataset's declaration",
  latency:
    "look at the queues and the runs (tributary status); more workers (tributary manifests scale) shorten a backlog",
};

export interface Anomaly {
  what: Observed;
  value: number;
  mean: number;
  deviation: number;
  manifests: number;
}

/** Finds the values of a manifest that differ from those of the last 24 hours. */
export function anomaliesOf(observations: Observations, hours: readonly Hour[]): Anomaly[] {
  return (Object.entries(observations) as [Observed, number][]).flatMap(([what, value]) => {
    const { count, sum, squares } = added(hours.map(({ samples }) => samples[what]));
    if (count < MIN_MANIFESTS) return [];
    const mean = sum / count;
    const deviation = Math.sqrt(Math.max(0, squares / count - mean * mean));
    const { relative, absolute, below } = FLOORS[what];
    const distance = below ? Math.abs(value - mean) : value - mean;
    if (distance <= Math.max(DEVIATIONS * deviation, relative * mean, absolute)) return [];
    return [{ what, value, mean, deviation, manifests: count }];
  });
}

function added(samples: readonly Sample[]): Sample {
  const total = { count: 0, sum: 0, squares: 0 };
  for (const { count, sum, squares } of samples) {
    total.count += count;
    total.sum += sum;
    total.squares += squares;
  }
  return total;
}

/**
 * Compares a manifest that is not counted yet with the last 24 hours of its dataset, counts what is unusual
 * in the metric `Anomalies`, and alerts once an hour and kind: a source that changed makes every manifest
 * unusual.
 *
 * @throws AlertRefusedError when EventBridge answers but refuses the alert
 */
export async function reportAnomalies(
  plane: ControlPlane,
  receipt: Receipt,
  observations: Observations,
): Promise<void> {
  const hours = await readHours(plane.metrics, plane.clock.now());
  const own = hours.filter(({ dataset }) => dataset === receipt.dataset);
  const anomalies = anomaliesOf(observations, own);
  if (anomalies.length === 0 || (await isCounted(plane, receipt))) return;
  for (const anomaly of anomalies) await alertOnce(plane, receipt, anomaly);
  const properties = { dataset: receipt.dataset, manifest: receipt.id };
  emitMetrics(plane.emf, [{ name: "Anomalies", value: anomalies.length, unit: "Count" }], properties);
}

async function isCounted({ metrics }: ControlPlane, receipt: Receipt): Promise<boolean> {
  const { metric_date, metric_type } = manifestRowKey(receipt);
  const Key = { metric_date: { S: metric_date }, metric_type: { S: metric_type } };
  const get = new GetItemCommand({ TableName: metrics.name, Key, ConsistentRead: true });
  return (await metrics.client.send(get)).Item !== undefined;
}

async function alertOnce(plane: ControlPlane, receipt: Receipt, anomaly: Anomaly): Promise<void> {
  const { bus, clock } = plane;
  const { what, value, mean, deviation, manifests } = anomaly;
  const type = `anomaly#${clock.now().toISOString().slice(11, 13)}#${receipt.dataset}#${what}`;
  if ((await claimAnnouncement(plane, type)) !== "claimed") return;
  const words = WORDS[what];
  await emitAlert(bus, {
    environment: bus.environment,
    severity: "warning",
    summary: `${words(value)} in manifest ${receipt.id} of ${receipt.dataset}, ${bus.environment}`,
    reason: `the mean of ${manifests} manifests of the last 24 hours is ${words(mean)}, the standard deviation ${deviation.toPrecision(3)}`,
    nextStep: NEXT_STEPS[what],
  });
  await noteAnnounced(plane, type);
}
