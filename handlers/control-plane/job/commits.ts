import { forgetFailures, readStreamingJob, recordCommit } from "../../../runtime/manifests/control";
import type { ControlPlane } from "../plane";
import { startAfterGoodRun } from "./restart-policy";

/**
 * Records that a run committed a manifest, which makes it a good one. Where its end was answered before this
 * event came, the consecutive failures that were counted with it are reset.
 */
export async function noteCommit({ control, clock }: ControlPlane, runId: string): Promise<void> {
  const { answered, failures, committedRunId } = await readStreamingJob(control);
  if (answered?.runId === runId) {
    if (failures > 1) await forgetFailures(control, runId, startAfterGoodRun(clock.now()));
  } else if (committedRunId !== runId) {
    await recordCommit(control, runId);
  }
}
