import { DAY_MS } from "../../../runtime/clock";
import { expectedAt } from "../../../runtime/expected";
import type { Replayed } from "../../../runtime/ledger/operator-protocol";
import { addTotals, NOTHING_REPLAYED, type ReplayTotals } from "../../../runtime/ledger/replay-totals";
import { afterwards, type YesOption } from "../command/applying";
import { UsageError } from "../command/errors";
import { EXIT, type ExitCode } from "../command/exit-codes";
import type { Operator } from "../command/operator";
import { bytes, list } from "../command/tables";
import { batchesWithClaims, hasReplayedOfBatch } from "../letters/books";
import { ask } from "./ask";

export interface ReplayOptions extends YesOption {
  /** Instants in ISO 8601; the start included and the end not. */
  readonly from: string;
  readonly to: string;
  readonly dataset?: string;
  /** Replay even where raw files may be gone, whose rows are lost then. */
  readonly withoutGone?: boolean;
}

/** Number of batches in one request, which takes seconds. */
const CHUNK = 100;

/**
 * Replays the batches that were committed in that time. Each is opened completely or not at all, so the
 * command may be interrupted and repeated: it continues where it ended.
 */
export async function replay(operator: Operator, options: ReplayOptions): Promise<ExitCode> {
  const { yes = false, from, to, dataset } = options;
  const time = { from, to, ...(dataset === undefined ? {} : { dataset }) };
  const plan = await ask(operator, "replay", { ...time, limit: CHUNK, dryRun: true });
  checkLifecycle(operator, options, plan);
  await checkReplayed(operator, options);
  if (!yes) return shown(operator, plan, plan, false);
  let done = NOTHING_REPLAYED;
  for (let answer = plan; answer.isMore && !operator.signal.aborted; ) {
    answer = await ask(operator, "replay", { ...time, limit: CHUNK });
    done = addTotals(done, answer);
    operator.terminal.progress(`${done.batches} of ${plan.batches} batches`);
    // what is left is in somebody else's hands
    if (answer.batches === 0) break;
  }
  return shown(operator, plan, done, true);
}

/** Replays a batch whose last commit was then; false where that is not its last one any more. */
export async function replayBatch(operator: Operator, batch: number, committedAt: string): Promise<boolean> {
  // the ledger's times have microseconds, of which JavaScript keeps none
  const begin = Date.parse(committedAt);
  const [from, to] = [new Date(begin).toISOString(), new Date(begin + 1).toISOString()];
  return (await ask(operator, "replay", { from, to, batch, limit: 1 })).batches === 1;
}

/**
 * Whether processed files may have expired of a batch that was claimed at that time, in milliseconds. A batch is read
 * again from its processed files: those that S3 expired are quarantined, and their published rows go. They are as old
 * as the batch's first commit, of which the time of its last one says nothing; its claim came before either.
 */
export function mayHaveExpired(
  { environment, now }: Pick<Operator, "environment" | "now">,
  claimedAt: number,
): boolean {
  const { expireDays } = environment.storage.lifecycle.processed;
  // a tagged file expires by the time of its upload, which no commit tells
  const isTagged = environment.ledger.batch.archive === "tag";
  return expireDays !== undefined && (isTagged || daysSince(claimedAt, now) > expireDays - 1);
}

function daysSince(time: number, now: Date): number {
  return (now.getTime() - time) / DAY_MS;
}

/** Warns where processed files of a batch that was claimed at that time must be restored before it is read. */
export function warnOfArchive(
  { environment, now, terminal }: Pick<Operator, "environment" | "now" | "terminal">,
  claimedAt: number,
): void {
  const { archiveDays, archiveClass } = environment.storage.lifecycle.processed;
  if (archiveDays === undefined || archiveClass === "GLACIER_IR") return;
  if (daysSince(claimedAt, now) <= archiveDays) return;
  terminal.warn(
    `files older than ${archiveDays} days lie in ${archiveClass}: restore them first, or their batches fail until you do`,
  );
}

/**
 * Checks the raw bucket's lifecycle.
 *
 * @throws UsageError where files of that time may have expired
 */
export function checkLifecycle(
  operator: Pick<Operator, "environment" | "now" | "terminal">,
  { from, withoutGone }: Pick<ReplayOptions, "from" | "withoutGone">,
  { claimedSince }: Pick<Replayed, "claimedSince">,
): void {
  const { expireDays } = operator.environment.storage.lifecycle.processed;
  const oldest = Math.min(Date.parse(from), Date.parse(claimedSince ?? from));
  if (!withoutGone && mayHaveExpired(operator, oldest)) {
    const wanted =
      `a later time, or --without-gone (processed files are kept for ${expireDays} days, and some of those ` +
      "batches may be gone: a replay would lose their rows)";
    throw new UsageError(expectedAt("--from", wanted, from));
  }
  warnOfArchive(operator, oldest);
}

/**
 * Checks that no line of those batches was replayed: its row would be there twice where the batch publishes it now.
 *
 * @throws UsageError where one was
 */
async function checkReplayed(operator: Operator, { from, to, dataset }: ReplayOptions): Promise<void> {
  const ids = await batchesWithClaims(operator);
  const batches = await Promise.all(ids.map((batch) => ask(operator, "batch", { batch })));
  const within = batches.filter(
    (batch) =>
      batch !== null &&
      batch.committedAt !== null &&
      (dataset === undefined || batch.dataset === dataset) &&
      Date.parse(from) <= Date.parse(batch.committedAt) &&
      Date.parse(batch.committedAt) < Date.parse(to),
  );
  for (const batch of within) {
    if (batch === null || !(await hasReplayedOfBatch(operator, batch.id))) continue;
    const wanted = `a time without batch ${batch.id}, of which dead letters were replayed (their rows would be there twice)`;
    throw new UsageError(expectedAt("--from", wanted, from));
  }
}

function shown(
  { terminal, signal }: Operator,
  plan: Replayed,
  done: ReplayTotals,
  applied: boolean,
): ExitCode {
  const { batches, files, rows, inputBytes } = done;
  const { unarchived } = plan;
  const text = list([
    [applied ? "batches to be replayed by the next runs" : "batches that would be replayed", batches],
    ["files", files],
    ["rows to be replaced", rows],
    ["read", bytes(inputBytes)],
  ]);
  const after = afterwards(
    applied,
    "nothing, for the rows are the same unless SQL or declaration changed: deploy the former, and replay",
  );
  terminal.show(
    { applied, batches, files, rows, inputBytes, unarchived },
    batches > 0 ? `${text}\n${after}` : text,
  );
  if (unarchived.count > 0) {
    const named = unarchived.first.join(", ");
    terminal.warn(
      `left: ${unarchived.count} batches are not archived yet (${named}): repeat after the next run of the batch job`,
    );
  }
  if (applied && batches < plan.batches && !signal.aborted) {
    terminal.warn(`left: ${plan.batches - batches} batches are in somebody else's hands: repeat`);
    return EXIT.failed;
  }
  if (unarchived.count > 0) return EXIT.failed;
  return batches > 0 ? EXIT.ok : EXIT.nothing;
}
