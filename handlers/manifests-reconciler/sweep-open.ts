import { readCursor, readStreamingJob, saveCursor } from "../../runtime/manifests/control";
import { openPartitions } from "../../runtime/manifests/tracking";
import { UnjudgedManifestsError } from "./errors";
import { waitingMessages } from "./messages";
import { readOpen } from "./open-files";
import type { ManifestsReconciler, Repairs } from "./reconciler";
import { type Round, TakeUp } from "./take-up";

const PART = "open";
/**
 * Number of messages in the manifests queue from which the job is behind: then missing manifests are likely
 * among them.
 */
const BACKED_UP = 100;

interface Cursor {
  /** Round in progress; absent: none. */
  round?: Round;
  /**
   * Start of the last round that was completed, ISO 8601, and of the last completed one that could resend
   * manifests.
   */
  last?: string;
  lastSending?: string;
}

/**
 * Repairs the files that were claimed longer ago than the grace time and have no outcome, one page of the
 * index after another, until half of the time is used: the inputs come after it. The next invocation
 * continues there.
 *
 * @throws UnjudgedManifestsError at the end, when some manifests cannot be read
 */
export async function sweepOpen(reconciler: ManifestsReconciler, repairs: Repairs): Promise<void> {
  const { control, clock } = reconciler;
  const halfMs = reconciler.remainingMs() / 2;
  const { round: underWay, ...ended } = (await readCursor<Cursor>(control, PART)) ?? {};
  const round = underWay ?? { began: clock.now().toISOString(), partition: 0, sending: true };
  round.sending &&= await maySend(reconciler);
  const takeUp = new TakeUp(reconciler, repairs, { ...ended, sending: round.sending });
  const partitions = openPartitions("manifested");
  const save = () => saveCursor(control, PART, cursorOf(round, ended, partitions.length), clock.now());
  do {
    const { files, next } = await readOpen(reconciler, partitions[round.partition] ?? "", round.startKey);
    await takeUp.files(files);
    if (!next) round.partition += 1;
    round.startKey = next;
    if (files.length > 0) await save();
  } while (round.partition < partitions.length && reconciler.remainingMs() > halfMs);
  await save();
  if (takeUp.errors.length > 0) throw new UnjudgedManifestsError(takeUp.errors);
}

function cursorOf(round: Round, ended: Omit<Cursor, "round">, partitions: number): Cursor {
  if (round.partition < partitions) return { ...ended, round };
  return { ...ended, last: round.began, ...(round.sending ? { lastSending: round.began } : {}) };
}

/**
 * Returns whether manifests may be resent: a job that is stopped on purpose, or behind, finds its manifests
 * in the queue.
 */
async function maySend({ control, manifestsQueue }: ManifestsReconciler): Promise<boolean> {
  const { desired } = await readStreamingJob(control);
  return desired === "running" && (await waitingMessages(manifestsQueue)) <= BACKED_UP;
}
