import { forgetFailures, readStreamingJob, recordCommit } from "../../../runtime/manifests/control";
import type { ControlPlane } from "../plane";
import { startAfterGoodRun } from "./restart-policy";

/**
 * Remembers that a run committed a manifest, which makes it a good one. Where its end was answered before this news
 * came, the failures in a row that were counted with it are forgotten.
 */
export async function noteCommit({ control, clock }: ControlPlane, runId: string): Promise<void> {
  const { answered, failures, committedRunId } = await readStreamingJob(control);
  if (answered?.runId === runId) {
    if (failures > 1) await forgetFailures(control, runId, startAfterGoodRun(clock.now()));
  } else if (committedRunId !== runId) {
    await recordCommit(control, runId);
  }
}
