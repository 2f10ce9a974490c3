import { type EmbeddedMetrics, emitMetrics } from "../../runtime/aws/embedded-metrics";
import { log } from "../../runtime/log";
import { type Bucket, findUntaken } from "./find-untaken";

/** Dependencies of the function. */
export interface UntakenObjects {
  readonly bucket: Bucket;
  /** Prefixes of all that is taken or kept. */
  readonly taken: readonly string[];
  /** Prefixes below which all should be taken. */
  readonly looked: readonly string[];
  readonly metrics: EmbeddedMetrics;
}

/** Maximum number of folders and keys that a line of the log has. */
const MOST_NAMED = 20;

/** Counts the objects that no dataset takes, as a metric, and names folders and some keys in the log. */
export async function tellUntaken({ bucket, taken, looked, metrics }: UntakenObjects): Promise<void> {
  const { objects, isAll, folders, examples } = await findUntaken(bucket, taken, looked);
  if (objects > 0) {
    log("warn", "found objects that no dataset takes", {
      objects,
      isAll,
      folders: Object.fromEntries([...folders].slice(0, MOST_NAMED)),
      examples: examples.slice(0, MOST_NAMED),
    });
  }
  emitMetrics(metrics, [{ name: "UntakenObjects", value: objects, unit: "Count" }]);
}
