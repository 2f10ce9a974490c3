import type { Dataset } from "../../../datasets/schema/datasets";
import { manifestsJobName } from "../../../environments/schema";
import type { Operator } from "../command/operator";
import { readRuns } from "../command/runs";
import type { Count, PipelineState } from "../pipelines/state";
import { countOpen, type OpenCount, oldestOpen } from "./tracking";

/** State of the manifests pipeline or of one of its datasets: what is claimed and has no Parquet yet waits for the streaming job. */
export async function manifestsState(operator: Operator, dataset?: Dataset): Promise<PipelineState> {
  const [waiting, failed, quarantined, oldest, [run]] = await Promise.all([
    countOpen(operator, "manifested", dataset?.prefix),
    countOpen(operator, "failed", dataset?.prefix),
    countOpen(operator, "quarantined", dataset?.prefix),
    oldestOpen(operator, "manifested", dataset?.prefix),
    readRuns(operator, 1, manifestsJobName(operator.environment)),
  ]);
  const seconds = oldest && (operator.now.getTime() - Date.parse(oldest.createdAt)) / 1000;
  return {
    waiting: counted(waiting),
    failed: counted(failed),
    quarantined: counted(quarantined),
    ...(seconds !== undefined && { oldestSeconds: Math.max(0, Math.round(seconds)) }),
    ...(run && { run }),
  };
}

function counted({ count, isWhole }: OpenCount): Count {
  return { files: count, ...(isWhole ? {} : { atLeast: true }) };
}
