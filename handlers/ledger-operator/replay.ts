import type { ClientBase } from "pg";
import type { Replayed, ReplayRequest } from "../../runtime/ledger/operator-protocol";
import { addTotals, NOTHING_REPLAYED, type ReplayTotals } from "../../runtime/ledger/replay-totals";
import { UnreadableRequestError } from "./errors";
import { type Ledger, rowOf, rowsOf } from "./ledger";
import type { LedgerOperator } from "./operator";
import { NOW, REPLAY_NEXT, REPLAYABLE, UNARCHIVED_BETWEEN } from "./statements";

/** Maximum number of unarchived batches that are named. */
const MAX_SHOWN = 20;
/** Part of an invocation that is kept for the answer and a slow batch. */
const RESERVE_MS = 20_000;

/**
 * Replays finished batches, each in a transaction of its own, the longest committed first. A repeated request
 * continues where this one ended: what is replayed is committed later than `to`, which has passed.
 *
 * @throws UnreadableRequestError when a time or the limit is invalid
 */
export async function replay(
  { ledger, remainingMs }: LedgerOperator,
  request: ReplayRequest,
): Promise<Replayed> {
  const time = [request.from, request.to, request.dataset ?? null, request.batch ?? null] as const;
  await ledger.read((client) => refuseFuture(client, request));
  let totals = NOTHING_REPLAYED;
  if (request.dryRun) return summary(ledger, time);
  while (totals.batches < request.limit && remainingMs() > RESERVE_MS) {
    const next = await ledger.write((client) => replayNext(client, time));
    if (next === undefined) break;
    totals = addTotals(totals, next);
  }
  const left = await summary(ledger, time);
  return { ...left, ...totals };
}

/**
 * Checks the request.
 *
 * @throws UnreadableRequestError where a replayed batch could be committed within the time, and be replayed
 *   for ever
 */
async function refuseFuture(client: ClientBase, { from, to, limit }: ReplayRequest): Promise<void> {
  const { at } = await rowOf<{ at: string }>(client, NOW);
  const [begin, end] = [Date.parse(from), Date.parse(to)];
  if (!(begin < end)) throw new UnreadableRequestError("from", from, `a time before to, which is ${to}`);
  if (!(end <= Date.parse(at)))
    throw new UnreadableRequestError("to", to, `a time that has passed: it is ${at}`);
  if (!(limit > 0)) throw new UnreadableRequestError("limit", limit, "a number above 0");
}

function summary(ledger: Ledger, time: readonly (string | number | null)[]): Promise<Replayed> {
  return ledger.read(async (client) => {
    const totals = await rowOf<ReplayTotals & Pick<Replayed, "claimedSince">>(client, REPLAYABLE, time);
    const first = await rowsOf<{ count: number; id: number }>(client, UNARCHIVED_BETWEEN, [
      ...time,
      MAX_SHOWN,
    ]);
    return {
      ...totals,
      isMore: totals.batches > 0,
      unarchived: { count: first[0]?.count ?? 0, first: first.map(({ id }) => id) },
    };
  });
}

async function replayNext(
  client: ClientBase,
  time: readonly (string | number | null)[],
): Promise<ReplayTotals | undefined> {
  const { rows } = await client.query<Record<"files" | "rows" | "inputBytes", string | null>>(REPLAY_NEXT, [
    ...time,
  ]);
  const [next] = rows;
  return (
    next && {
      batches: 1,
      files: Number(next.files),
      rows: Number(next.rows),
      inputBytes: Number(next.inputBytes),
    }
  );
}
