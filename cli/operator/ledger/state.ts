import type { Dataset } from "../../../datasets/schema/datasets";
import { ledgerBatchJobName } from "../../../environments/schema";
import type { BatchState, LedgerStatus } from "../../../runtime/ledger/operator-protocol";
import type { Operator } from "../command/operator";
import { readRuns } from "../command/runs";
import type { PipelineState } from "../pipelines/state";
import { ask } from "./ask";

/** State of the ledger pipeline or of one of its datasets, as the function `ledger-operator` tells it. */
export async function ledgerState(operator: Operator, dataset?: Dataset): Promise<PipelineState> {
  const [status, [run]] = await Promise.all([
    ask(operator, "status", { exact: false }),
    readRuns(operator, 1, ledgerBatchJobName(operator.environment)),
  ]);
  const { files, oldestClaimableSeconds } = status;
  if (dataset !== undefined) return { ...stateOf(status, dataset), ...(run && { run }) };
  return {
    waiting: { files: files.pending },
    inWork: { files: files.processing + files.committed },
    failed: { files: files.failed },
    quarantined: { files: files.quarantined },
    ...(oldestClaimableSeconds !== null && { oldestSeconds: Math.round(oldestClaimableSeconds) }),
    ...(run && { run }),
  };
}

/** Files of a dataset. Of quarantine the ledger counts none by dataset; a long queue is an estimate of all. */
function stateOf({ queued, batches, estimated }: LedgerStatus, { name }: Dataset): PipelineState {
  const own = batches.filter((each) => each.dataset === name);
  const inStates = (...states: readonly BatchState[]) =>
    own.filter(({ state }) => states.includes(state)).reduce((sum, { files }) => sum + files, 0);
  const untried = own.reduce((sum, each) => sum + each.untried, 0);
  const waiting = (queued.find(({ dataset }) => dataset === name)?.files ?? 0) + untried;
  return {
    waiting: { files: waiting, ...(estimated.includes("pending") && { atLeast: true }) },
    inWork: { files: inStates("CLAIMED", "COMMITTED") },
    failed: { files: inStates("WAITING", "FAILED") - untried },
  };
}
