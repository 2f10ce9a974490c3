import type { Environment, Pipeline } from "../../../environments/schema";
import { expectedAt } from "../../../runtime/expected";
import { UsageError } from "../command/errors";
import { checkOn } from "../command/needed";
import { knownDatasets } from "./meant";

/** What a command over all pipelines is narrowed to. */
export interface Narrowed {
  readonly pipeline?: Pipeline;
  readonly dataset?: string;
}

/**
 * Pipelines that a command is to look at: all that are on, the one that is named, or that of the dataset.
 *
 * @throws UsageError where no dataset has that name, or it is of another pipeline
 * @throws CommandError where the pipeline is off
 */
export function wantedPipelines(environment: Environment, { pipeline, dataset }: Narrowed): Pipeline[] {
  const own = dataset === undefined ? undefined : pipelineOf(dataset);
  if (own !== undefined && pipeline !== undefined && own !== pipeline) {
    throw new UsageError(expectedAt("--pipeline", `${own}, which has the dataset ${dataset}`, pipeline));
  }
  const wanted = pipeline ?? own;
  if (wanted === undefined) return [...environment.pipelines];
  checkOn(environment, wanted);
  return [wanted];
}

function pipelineOf(dataset: string): Pipeline {
  const datasets = knownDatasets();
  const found = datasets.find(({ name }) => name === dataset);
  if (found !== undefined) return found.pipeline;
  const names = datasets.map(({ name }) => name).sort();
  throw new UsageError(expectedAt("--dataset", `one of ${names.join(", ")}`, dataset));
}
