import type { ClientBase } from "pg";
import {
  type BatchState,
  type BatchSummary,
  type LedgerFile,
  MAX_REOPENED,
  type Refusal,
  type Reopened,
  type Reopening,
} from "../../runtime/ledger/operator-protocol";
import { lookUp } from "./files";
import { type Ledger, rowsOf } from "./ledger";
import { AT_REST, FAILED_SINCE, FORGET_VERSION, REOPEN, SUMMARIES, UNCOMMITTED } from "./statements";

/**
 * Gives a batch back, even while a run holds it: that run's commit is then refused.
 *
 * @throws LedgerUnreachableError as `Ledger.write` does
 */
export function releaseBatch(ledger: Ledger, id: number, how: Reopening): Promise<Reopened> {
  return reopening(ledger, how, async (client, lock) => {
    const batches = await rowsOf<BatchSummary>(client, UNCOMMITTED + lock, [[id]]);
    return { batches, refused: batches.length > 0 ? [] : [await refusalOf(client, id)] };
  });
}

/**
 * Gives the batches of some files back, except those that a run works on.
 *
 * @throws UnreadableRequestError when there are no names or too many
 */
export function retryFiles(ledger: Ledger, names: readonly string[], how: Reopening): Promise<Reopened> {
  return reopening(ledger, how, async (client, lock) => {
    const { files, unknown } = await lookUp(client, names);
    const held = files.filter(({ status }) => status === "failed" || status === "pending");
    const ids = [...new Set(held.flatMap(({ batch }) => batch ?? []))].sort((one, other) => one - other);
    const batches = await rowsOf<BatchSummary>(client, AT_REST + lock, [ids]);
    const reopened = new Set(batches.map(({ id }) => id));
    const left = files.filter(({ batch }) => batch === null || !reopened.has(batch));
    return { batches, refused: [...unknown.map(unknownFile), ...left.map(refusedFile)] };
  });
}

/**
 * Gives back batches whose last attempt failed within that time: the first ones after that id.
 *
 * @throws LedgerUnreachableError as `Ledger.write` does
 */
export function requeueFailed(
  ledger: Ledger,
  sinceMinutes: number,
  after: number,
  how: Reopening,
): Promise<Reopened> {
  return reopening(ledger, how, async (client, lock) => ({
    batches: await rowsOf<BatchSummary>(client, FAILED_SINCE + lock, [sinceMinutes, after, MAX_REOPENED]),
    refused: [],
  }));
}

/** Chooses batches and gives them back, unless it is a dry run: the choice then locks nothing. */
function reopening(
  ledger: Ledger,
  { dryRun = false, currentVersion = false }: Reopening,
  choose: (client: ClientBase, lock: string) => Promise<Reopened>,
): Promise<Reopened> {
  if (dryRun) return ledger.read((client) => choose(client, ""));
  return ledger.write(async (client) => {
    // waits for a run that commits a batch at this moment: its new state decides
    const chosen = await choose(client, " FOR UPDATE");
    const ids = chosen.batches.map(({ id }) => id);
    if (ids.length > 0) await client.query(REOPEN, [ids]);
    if (ids.length > 0 && currentVersion) await client.query(FORGET_VERSION, [ids]);
    return chosen;
  });
}

const WON = "its rows are published, or about to be; tributary ledger replay does archived batches again";
const REFUSED: Readonly<Record<BatchState, string>> = {
  CLAIMED: "it changed in this moment; repeat",
  WAITING: "it changed in this moment; repeat",
  FAILED: "it changed in this moment; repeat",
  COMMITTED: `it is committed: ${WON}`,
  SUCCEEDED: `it is finished: ${WON}`,
  PARTIAL: `it is finished: ${WON}`,
};

async function refusalOf(client: ClientBase, id: number): Promise<Refusal> {
  const what = `batch ${id}`;
  const [batch] = await rowsOf<BatchSummary>(client, SUMMARIES, [[id]]);
  if (batch === undefined) return { what, why: "there is no such batch", isUnknown: true };
  return { what, why: REFUSED[batch.state], isUnknown: false };
}

export function unknownFile(name: string): Refusal {
  return {
    what: name,
    why: "the ledger has no such file; give its whole key, and look whether the lister has seen it",
    isUnknown: true,
  };
}

function refusedFile(file: LedgerFile): Refusal {
  const { key, version, batch, status } = file;
  const why = {
    pending:
      batch === null
        ? "it is in the queue: the next run claims it"
        : `batch ${batch} changed in this moment; repeat`,
    processing: `a run is at work on batch ${batch}; tributary ledger release ${batch} takes it away from it`,
    failed: `batch ${batch} changed in this moment; repeat`,
    committed: `batch ${batch} is committed: ${WON}`,
    succeeded: `batch ${batch} is finished: ${WON}`,
    partial: `batch ${batch} is finished: ${WON}`,
    quarantined: "it is in quarantine; tributary quarantine retry puts it back",
  }[status];
  return { what: `${key} version ${version}`, why, isUnknown: false };
}
