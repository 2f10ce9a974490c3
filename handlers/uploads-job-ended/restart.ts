import { type Job, requestRun } from "../../runtime/aws/job-run";
import type { Clock } from "../../runtime/clock";
import { log } from "../../runtime/log";
import { seesAvailable } from "../../runtime/uploads/pending";
import type { UploadsTable } from "../../runtime/uploads/uploads";

/** Time during which a refusal is attributed to the slot of the run that just ended. */
const REFUSED_FOR_MS = 60_000;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 8_000;

export interface Restart {
  uploads: UploadsTable;
  job: Job;
  clock: Clock;
}

/**
 * Starts a run while any upload may be claimed. Glue may free the slot of the ended run only after its event,
 * so a refused start is retried for a minute. The index is queried before each attempt: the refusal may have
 * come from another run, which takes the uploads itself, and an unnecessary run costs a minute of two
 * workers. A refusal that lasts is such a run, and its end invokes this function again. With `since`, only
 * uploads that became available from then on count.
 */
export async function restartWhilePending({ uploads, job, clock }: Restart, since?: Date): Promise<void> {
  const giveUpAt = clock.now().getTime() + REFUSED_FOR_MS;
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
    if (!(await seesAvailable(uploads, clock, since))) {
      log("info", "nothing is pending");
      return;
    }
    if ((await requestRun(job)) === "started") return;
    if (clock.now().getTime() + wait > giveUpAt) {
      log("info", "left the pending uploads to the run that is there, or to the reconciler");
      return;
    }
    await clock.sleep(wait);
  }
}
