import {
  type BatchSummary,
  MAX_REOPENED,
  type Refusal,
  type Reopened,
} from "../../../runtime/ledger/operator-protocol";
import { afterwards, type YesOption } from "../command/applying";
import { EXIT, type ExitCode } from "../command/exit-codes";
import type { Operator } from "../command/operator";
import { type Column, table } from "../command/tables";
import { ask } from "./ask";
import { inChunks } from "./files";

export interface ReopeningOptions extends YesOption {
  /** Under the version that is deployed, and not under that of the batch's first attempt. */
  readonly currentVersion?: boolean;
}

export interface RequeueOptions extends ReopeningOptions {
  /** Minutes since they failed, at most. */
  readonly since: number;
}

const NOTHING_TO_UNDO = "nothing, for what fails again is as it was";

const BATCHES: readonly Column<BatchSummary>[] = [
  { head: "batch", cell: ({ id }) => String(id) },
  { head: "was", cell: ({ state }) => state },
  { head: "files", cell: ({ files }) => files },
  { head: "attempts", cell: ({ attempts }) => attempts },
  { head: "last held by", cell: ({ owner }) => owner },
  { head: "last error", cell: ({ lastError }) => lastError?.slice(0, 80) },
];

/** Gives one batch back, whoever holds it. */
export async function release(
  operator: Operator,
  batch: number,
  { yes = false, currentVersion = false }: ReopeningOptions,
): Promise<ExitCode> {
  return reopened(operator, [await ask(operator, "release", { batch, dryRun: !yes, currentVersion })], yes);
}

/** Gives the batches of failed files back. */
export async function retry(
  operator: Operator,
  names: readonly string[],
  { yes = false, currentVersion = false }: ReopeningOptions,
): Promise<ExitCode> {
  const answers: Reopened[] = [];
  for (const some of inChunks(names)) {
    if (operator.signal.aborted) break;
    answers.push(await ask(operator, "retry", { names: some, dryRun: !yes, currentVersion }));
  }
  return reopened(operator, answers, yes);
}

/** Gives back all batches that failed within that time. */
export async function requeue(
  operator: Operator,
  { since, yes = false, currentVersion = false }: RequeueOptions,
): Promise<ExitCode> {
  const answers: Reopened[] = [];
  for (let [after, last] = [0, MAX_REOPENED]; last === MAX_REOPENED && !operator.signal.aborted; ) {
    const answer = await ask(operator, "requeue", {
      sinceMinutes: since,
      after,
      dryRun: !yes,
      currentVersion,
    });
    answers.push(answer);
    after = answer.batches.at(-1)?.id ?? after;
    last = answer.batches.length;
  }
  return reopened(operator, answers, yes);
}

/**
 * Shows batches that were given back and what was refused: 1 where anything was, 3 where nothing was found.
 */
function reopened(operator: Operator, answers: readonly Reopened[], applied: boolean): ExitCode {
  const { terminal } = operator;
  const refused = answers.flatMap((answer) => answer.refused);
  const batches = unique(answers.flatMap((answer) => answer.batches));
  if (terminal.json) terminal.show({ applied, batches, refused }, "");
  else {
    if (batches.length > 0) terminal.write(table(BATCHES, batches));
    terminal.write(`${applied ? "given back" : "would be given back"}: ${batches.length} batches`);
    if (batches.length > 0) terminal.write(afterwards(applied, NOTHING_TO_UNDO));
  }
  return told(operator, refused, batches.length);
}

/** Removes duplicates: files of several requests may be of one batch. */
function unique(batches: readonly BatchSummary[]): BatchSummary[] {
  return [...new Map(batches.toReversed().map((batch) => [batch.id, batch])).values()].reverse();
}

function told({ terminal }: Operator, refused: readonly Refusal[], done: number): ExitCode {
  for (const { what, why } of refused) terminal.warn(`left: ${what}: ${why}`);
  if (refused.some(({ isUnknown }) => !isUnknown)) return EXIT.failed;
  if (done === 0) return EXIT.nothing;
  return refused.length > 0 ? EXIT.failed : EXIT.ok;
}
