import { ledgerBatchJobName } from "../../../environments/schema";
import type { Operator } from "../command/operator";
import { readRuns } from "../command/runs";
import type { PipelineState } from "../pipelines/state";
import { ask } from "./ask";

/** State of the ledger pipeline, as the function `ledger-operator` tells it. */
export async function ledgerState(operator: Operator): Promise<PipelineState> {
  const [{ files, oldestClaimableSeconds }, [run]] = await Promise.all([
    ask(operator, "status", { exact: false }),
    readRuns(operator, 1, ledgerBatchJobName(operator.environment)),
  ]);
  return {
    waiting: { files: files.pending },
    inWork: { files: files.processing + files.committed },
    failed: { files: files.failed },
    quarantined: { files: files.quarantined },
    ...(oldestClaimableSeconds !== null && { oldestSeconds: Math.round(oldestClaimableSeconds) }),
    ...(run && { run }),
  };
}
